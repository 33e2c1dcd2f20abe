// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carousel::loading::onnx {

/// What an axis counts; `none`: an axis of a graph input, of unknown size, whose meaning no
/// operator has fixed so far.
enum class Role : std::uint8_t { none, steps, batch, features };

[[nodiscard]] const char* name(Role role) noexcept;

/// An axis of an input of the model, or one that an operator makes by repeating an element: what it
/// counts follows from what reads it.
struct InputAxis {
  std::string input;
  std::size_t axis = 0;

  // clang-tidy 14 takes the zero that the comparison is compared with for a null pointer.
  // NOLINTNEXTLINE(modernize-use-nullptr)
  friend auto operator<=>(const InputAxis&, const InputAxis&) = default;
};

/// A size of the graph's tensors, indivisible until an operator splits it. Features have a known
/// size.
struct Atom {
  std::optional<std::int64_t> size;  ///< Nothing: known only when the network runs.
  Role role = Role::none;
  std::string name{};  ///< What the file calls it, of an axis of a graph input; mostly empty.
  /// The axis of an input that it is, or that an operator slid along to get it.
  std::optional<InputAxis> origin = std::nullopt;
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

/// All atoms of a graph. Two of them may turn out to be the same.
class Atoms {
 public:
  AtomId add(Atom atom);
  [[nodiscard]] const Atom& operator[](AtomId id) const { return atoms_[root(id)]; }
  /// Which of several that are the same stands for all.
  [[nodiscard]] AtomId root(AtomId id) const;

  void set_role(AtomId id, Role role) { atoms_[root(id)].role = role; }
  void set_origin(AtomId id, std::optional<InputAxis> origin) {
    atoms_[root(id)].origin = std::move(origin);
  }
  void set_size(AtomId id, std::int64_t size) { atoms_[root(id)].size = size; }
  /// From now on both are the same. Sizes and roles must not contradict each other.
  void unite(AtomId a, AtomId b);

  /// The atoms that stand for an axis, without those of size 1.
  [[nodiscard]] Axis normal(const Axis& axis) const;
  [[nodiscard]] std::vector<Axis> normal(const std::vector<Axis>& axes) const;
  [[nodiscard]] Dim normal(const Dim& dim) const;

  /// The size of an axis; nothing when it does not fit int64.
  [[nodiscard]] std::optional<Dim> size_of(const Axis& axis) const;
  /// The size of an axis whose atoms are all of known size.
  [[nodiscard]] std::optional<std::int64_t> known_size(const Axis& axis) const;
  /// Whether all atoms have that role; true for an axis of size 1.
  [[nodiscard]] bool all(const Axis& axis, Role role) const;
  [[nodiscard]] bool any(const Axis& axis, Role role) const;

  /// "[batch, steps, 4]"
  [[nodiscard]] std::string describe(const std::vector<Axis>& axes) const;
  [[nodiscard]] std::string describe(const Axis& axis) const;

 private:
  std::vector<Atom> atoms_;
  std::vector<AtomId> parents_;
};

[[nodiscard]] std::optional<Dim> operator*(const Dim& a, const Dim& b);

}  // namespace carousel::loading::onnx
