// SPDX-License-Identifier: Apache-2.0
#include "recurrent_kernel.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace carousel::onnxruntime {
namespace {

void copy_step(const SequenceView<const float>& from, const SequenceView<float>& to) {
  for (std::int64_t row = 0; row < from.batch; ++row) {
    std::copy_n(from.row(0, row), from.features, to.row(0, row));
  }
}

/// ONNX Runtime gives zeros as the final states of rows without steps, not the initial ones.
void clear_rows_of_no_steps(std::int64_t steps, const std::vector<std::int64_t>& lengths,
                            const SequenceView<float>& states) {
  for (std::int64_t row = 0; row < states.batch; ++row) {
    const std::int64_t length = lengths.empty() ? steps : lengths[static_cast<std::size_t>(row)];
    if (length == 0) std::fill_n(states.row(0, row), states.features, 0.0F);
  }
}

/// What the sizes of X promise about runs; what is open there stays as the options have it.
PrepareOptions with_expected_shape(PrepareOptions options, const RecurrentNode& node) {
  if (node.steps > 0) options.steps = node.steps;
  if (node.batch > 0) options.batch = node.batch;
  return options;
}

std::unique_ptr<ReferenceKernel> make_reference(const RecurrentNode& node, const Wiring& wiring) {
  std::vector<OperatorOutput> asked;
  for (const OperatorOutput output : {kY, kFinalH, kFinalC}) {
    if (wiring.outputs.at(output)) asked.push_back(output);
  }
  return std::make_unique<ReferenceKernel>(node, std::move(asked));
}

}  // namespace

RecurrentKernel::RecurrentKernel(const RecurrentNode& node, Wiring wiring,
                                 const KernelOptions& options)
    : where_(node.where),
      spec_(std::get<RecurrentSpec>(node.layer.spec)),
      x_batch_first_(node.x_batch_first),
      states_batch_first_(node.batch_first),
      y_axes_(node.y_axes),
      y_in_stream_order_(in_stream_order(y_axes_, spec_.directions())),
      y_batch_first_(is_batch_first(y_axes_)),
      wiring_(std::move(wiring)),
      streams_(prepare(node.layer, with_expected_shape(options.prepare, node))),
      reference_(options.cross_check ? make_reference(node, wiring_) : nullptr) {}

void RecurrentKernel::refuse(const std::string& reason) const {
  throw Error(ErrorCode::invalid_argument, where_ + ": " + reason);
}

std::optional<Ort::ConstValue> RecurrentKernel::input(const Ort::KernelContext& context,
                                                      OperatorInput which) const {
  const Operand& operand = wiring_.inputs.at(which);
  if (const auto* index = std::get_if<std::size_t>(&operand)) return context.GetInput(*index);
  if (const auto* constant = std::get_if<Ort::Value>(&operand)) return constant->GetConst();
  return std::nullopt;
}

RecurrentKernel::Shape RecurrentKernel::read_shape(const Ort::ConstValue& x) const {
  const Sizes shape = sizes_of(x);
  if (shape.rank() != 3 || shape[2] != spec_.input_size) {
    refuse("X has the shape " + sizes_text(x) + "; it must have 3 axes, the last of which is " +
           std::to_string(spec_.input_size));
  }
  return x_batch_first_ ? Shape{shape[1], shape[0]} : Shape{shape[0], shape[1]};
}

SequenceView<const float> RecurrentKernel::view_x(const Ort::ConstValue& x,
                                                  const Shape& shape) const {
  const auto* values = elements<float>(x);
  return x_batch_first_ ? batch_first(values, shape.batch, shape.steps, spec_.input_size)
                        : steps_first(values, shape.steps, shape.batch, spec_.input_size);
}

std::array<std::int64_t, 3> RecurrentKernel::state_shape(std::int64_t batch) const noexcept {
  const std::int64_t directions = spec_.directions();
  if (states_batch_first_) return {batch, directions, spec_.hidden_size};
  return {directions, batch, spec_.hidden_size};
}

std::int64_t RecurrentKernel::size_of(Axis axis, const Shape& shape) const noexcept {
  switch (axis) {
    case Axis::steps: return shape.steps;
    case Axis::batch: return shape.batch;
    case Axis::directions: return spec_.directions();
    case Axis::hidden: return spec_.hidden_size;
  }
  return 1;
}

Sizes RecurrentKernel::y_shape(const Shape& shape) const {
  Sizes sizes;
  for (const std::vector<Axis>& parts : y_axes_) {
    std::int64_t size = 1;
    for (const Axis axis : parts) size *= size_of(axis, shape);
    sizes.add(size);
  }
  return sizes;
}

