// SPDX-License-Identifier: Apache-2.0
// What cross_check makes of a run: it brings it into one order for the reference.
#include "recurrent_kernel.hpp"

#include <algorithm>

namespace carousel::onnxruntime {
namespace {

void append_rows(const SequenceView<const float>& from, std::vector<float>& to) {
  for (std::int64_t step = 0; step < from.steps; ++step) {
    for (std::int64_t row = 0; row < from.batch; ++row) {
      to.insert(to.end(), from.row(step, row), from.row(step, row) + from.features);
    }
  }
}

}  // namespace

std::vector<float> RecurrentKernel::dense_state(const float* values, std::int64_t batch) const {
  std::vector<float> dense;
  for (std::int64_t d = 0; d < spec_.directions(); ++d) {
    append_rows(view_state(values, d, batch), dense);
  }
  return dense;
}

std::vector<float> RecurrentKernel::dense_y(const float* y, const Shape& shape) const {
  std::array<std::int64_t, 4> strides{};  // by Axis; an axis that was squeezed has size 1
  std::int64_t stride = 1;
  for (auto parts = y_axes_.rbegin(); parts != y_axes_.rend(); ++parts) {
    for (auto axis = parts->rbegin(); axis != parts->rend(); ++axis) {
      strides.at(static_cast<std::size_t>(*axis)) = stride;
      stride *= size_of(*axis, shape);
    }
  }
  const auto stride_of = [&](Axis axis) { return strides.at(static_cast<std::size_t>(axis)); };
  std::vector<float> dense;
  for (std::int64_t step = 0; step < shape.steps; ++step) {
    for (std::int64_t d = 0; d < spec_.directions(); ++d) {
      for (std::int64_t row = 0; row < shape.batch; ++row) {
        const float* from = y + step * stride_of(Axis::steps) + d * stride_of(Axis::directions) +
                            row * stride_of(Axis::batch);
        dense.insert(dense.end(), from, from + spec_.hidden_size);  // hidden is always innermost
      }
    }
  }
  return dense;
}

void RecurrentKernel::cross_check(const Ort::KernelContext& context, const Ort::ConstValue& x,
                                  const Shape& shape, const PooledStream& pooled) const {
  if (shape.steps == 0 || shape.batch == 0) return;  // nothing to compare
  DenseRun run{.steps = shape.steps, .batch = shape.batch};
  append_rows(view_x(x, shape), run.x);
  for (const std::int64_t length : pooled.lengths) {
    run.lengths.push_back(static_cast<std::int32_t>(length));
  }
  for (std::size_t k = 0; k < spec_.state_count(); ++k) {
    const auto initial = input(context, static_cast<OperatorInput>(kInitialH + k));
    if (initial) run.initial.at(k) = dense_state(elements<float>(*initial), shape.batch);
  }
  if (wiring_.outputs[kY]) {
    const Sizes sizes = y_shape(shape);
    const auto y = context.GetOutput(*wiring_.outputs[kY], sizes.span().data(), sizes.rank());
    run.outputs[kY] = dense_y(elements<float>(y), shape);
  }
  const std::array<std::int64_t, 3> states = state_shape(shape.batch);
  for (const OperatorOutput output : {kFinalH, kFinalC}) {
    if (!wiring_.outputs.at(output)) continue;
    const auto state = context.GetOutput(*wiring_.outputs.at(output), states.data(), states.size());
    run.outputs.at(output) = dense_state(elements<float>(state), shape.batch);
  }
  reference_->check(run);
}

}  // namespace carousel::onnxruntime
