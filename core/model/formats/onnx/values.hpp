// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "array.hpp"

#include <carousel/model.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What is known of each value of a graph before it runs. Constants are known in full; of the
/// tensors that flow through the network the loader knows what their axes mean and which layer they
/// come from, which is all it takes to see that the operators between two layers do nothing but
/// change the order of axes.
namespace carousel::loading::onnx {

/// What an axis counts. `slots` are the directions of a layer, or the layers and directions of a
/// state; `none`: an axis of a graph input whose meaning no operator has fixed so far.
enum class Role : std::uint8_t { none, steps, batch, slots, features };

[[nodiscard]] const char* name(Role role) noexcept;

/// A size of the graph's tensors, indivisible until an operator splits it. Axes of size 1 have
/// none.
struct Atom {
  std::optional<std::int64_t> size;  ///< Nothing: known only when the network runs.
  Role role = Role::none;
  std::string name{};  ///< What the file calls it, of an axis of a graph input; mostly empty.
};
using AtomId = std::size_t;

/// One axis of a tensor: the atoms that make it up, the slowest first; empty for an axis of size 1.
using Axis = std::vector<AtomId>;

/// A size or an index that the graph computes: `factor` times sizes that are not known yet.
struct Dim {
  std::int64_t factor = 1;
  std::vector<AtomId> atoms;  ///< Sorted; of unknown size.

  [[nodiscard]] bool known() const noexcept { return atoms.empty(); }
  friend bool operator==(const Dim&, const Dim&) = default;
};

[[nodiscard]] std::optional<Dim> operator*(const Dim& a, const Dim& b);

struct Constant {
  SharedArray array;
};

/// A small tensor of sizes, not all of which are known; nothing: an element that is neither.
struct Integers {
  std::vector<std::int64_t> shape;
  std::vector<std::optional<Dim>> elements;
};

/// A tensor of any shape with the same value everywhere.
struct Filled {
  std::optional<Dim> integer;  ///< Set for integer tensors.
  double number = 0.0;         ///< The value of all others.
};

/// A constant whose axes of size 1 are repeated as often as there are batch rows: a learned state.
struct Repeated {
  SharedArray array;
};

/// Part of an axis of a graph input: a slice of an initial state.
struct Selection {
  std::size_t axis = 0;  ///< Where the slots were when the slice was taken.
  std::int64_t first = 0;
  std::int64_t count = 0;
};

struct GraphInput {
  std::string name;
  std::optional<Selection> selection;
};

/// The outputs of a stage (see Stage), step by step.
struct Sequence {
  std::size_t stage = 0;
  std::optional<std::size_t> part;  ///< Only this direction of the layer.
  bool last_step = false;           ///< Only the last step of each sequence.
};

struct StateSlot {
  std::size_t stage = 0;
  std::size_t direction = 0;
  friend bool operator==(const StateSlot&, const StateSlot&) = default;
};

/// The states after the last step, of one or more layers and directions.
struct FinalState {
  bool cell = false;  ///< c instead of h.
  std::vector<StateSlot> slots;
};

/// A tensor that is known only when the network runs.
struct Tensor {
  std::variant<GraphInput, Sequence, FinalState> source;
  std::vector<Axis> axes;
};

/// The result of a node that cannot be part of a network here.
struct Unsupported {
  std::size_t node = 0;
  std::string reason;
  ErrorCode code = ErrorCode::unsupported;
};

using Value = std::variant<Constant, Integers, Filled, Repeated, Tensor, Unsupported>;

/// What the network does to a sequence, one layer at a time, after those that it reads; together
/// they are a graph, of which the model is what leads to the outputs.
struct Stage {
  std::vector<std::size_t> parents;  ///< What it reads; nothing: it is an input of the graph.
  std::size_t node = 0;
  Axis features;               ///< The last axis of its output, all directions.
  std::string input_name;      ///< Of an input.
  std::vector<Axis> axes;      ///< Of an input: all of them.
  ModelLayer layer;            ///< Of all others.
  bool takes_lengths = false;  ///< Of a recurrent layer.
  bool last_step = false;      ///< It works on the last step of each sequence only.

  [[nodiscard]] bool is_input() const noexcept { return parents.empty(); }
  /// Null unless it is a recurrent layer.
  [[nodiscard]] const RecurrentSpec* recurrent() const noexcept {
    return is_input() ? nullptr : std::get_if<RecurrentSpec>(&layer.spec);
  }
};

/// "[batch, steps, 4]"
[[nodiscard]] std::string describe(const std::vector<Axis>& axes, const std::vector<Atom>& atoms);

/// The size of an axis; nothing when it does not fit int64.
[[nodiscard]] std::optional<Dim> size_of(const Axis& axis, const std::vector<Atom>& atoms);

/// Elements of an integer value: of a constant, or of sizes; nothing for anything else.
[[nodiscard]] std::optional<Integers> as_integers(const Value& value);

/// A constant if every element is known.
[[nodiscard]] Value simplified(Integers integers);

/// The elements as plain numbers. Throws Refusal ("what ... is not a constant").
[[nodiscard]] std::vector<std::int64_t> known_integers(const Value& value, const std::string& what);

}  // namespace carousel::loading::onnx