void RecurrentKernel::read_lengths(const Ort::KernelContext& context, const Shape& shape,
                                   PooledStream& pooled) const {
  pooled.lengths.clear();
  const std::optional<Ort::ConstValue> lengths = input(context, kLengths);
  if (!lengths) return;
  if (!std::ranges::equal(sizes_of(*lengths).span(), std::array{shape.batch})) {
    refuse("sequence_lens has the shape " + sizes_text(*lengths) + "; expected [batch] = [" +
           std::to_string(shape.batch) + "]");
  }
  const auto* values = elements<std::int32_t>(*lengths);
  pooled.lengths.assign(values, values + shape.batch);
}

void RecurrentKernel::read_initial_states(const Ort::KernelContext& context, const Shape& shape,
                                          PooledStream& pooled) const {
  pooled.stream.reset();
  const std::array<std::int64_t, 3> expected = state_shape(shape.batch);
  const std::size_t count = spec_.state_count();
  for (std::size_t k = 0; k < count; ++k) {
    const auto which = static_cast<OperatorInput>(kInitialH + k);
    const std::optional<Ort::ConstValue> initial = input(context, which);
    if (!initial) continue;
    if (!std::ranges::equal(sizes_of(*initial).span(), expected)) {
      refuse(std::string(kInputNames.at(which)) + " has the shape " + sizes_text(*initial) +
             "; expected " + shape_text(expected));
    }
    const auto* values = elements<float>(*initial);
    for (std::int64_t d = 0; d < spec_.directions(); ++d) {
      const NamedState& state = pooled.states[static_cast<std::size_t>(d) * count + k];
      copy_step(view_state(values, d, shape.batch), state.values);
    }
  }
}

void RecurrentKernel::write_final_states(const Ort::KernelContext& context, const Shape& shape,
                                         const PooledStream& pooled) const {
  const std::array<std::int64_t, 3> sizes = state_shape(shape.batch);
  const std::size_t count = spec_.state_count();
  for (std::size_t k = 0; k < count; ++k) {
    const std::optional<std::size_t> output = wiring_.outputs.at(kFinalH + k);
    if (!output) continue;
    auto value = context.GetOutput(*output, sizes.data(), sizes.size());
    auto* values = value.GetTensorMutableData<float>();
    for (std::int64_t d = 0; d < spec_.directions(); ++d) {
      const NamedState& state = pooled.states[static_cast<std::size_t>(d) * count + k];
      const SequenceView<float> written = view_state(values, d, shape.batch);
      copy_step(state.values, written);
      clear_rows_of_no_steps(shape.steps, pooled.lengths, written);
    }
  }
}

void RecurrentKernel::write_y(float* y, const Shape& shape, const PooledStream& pooled) const {
  const std::int64_t size = spec_.hidden_size;
  const float* from = pooled.y.data();
  for (std::int64_t step = 0; step < shape.steps; ++step) {
    for (std::int64_t row = 0; row < shape.batch; ++row) {
      for (std::int64_t d = 0; d < spec_.directions(); ++d, from += size) {
        std::copy_n(from, size, y + ((step * spec_.directions() + d) * shape.batch + row) * size);
      }
    }
  }
}

void RecurrentKernel::run(const Ort::KernelContext& context, const Ort::ConstValue& x,
                          const Shape& shape, PooledStream& pooled) const {
  float* y = nullptr;
  if (wiring_.outputs[kY]) {
    const Sizes sizes = y_shape(shape);
    y = context.GetOutput(*wiring_.outputs[kY], sizes.span().data(), sizes.rank())
            .GetTensorMutableData<float>();
  }
  const bool in_place = y != nullptr && y_in_stream_order_;
  const std::int64_t size = spec_.output_size();
  if (!in_place) pooled.y.resize(static_cast<std::size_t>(shape.steps * shape.batch * size));
  float* target = in_place ? y : pooled.y.data();
  const SequenceView<float> view = in_place && y_batch_first_
                                       ? batch_first(target, shape.batch, shape.steps, size)
                                       : steps_first(target, shape.steps, shape.batch, size);
  const Status status = pooled.stream.run(view_x(x, shape), view, pooled.lengths);
  if (!status) refuse(status.message());
  if (y != nullptr && !in_place) write_y(y, shape, pooled);
}

void RecurrentKernel::compute(const Ort::KernelContext& context) {
  const Ort::ConstValue x = *input(context, kX);
  const Shape shape = read_shape(x);
  const StreamPool::Lease lease = streams_.take(shape.batch, shape.steps);
  read_lengths(context, shape, *lease);
  read_initial_states(context, shape, *lease);
  run(context, x, shape, *lease);
  write_final_states(context, shape, *lease);
  if (reference_) cross_check(context, x, shape, *lease);
}

}  // namespace carousel::onnxruntime
