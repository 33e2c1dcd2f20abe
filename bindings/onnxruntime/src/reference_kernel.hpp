// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ort.hpp"
#include "recurrent_node.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace carousel::onnxruntime {

/// One run of a node with steps first, whatever the node's own order: what it was given and what
/// it made.
struct DenseRun {
  std::int64_t steps = 0;
  std::int64_t batch = 0;
  std::vector<float> x{};                       ///< [steps, batch, input_size]
  std::vector<std::int32_t> lengths{};          ///< [batch], or empty.
  std::array<std::vector<float>, 2> initial{};  ///< [directions, batch, hidden], or empty.
  /// Y [steps, directions, batch, hidden], Y_h and Y_c [directions, batch, hidden]; those that are
  /// not asked for are empty.
  std::array<std::vector<float>, kOperatorOutputs> outputs{};
};

/// A node as ONNX Runtime's own kernel runs it, in sessions of its own.
class ReferenceKernel {
 public:
  /// `asked` are the outputs to compare. Throws Error (unsupported) naming the node where ONNX
  /// Runtime itself cannot run it.
  ReferenceKernel(const RecurrentNode& node, std::vector<OperatorOutput> asked);

  /// Throws Error (internal) naming the node, the output, the greatest difference and its place
  /// where an output differs from ONNX Runtime's by more than roundings explain: by more than
  /// `cross_check` of two backends allows (include/carousel/cross_check.hpp).
  void check(const DenseRun& run) const;

 private:
  using Outputs = std::array<std::vector<float>, kOperatorOutputs>;

  [[nodiscard]] Outputs run_session(Ort::Session& session, const DenseRun& run) const;
  void compare(OperatorOutput output, const DenseRun& run, const std::vector<float>& expected,
               double tolerance) const;

  std::string where_;
  RecurrentSpec spec_;
  std::vector<OperatorInput> given_;
  std::vector<OperatorOutput> asked_;
  Ort::Env environment_;
  // Runs do not change a session, although the type says so.
  mutable Ort::Session exact_{nullptr};
  mutable Ort::Session changed_{nullptr};  ///< With weights that are off by roundings.
};

}  // namespace carousel::onnxruntime
