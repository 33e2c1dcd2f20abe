// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "array.hpp"
#include "atoms.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What is known of each value of a graph before it runs. Constants are known in full; of the
/// tensors that flow through the network the loader knows which flow they are (see network.hpp) and
/// what their axes mean, so that operators which only change the order of axes cost nothing.
namespace carousel::loading::onnx {

struct Constant {
  SharedArray array;
};

/// A small tensor of sizes, not all of which are known; nothing: an element that is neither.
struct Integers {
  std::vector<std::int64_t> shape;
  std::vector<std::optional<Dim>> elements;
};

/// A constant that is repeated to sizes of which some are not known: zeros for as many rows as
/// there are. The array has as many axes as there are sizes, each of that size or of 1.
struct Repeated {
  SharedArray array;
  std::vector<std::optional<Dim>> sizes;
};

/// A size that is repeated: the number of steps, for each row.
struct RepeatedSize {
  Dim size;
  std::vector<std::optional<Dim>> sizes;
};

/// What a Pad adds to the steps of a tensor; the Conv after it takes it over.
struct StepPadding {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  friend bool operator==(const StepPadding&, const StepPadding&) = default;
};

/// A tensor that is known only when the network runs. Each of the features in `layout` is in one of
/// the axes and the other way round; the axes besides have at most one atom of steps and one of
/// batch rows.
struct Tensor {
  std::size_t flow = 0;
  Axis layout{};             ///< What makes up a frame of the flow, row-major.
  std::vector<Axis> axes{};  ///< Those of the ONNX tensor.
  ElementType type = ElementType::f32;
  bool whole = false;  ///< All values are whole numbers, of whatever type.
  /// The flow has one step, which stands for each of those that the axes have.
  bool repeats_step = false;
  StepPadding padding{};
  /// It counts towards zero as integers, which only lengths may be: these must be whole numbers.
  bool truncated = false;
};

/// The result of a node that cannot be part of a network here.
struct Unsupported {
  std::string where;  ///< "node 'x' (Conv)"
  std::string reason;
  ErrorCode code = ErrorCode::unsupported;
  std::optional<std::vector<Axis>> axes = std::nullopt;  ///< Its shape, where that is known.
};

using Value = std::variant<Constant, Integers, Repeated, RepeatedSize, Tensor, Unsupported>;

/// Elements of an integer value: of a constant, or of sizes; nothing for anything else.
[[nodiscard]] std::optional<Integers> as_integers(const Value& value);

/// A constant if every element is known.
[[nodiscard]] Value simplified(Integers integers);

/// A constant if every size is known and it is not huge.
[[nodiscard]] Value simplified(Repeated repeated);

/// The elements as plain numbers. Throws Refusal ("what ... is not a constant").
[[nodiscard]] std::vector<std::int64_t> known_integers(const Value& value, const std::string& what);

}  // namespace carousel::loading::onnx
