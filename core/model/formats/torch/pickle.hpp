// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/formats/safetensors.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// \file
/// The part of Python's pickles that state dicts of PyTorch are made of. A pickle is a program for
/// a machine with a stack; here it can build plain values, dictionaries and tensors, and nothing
/// else: a name that it asks for is looked up in a table of a few, and never imported or called.
namespace carousel::loading::pickle {

/// A value's place in `Pickle::values`. Values refer to each other by place, in cycles even, so
/// that nothing is copied that a pickle says twice.
using Ref = std::uint32_t;

struct None {};
/// A list or tuple.
struct Sequence {
  std::vector<Ref> items;
};
/// A dict or OrderedDict, in its order.
struct Dict {
  std::vector<std::pair<Ref, Ref>> items;
};
/// An object of a TorchScript class. Its state is a dict of its attributes.
struct Object {
  std::optional<Ref> state;
};
/// What PyTorch calls a storage: the numbers that tensors look at, in a file of the archive.
struct Storage {
  safetensors::DType dtype;
  Ref key;  ///< The text that the file is named by.
  std::int64_t count;
};
/// A tensor: some elements of a storage.
struct View {
  Ref storage;
  std::int64_t offset;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;
};

/// What a known name stands for when it is called.
enum class Callable : std::uint8_t {
  ordered_dict,  ///< An empty dictionary.
  view,          ///< A tensor of a storage.
  same,          ///< The first argument: torch.nn.Parameter and the like.
  storage,       ///< Not called: the type of a storage.
  script_class,  ///< A class of a TorchScript archive.
};
struct Global {
  Callable callable;
  safetensors::DType dtype;  ///< Of a storage.
};

using Value = std::variant<None, bool, std::int64_t, double, std::string, Sequence, Dict, Object,
                           Storage, View, Global>;

struct Pickle {
  std::vector<Value> values;
  Ref root = 0;

  [[nodiscard]] const Value& operator[](Ref ref) const { return values[ref]; }
};

/// Runs a pickle of protocol 2 or later. Throws Error naming `source` for every name that is not
/// known, every instruction that no state dict needs, and whatever exceeds the limits. Time and
/// memory are bounded by the number of bytes.
[[nodiscard]] Pickle parse(std::span<const std::byte> bytes, std::string_view source);

/// What a name stands for; throws Error naming it when it is not in the table.
[[nodiscard]] Global find_global(std::string_view module, std::string_view name,
                                 std::string_view source);

/// What calling `global` with these arguments gives: a new value, or the place of one that is
/// there. Throws Error when the arguments are not those of PyTorch.
[[nodiscard]] std::variant<Value, Ref> call(const Pickle& pickle, const Global& global,
                                            const std::vector<Ref>& arguments,
                                            std::string_view source);

/// The storage that a persistent id, ("storage", type, key, location, count), stands for.
[[nodiscard]] Storage storage_of(const Pickle& pickle, const Value& id, std::string_view source);

}  // namespace carousel::loading::pickle
