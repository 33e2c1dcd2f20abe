// SPDX-License-Identifier: Apache-2.0
#include "lengths.hpp"

#include "frames.hpp"
#include "sizes.hpp"

#include <algorithm>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

constexpr const char* kWhat = "sequence_lens";

/// Whether a value that is known says that all steps are real.
bool is_all_steps(const Call& call, const Value& value, const Axis& steps) {
  const std::optional<Dim> size = call.atoms().size_of(call.atoms().normal(steps));
  if (const auto* repeated = std::get_if<RepeatedSize>(&value)) {
    return call.atoms().normal(repeated->size) == size;
  }
  if (const std::optional<Integers> integers = as_integers(value)) {
    return std::ranges::all_of(integers->elements, [&](const std::optional<Dim>& element) {
      return element && call.atoms().normal(*element) == size;
    });
  }
  const std::optional<Repeated> constant = as_repeated(value);
  if (!constant || !size || !size->known()) return false;
  return std::ranges::all_of(to_integers(*constant->array),
                             [&](std::int64_t length) { return length == size->factor; });
}

}  // namespace

std::optional<std::size_t> read_lengths(const Call& call, std::size_t input, const Axis& steps) {
  if (!call.has(input)) return std::nullopt;
  if (!call.is_tensor(input)) {
    if (is_all_steps(call, call.input(input), steps)) return std::nullopt;
    throw Refusal(formatted("its {} are fixed to other than all steps", kWhat));
  }
  const Tensor lengths = call.raw_tensor(input);
  if (lengths.axes.size() != 1) {
    throw Refusal(formatted("its {} {} must have one axis, the batch rows", kWhat,
                            call.atoms().describe(lengths.axes)));
  }
  fix_role(call.context, lengths.axes[0], Role::batch, std::string("the axis of its ") + kWhat);
  if (lengths.repeats_step || frame_size(call.atoms(), lengths.layout) != 1) {
    throw Refusal(formatted("its {} are not one number for each row", kWhat));
  }
  return lengths.flow;
}

}  // namespace carousel::loading::onnx
