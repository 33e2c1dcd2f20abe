// SPDX-License-Identifier: Apache-2.0
#include "safetensors.hpp"

#include "safetensors_header.hpp"
#include "text.hpp"

#include "core/model/formatted.hpp"
#include "core/model/utf8.hpp"

#include <carousel/error.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace carousel::loading::safetensors {

static_assert(std::endian::native == std::endian::little,
              "safetensors and .npy data are copied as they are: little-endian machines only");

namespace {

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;
constexpr std::size_t kLengthBytes = 8;

struct DTypeInfo {
  std::string_view name;
  int bits;
};

constexpr std::array<DTypeInfo, 20> kDTypes{{
    {"BOOL", 8}, {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
    {"I8", 8},   {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},
    {"U16", 16}, {"F16", 16},    {"BF16", 16},   {"I32", 32},    {"U32", 32},
    {"F32", 32}, {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64},
}};

const DTypeInfo& info(DType dtype) { return kDTypes[static_cast<std::size_t>(dtype)]; }

std::string range_text(const HeaderEntry& entry) {
  return formatted("[{}, {}]", entry.data_offsets[0], entry.data_offsets[1]);
}

/// The header's text and the data after it.
struct Parts {
  std::string_view header;
  std::span<const std::byte> data;
};

Parts split(std::span<const std::byte> bytes, std::string_view source) {
  const std::size_t length = header_length(bytes, bytes.size(), source);
  const std::span<const std::byte> rest = bytes.subspan(kLengthBytes);
  return {{reinterpret_cast<const char*>(rest.data()), length}, rest.subspan(length)};
}

void check_header_text(std::string_view header, std::string_view source) {
  if (const auto at = find_invalid_utf8(header)) {
    fail(source, formatted("the header is not valid UTF-8 at byte {}", *at));
  }
}

/// Reports about one header entry and turns it into a tensor.
class EntryReader {
 public:
  EntryReader(const HeaderEntry& entry, std::string_view source) : entry_(entry), source_(source) {}

  [[nodiscard]] StoredTensor read(std::span<const std::byte> data) const {
    const std::uint64_t begin = entry_.data_offsets[0];
    const std::uint64_t end = entry_.data_offsets[1];
    if (begin > end) {
      error(formatted("data_offsets {} end before they begin", range_text(entry_)));
    }
    if (end > data.size()) {
      error(formatted("data_offsets {} exceed the {} bytes of data in the file", range_text(entry_),
                      data.size()));
    }
    StoredTensor tensor{entry_.name, entry_.dtype, shape(), {}};
    const std::uint64_t needed = byte_count(tensor.shape);
    if (end - begin != needed) {
      error(formatted("data_offsets {} hold {} bytes, but {} {} needs {}", range_text(entry_),
                      end - begin, name(entry_.dtype), shape_text(tensor.shape), needed));
    }
    tensor.data = data.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(needed));
    return tensor;
  }

 private:
  [[noreturn]] void error(const std::string& text) const {
    fail(source_, formatted("tensor {}: {}", quote(entry_.name), text));
  }

  [[nodiscard]] std::vector<std::int64_t> shape() const {
    std::vector<std::int64_t> result;
    for (const std::uint64_t dimension : entry_.shape) {
      if (dimension > std::numeric_limits<std::int64_t>::max()) {
        error(formatted("dimension {} of the shape is too large (overflow)", dimension));
      }
      result.push_back(static_cast<std::int64_t>(dimension));
    }
    return result;
  }

  [[nodiscard]] std::uint64_t byte_count(const std::vector<std::int64_t>& shape) const {
    const std::optional<std::int64_t> count = element_count(shape);
    if (!count) {
      error(formatted("the number of elements of shape {} overflows", shape_text(shape)));
    }
    const std::optional<std::int64_t> total = checked_multiply(*count, bits(entry_.dtype));
    if (!total) {
      error(
          formatted("the size in bytes of {} {} overflows", name(entry_.dtype), shape_text(shape)));
    }
    if (*total % 8 != 0) {
      error(formatted("{} {} does not fill whole bytes", name(entry_.dtype), shape_text(shape)));
    }
    return static_cast<std::uint64_t>(*total / 8);
  }

  const HeaderEntry& entry_;
  std::string_view source_;
};

/// Tensors must follow each other without hole or overlap. `tensors` are sorted by position.
void check_tiling(const std::vector<StoredTensor>& tensors, std::span<const std::byte> data,
                  std::string_view source) {
  std::size_t position = 0;
  const StoredTensor* previous = nullptr;
  for (const StoredTensor& tensor : tensors) {
    const auto begin = static_cast<std::size_t>(tensor.data.data() - data.data());
    if (begin > position) {
      fail(source, formatted("tensor {}: a hole of {} bytes in the data before it",
                             quote(tensor.name), begin - position));
    }
    if (begin < position) {
      fail(source, formatted("tensor {}: its data overlap those of tensor {}", quote(tensor.name),
                             quote(previous->name)));
    }
    position = begin + tensor.data.size();
    previous = &tensor;
  }
  if (position != data.size()) {
    fail(source,
         formatted("{} trailing bytes after the data of the last tensor", data.size() - position));
  }
}

void sort_by_position(std::vector<HeaderEntry>& entries) {
  std::sort(entries.begin(), entries.end(), [](const HeaderEntry& a, const HeaderEntry& b) {
    return a.data_offsets != b.data_offsets ? a.data_offsets < b.data_offsets : a.name < b.name;
  });
}

/// A JSON string, escaped as serde_json and Python's json do.
std::string json_string(const std::string& text) {
  if (find_invalid_utf8(text)) {
    throw Error(
        ErrorCode::invalid_argument,
        formatted("cannot be saved: the name or metadata text {} is not valid UTF-8", quote(text)));
  }
  return nlohmann::json(text).dump();
}

std::string metadata_json(const std::map<std::string, std::string>& metadata) {
  std::string json = "\"__metadata__\":{";
  for (const auto& [key, value] : metadata) {
    json +=
        formatted("{}{}:{}", json.back() == '{' ? "" : ",", json_string(key), json_string(value));
  }
  return json + "}";
}

std::string entry_json(const StoredTensor& tensor, std::size_t begin) {
  std::string shape;
  for (const std::int64_t dimension : tensor.shape) {
    shape += (shape.empty() ? "" : ",") + std::to_string(dimension);
  }
  return formatted("{}:{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}",
                   json_string(tensor.name), name(tensor.dtype), shape, begin,
                   begin + tensor.data.size());
}

std::vector<const StoredTensor*> in_file_order(const std::vector<StoredTensor>& tensors) {
  std::vector<const StoredTensor*> order;
  order.reserve(tensors.size());
  for (const StoredTensor& tensor : tensors) {
    order.push_back(&tensor);
  }
  std::sort(order.begin(), order.end(), [](const StoredTensor* a, const StoredTensor* b) {
    return a->dtype != b->dtype ? a->dtype > b->dtype : a->name < b->name;
  });
  return order;
}

void require_distinct_names(const std::vector<StoredTensor>& tensors) {
  std::vector<std::string_view> names{"__metadata__"};
  for (const StoredTensor& tensor : tensors) {
    names.push_back(tensor.name);
  }
  std::sort(names.begin(), names.end());
  if (const auto twin = std::adjacent_find(names.begin(), names.end()); twin != names.end()) {
    throw Error(ErrorCode::invalid_argument,
                "cannot be saved: two tensors have the name " + quote(*twin));
  }
}

std::string header_json(const std::vector<const StoredTensor*>& order, const Table& table) {
  std::string json = "{" + (table.metadata.empty() ? "" : metadata_json(table.metadata));
  std::size_t position = 0;
  for (const StoredTensor* tensor : order) {
    json += (json.size() == 1 ? "" : ",") + entry_json(*tensor, position);
    position += tensor->data.size();
  }
  json += "}";
  json.append((8 - json.size() % 8) % 8, ' ');  // the length field before it is 8 bytes as well
  return json;
}

}  // namespace

