// SPDX-License-Identifier: Apache-2.0
// The names that a pickle may ask for, and what they do.
#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"
#include "pickle.hpp"

#include <algorithm>
#include <array>

namespace carousel::loading::pickle {

using safetensors::DType;

namespace {

struct Known {
  std::string_view module;
  std::string_view name;
  Global global;
};

constexpr Global storage(DType dtype) { return {Callable::storage, dtype}; }
constexpr Global plain(Callable callable) { return {callable, DType::f32}; }

constexpr std::array kKnown{
    Known{"collections", "OrderedDict", plain(Callable::ordered_dict)},
    Known{"torch._utils", "_rebuild_tensor_v2", plain(Callable::view)},
    Known{"torch._utils", "_rebuild_parameter", plain(Callable::same)},
    Known{"torch._utils", "_rebuild_parameter_with_state", plain(Callable::same)},
    Known{"torch", "Size", plain(Callable::same)},
    Known{"torch", "device", plain(Callable::same)},
    Known{"torch.jit._pickle", "build_intlist", plain(Callable::same)},
    Known{"torch.jit._pickle", "build_tensorlist", plain(Callable::same)},
    Known{"torch.jit._pickle", "build_doublelist", plain(Callable::same)},
    Known{"torch.jit._pickle", "build_boollist", plain(Callable::same)},
    Known{"torch.jit._pickle", "restore_type_tag", plain(Callable::same)},
    Known{"torch", "FloatStorage", storage(DType::f32)},
    Known{"torch", "DoubleStorage", storage(DType::f64)},
    Known{"torch", "HalfStorage", storage(DType::f16)},
    Known{"torch", "BFloat16Storage", storage(DType::bf16)},
    Known{"torch", "LongStorage", storage(DType::i64)},
    Known{"torch", "IntStorage", storage(DType::i32)},
    Known{"torch", "ShortStorage", storage(DType::i16)},
    Known{"torch", "CharStorage", storage(DType::i8)},
    Known{"torch", "ByteStorage", storage(DType::u8)},
    Known{"torch", "BoolStorage", storage(DType::boolean)},
};
/// Before the names of classes of TorchScript archives.
constexpr std::string_view kScriptModule = "__torch__";

/// More dimensions than any weight has.
constexpr std::size_t kMaxRank = 16;

template <class T>
const T& as(const Pickle& pickle, Ref ref, const char* what, std::string_view source) {
  const T* value = std::get_if<T>(&pickle[ref]);
  if (value == nullptr) {
    fail(source, std::string("the pickle has something else where PyTorch has ") + what);
  }
  return *value;
}

std::vector<std::int64_t> sizes(const Pickle& pickle, Ref ref, std::string_view source) {
  const auto& items = as<Sequence>(pickle, ref, "the shape of a tensor", source).items;
  if (items.size() > kMaxRank) fail(source, "the pickle has a tensor of more than 16 dimensions");
  std::vector<std::int64_t> result;
  result.reserve(items.size());
  for (const Ref item : items) {
    result.push_back(as<std::int64_t>(pickle, item, "a dimension of a tensor", source));
  }
  return result;
}

/// _rebuild_tensor_v2(storage, offset, shape, strides, ...); what follows is about training.
View view(const Pickle& pickle, const std::vector<Ref>& arguments, std::string_view source) {
  if (arguments.size() < 4) fail(source, "the pickle has a tensor with too few arguments");
  static_cast<void>(as<Storage>(pickle, arguments[0], "the storage of a tensor", source));
  return {.storage = arguments[0],
          .offset = as<std::int64_t>(pickle, arguments[1], "the offset of a tensor", source),
          .shape = sizes(pickle, arguments[2], source),
          .strides = sizes(pickle, arguments[3], source)};
}

}  // namespace

Global find_global(std::string_view module, std::string_view name, std::string_view source) {
  const auto found = std::ranges::find_if(
      kKnown, [&](const Known& known) { return known.module == module && known.name == name; });
  if (found != kKnown.end()) return found->global;
  if (module == kScriptModule || module.starts_with("__torch__.")) {
    return plain(Callable::script_class);
  }
  const std::string full =
      std::string(module.substr(0, 200)) + '.' + std::string(name.substr(0, 200));
  fail(source,
       formatted("its pickle asks for {}, which no state dict needs; only tensors, dictionaries "
                 "and plain values are read: save it with torch.save(model.state_dict(), FILE)",
                 quote(full)),
       ErrorCode::unsupported);
}

std::variant<Value, Ref> call(const Pickle& pickle, const Global& global,
                              const std::vector<Ref>& arguments, std::string_view source) {
  switch (global.callable) {
    case Callable::ordered_dict:
      if (!arguments.empty()) fail(source, "the pickle has an OrderedDict with arguments");
      return Dict{};
    case Callable::view: return view(pickle, arguments, source);
    case Callable::same:
      if (arguments.empty()) fail(source, "the pickle has a call without arguments");
      return arguments.front();
    case Callable::script_class: return Object{};
    case Callable::storage: break;
  }
  fail(source, "the pickle calls the type of a storage");
}

Storage storage_of(const Pickle& pickle, const Value& id, std::string_view source) {
  const auto* parts = std::get_if<Sequence>(&id);
  if (parts == nullptr || parts->items.size() < 5) {
    fail(source, "the pickle has a persistent id that is not that of a storage");
  }
  const auto& items = parts->items;
  const auto& type = as<Global>(pickle, items[1], "the type of a storage", source);
  if (as<std::string>(pickle, items[0], "the word 'storage'", source) != "storage" ||
      type.callable != Callable::storage) {
    fail(source, "the pickle has a persistent id that is not that of a storage");
  }
  static_cast<void>(as<std::string>(pickle, items[2], "the key of a storage", source));
  const auto count = as<std::int64_t>(pickle, items[4], "the size of a storage", source);
  if (count < 0) fail(source, "the pickle has a storage of negative size");
  return {type.dtype, items[2], count};
}

}  // namespace carousel::loading::pickle
