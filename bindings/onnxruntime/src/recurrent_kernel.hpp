// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.hpp"
#include "ort.hpp"
#include "recurrent_node.hpp"
#include "reference_kernel.hpp"
#include "sizes.hpp"
#include "stream_pool.hpp"

#include <carousel/network.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace carousel::onnxruntime {

/// Where a run finds an input of the operator: nowhere, at an index among the inputs of the kernel,
/// or in a copy of a constant.
using Operand = std::variant<std::monostate, std::size_t, Ort::Value>;

/// How inputs and outputs of the operator are given to a kernel.
struct Wiring {
  std::array<Operand, kOperatorInputs> inputs{};
  std::array<std::optional<std::size_t>, kOperatorOutputs> outputs{};
};

/// A recurrent node, packed; any number of threads may run it at the same time.
class RecurrentKernel {
 public:
  /// Throws Error where the options do not fit the node.
  RecurrentKernel(const RecurrentNode& node, Wiring wiring, const KernelOptions& options);

  /// One call: X [steps, batch, input_size] (or batch first) to Y with the node's axes, Y_h and Y_c
  /// [directions, batch, hidden_size]; with `layout` 1 batch comes first in these. Throws Error
  /// (invalid_argument) naming node and input whose shape breaks the operator's rule, and Error
  /// (internal) where the run is compared with ONNX Runtime's own and differs.
  void compute(const Ort::KernelContext& context);

 private:
  struct Shape {
    std::int64_t steps = 0;
    std::int64_t batch = 0;
  };

  [[nodiscard]] std::optional<Ort::ConstValue> input(const Ort::KernelContext& context,
                                                     OperatorInput which) const;
  [[nodiscard]] Shape read_shape(const Ort::ConstValue& x) const;
  [[nodiscard]] SequenceView<const float> view_x(const Ort::ConstValue& x,
                                                 const Shape& shape) const;
  [[nodiscard]] std::int64_t size_of(Axis axis, const Shape& shape) const noexcept;
  [[nodiscard]] Sizes y_shape(const Shape& shape) const;
  /// [directions, batch, features], or [batch, directions, features].
  [[nodiscard]] std::array<std::int64_t, 3> state_shape(std::int64_t batch) const noexcept;
  /// The view of a state array of one direction, as one step.
  template <class T>
  [[nodiscard]] SequenceView<T> view_state(T* values, std::int64_t direction,
                                           std::int64_t batch) const noexcept;

  void read_lengths(const Ort::KernelContext& context, const Shape& shape,
                    PooledStream& pooled) const;
  void read_initial_states(const Ort::KernelContext& context, const Shape& shape,
                           PooledStream& pooled) const;
  void write_final_states(const Ort::KernelContext& context, const Shape& shape,
                          const PooledStream& pooled) const;
  void run(const Ort::KernelContext& context, const Ort::ConstValue& x, const Shape& shape,
           PooledStream& pooled) const;
  /// Y [steps, directions, batch, hidden_size] of what a stream wrote as [steps, batch, directions
  /// * hidden_size].
  void write_y(float* y, const Shape& shape, const PooledStream& pooled) const;
  /// Throws Error where what was just run differs from what ONNX Runtime makes of it.
  void cross_check(const Ort::KernelContext& context, const Ort::ConstValue& x, const Shape& shape,
                   const PooledStream& pooled) const;
  [[nodiscard]] std::vector<float> dense_y(const float* y, const Shape& shape) const;
  [[nodiscard]] std::vector<float> dense_state(const float* values, std::int64_t batch) const;
  [[noreturn]] void refuse(const std::string& reason) const;

  std::string where_;
  RecurrentSpec spec_;
  bool x_batch_first_;
  bool states_batch_first_;
  Axes y_axes_;
  bool y_in_stream_order_;
  bool y_batch_first_;
  Wiring wiring_;
  StreamPool streams_;
  std::unique_ptr<ReferenceKernel> reference_;  ///< Null: runs are not compared.
};

template <class T>
SequenceView<T> RecurrentKernel::view_state(T* values, std::int64_t direction,
                                            std::int64_t batch) const noexcept {
  const std::int64_t size = spec_.hidden_size;
  const std::int64_t stride = states_batch_first_ ? spec_.directions() * size : size;
  T* first = values + direction * size * (states_batch_first_ ? 1 : batch);
  return {first, 1, batch, size, batch * stride, stride};
}

}  // namespace carousel::onnxruntime