std::string_view name(DType dtype) noexcept { return info(dtype).name; }
int bits(DType dtype) noexcept { return info(dtype).bits; }

std::optional<DType> dtype_from_name(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kDTypes.size(); ++i) {
    if (kDTypes[i].name == name) {
      return static_cast<DType>(i);
    }
  }
  return std::nullopt;
}

std::size_t header_length(std::span<const std::byte> head, std::uintmax_t file_size,
                          std::string_view source) {
  if (head.size() < kLengthBytes) {
    fail(source, formatted("has {} bytes; a safetensors file starts with an 8-byte header length",
                           head.size()));
  }
  std::uint64_t length = 0;
  std::memcpy(&length, head.data(), kLengthBytes);
  if (length > kMaxHeaderBytes) {
    fail(source,
         formatted("header length {} exceeds the limit of {} bytes (not a safetensors file?)",
                   length, kMaxHeaderBytes));
  }
  if (length > file_size - kLengthBytes) {
    fail(source, formatted("header length {} exceeds the {} bytes that follow it (file cut short?)",
                           length, file_size - kLengthBytes));
  }
  if (length == 0 || head[kLengthBytes] != std::byte{'{'}) {
    fail(source, "the header does not start with '{'");
  }
  return static_cast<std::size_t>(length);
}

Table parse(std::span<const std::byte> bytes, std::string_view source) {
  const Parts parts = split(bytes, source);
  check_header_text(parts.header, source);
  Header header = parse_header(parts.header, source);
  sort_by_position(header.entries);
  Table table;
  table.metadata = std::move(header.metadata);
  for (const HeaderEntry& entry : header.entries) {
    table.tensors.push_back(EntryReader(entry, source).read(parts.data));
  }
  check_tiling(table.tensors, parts.data, source);
  return table;
}

std::vector<std::byte> serialize(const Table& table) {
  require_distinct_names(table.tensors);
  const std::vector<const StoredTensor*> order = in_file_order(table.tensors);
  const std::string header = header_json(order, table);
  if (header.size() > kMaxHeaderBytes) {
    throw Error(ErrorCode::unsupported,
                "cannot be saved: names and metadata need a header of more than 100 MB");
  }
  const auto length = static_cast<std::uint64_t>(header.size());
  std::vector<std::byte> bytes;
  const auto append = [&bytes](std::span<const std::byte> part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
  };
  append(std::as_bytes(std::span(&length, 1)));
  append(std::as_bytes(std::span(header)));
  for (const StoredTensor* tensor : order) {
    append(tensor->data);
  }
  return bytes;
}

}  // namespace carousel::loading::safetensors
