// SPDX-License-Identifier: Apache-2.0
#include "fuzz_entry.hpp"

#include <carousel/model.hpp>
#include <carousel/npy.hpp>
#include <carousel/wisdom.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/model/element_count.hpp"
#include "core/model/formats/state_dict.hpp"
#include "core/model/formats/torch/state_dict_of.hpp"
#include "core/planning/wisdom_text.hpp"

namespace carousel::testing {
namespace {

void require(bool promise, const char* what) {
  if (!promise) {
    std::fprintf(stderr, "broken promise: %s\n", what);
    std::abort();
  }
}

/// What every format that is found by its content promises.
bool fuzz_content(std::span<const std::byte> bytes) {
  Model model;
  try {
    model = load(bytes, "fuzz", {.ignore_extra = true});
  } catch (const Error&) {
    return false;
  }
  static_cast<void>(find_non_finite(model));
  // What was loaded can be saved, loaded again, and is saved the same then.
  const std::vector<std::byte> saved = loading::to_safetensors(model);
  require(loading::to_safetensors(load(saved, "again")) == saved, "saving is byte-stable");
  return true;
}

/// More bytes than any storage of the files that fuzzers start from.
constexpr std::size_t kMaxStorage = 4096;

/// A file of wisdom with these entries. Its checksum is right, or mistakes further on would never
/// be reached.
std::string with_checksum(const std::string& entries) {
  constexpr int kDeepest = 1000;  // writing it again takes a call for each level
  std::string sum;
  if (std::ranges::count_if(entries, [](char c) { return c == '[' || c == '{'; }) < kDeepest) {
    const auto json = wisdom::Json::parse(entries, nullptr, /*allow_exceptions=*/false);
    if (!json.is_discarded()) sum = wisdom::checksum(wisdom::text_of(json) + "[]");
  }
  return R"({"format": ")" + std::string(wisdom::kFormat) + R"(", "version": )" +
         std::to_string(wisdom::kVersion) + R"(, "checksum": ")" + sum + R"(", "entries": )" +
         entries + R"(, "reads": []})";
}

}  // namespace

bool fuzz_safetensors(std::span<const std::byte> bytes) { return fuzz_content(bytes); }
bool fuzz_json(std::span<const std::byte> bytes) { return fuzz_content(bytes); }
bool fuzz_torch(std::span<const std::byte> bytes) { return fuzz_content(bytes); }

bool fuzz_pickle(std::span<const std::byte> bytes) {
  try {
    const auto pickle = loading::pickle::parse(bytes, "fuzz");
    const auto views = loading::pickle::find_state_dict(pickle, "fuzz");
    std::size_t size = 0;
    for (const auto& value : pickle.values) {
      const auto* storage = std::get_if<loading::pickle::Storage>(&value);
      if (storage == nullptr || storage->count > std::int64_t{kMaxStorage}) continue;
      const auto width = static_cast<std::size_t>(loading::safetensors::bits(storage->dtype) / 8);
      size = static_cast<std::size_t>(storage->count) * width;
    }
    const auto read = [size](std::string_view) { return std::vector<std::byte>(size); };
    const auto owned = loading::pickle::read_tensors(pickle, views, read, "fuzz");
    std::size_t total = 0;
    for (const auto& tensor : owned.table.tensors) total += tensor.data.size();
    require(total <= 4 * owned.buffers.size() * kMaxStorage * 8, "tensors are bounded by storages");
  } catch (const Error&) {
    return false;
  }
  return true;
}

bool fuzz_npy(std::span<const std::byte> bytes) {
  NpyArray array;
  try {
    array = read_npy(bytes, "fuzz");
  } catch (const Error&) {
    return false;
  }
  const std::size_t size =
      std::visit([](const auto& values) { return values.size(); }, array.values);
  const auto count = element_count(array.shape);
  require(count && static_cast<std::size_t>(*count) == size, "shape and values agree");
  return true;
}

bool fuzz_onnx(std::span<const std::byte> bytes) {
  try {
    validate(load(bytes, "fuzz.onnx"));
  } catch (const Error&) {
    return false;
  }
  return true;
}

bool fuzz_wisdom(std::span<const std::byte> bytes) {
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  try {
    const std::string written = format_wisdom(parse_wisdom(with_checksum(text), "fuzz"));
    require(format_wisdom(parse_wisdom(written, "again")) == written, "wisdom is byte-stable");
  } catch (const Error&) {
    return false;
  }
  return true;
}

}  // namespace carousel::testing
