// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.hpp"
#include "ort.hpp"
#include "seen_activations.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace carousel::onnxruntime {

class RecurrentKernel;

/// LSTM, GRU or RNN as a custom operator, which ONNX Runtime takes instead of its own one if it is
/// in the domain "". It takes every version of the operator, but all its nodes must be ones that
/// Carousel can run: where its kernel cannot be made, neither can the session.
class CustomOperator : public OrtCustomOp {
 public:
  /// `name` and the numbers of inputs and outputs as in the standard. `infers_shapes`: ONNX Runtime
  /// may call it to infer shapes, which before 1.24 ends the process if an input is left out.
  CustomOperator(std::string name, std::size_t inputs, std::size_t outputs, bool infers_shapes,
                 KernelOptions options);
  CustomOperator(const CustomOperator&) = delete;
  CustomOperator& operator=(const CustomOperator&) = delete;

 private:
  void set_descriptions();
  void set_inputs_and_outputs();
  void set_kernels();
  [[nodiscard]] std::unique_ptr<RecurrentKernel> make_kernel(const OrtKernelInfo& info) const;

  std::string name_;
  std::size_t inputs_;
  std::size_t outputs_;
  bool infers_shapes_;
  KernelOptions options_;
  mutable SeenActivations seen_;
};

}  // namespace carousel::onnxruntime
