// SPDX-License-Identifier: Apache-2.0
#include "external_data.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "core/model/formats/files.hpp"
#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace fs = std::filesystem;
namespace {

/// What the entries of a tensor's external_data say.
struct DataPlace {
  std::string location;
  std::uintmax_t offset = 0;
  std::optional<std::uintmax_t> length;
};

std::uintmax_t parse_number(const std::string& key, const std::string& text) {
  std::uintmax_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Malformed(formatted("its external data has {} {}, not a number", key, quote(text)));
  }
  return value;
}

DataPlace parse_place(const schema::TensorProto& tensor) {
  DataPlace place;
  for (const schema::StringStringEntryProto& entry : tensor.external_data()) {
    if (entry.key() == "location") place.location = entry.value();
    if (entry.key() == "offset") place.offset = parse_number("offset", entry.value());
    if (entry.key() == "length") place.length = parse_number("length", entry.value());
  }
  if (place.location.empty()) throw Malformed("its external data has no location");
  return place;
}

bool is_inside(const fs::path& file, const fs::path& folder) {
  const auto [end, unused] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return end == folder.end();
}

/// The real path of `location`, which must be in `folder` both as written and in fact.
fs::path resolve(const fs::path& folder, const std::string& location) {
  const fs::path relative(location);
  const bool climbs = std::find(relative.begin(), relative.end(), "..") != relative.end();
  if (location.find('\0') != location.npos || relative.has_root_path() || climbs) {
    throw Malformed(
        formatted("its external data is in {}, which is not a path inside the model's folder",
                  quote(location)));
  }
  std::error_code error;
  const fs::path base = fs::canonical(folder.empty() ? fs::path(".") : folder, error);
  fs::path file = error ? fs::path() : fs::canonical(base / relative, error);
  if (error || !fs::is_regular_file(file, error)) {
    throw Refusal(
        formatted("its external data file {} does not exist beside the model, or is not a file",
                  quote(location)),
        ErrorCode::file_not_found);
  }
  if (!is_inside(file, base)) {
    throw Malformed(
        formatted("its external data file {} is a link that leads out of the model's folder",
                  quote(location)));
  }
  return file;
}

}  // namespace

void Budget::take(std::size_t bytes) {
  if (bytes > left_) {
    throw Refusal("the graph's constants would take far more memory than the file has bytes");
  }
  left_ -= bytes;
}

void Budget::allow_file(const std::string& path, std::uintmax_t size) {
  if (files_.insert(path).second) left_ += kFactor * static_cast<std::size_t>(size);
  work_.allow_file(path, size);
}

void allocate(std::vector<std::byte>& data, std::size_t size) {
  try {
    data.resize(size);
    return;
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {
  }
  throw Refusal(formatted("its {} bytes do not fit in memory", size), ErrorCode::out_of_memory);
}

void read_external(const schema::TensorProto& tensor, const std::optional<fs::path>& folder,
                   std::size_t size, Budget& budget, std::vector<std::byte>& bytes) {
  const DataPlace place = parse_place(tensor);
  if (!folder) {
    throw Refusal(
        formatted("its values are in the file {}, but a model in memory has no files beside it",
                  quote(place.location)));
  }
  const fs::path path = resolve(*folder, place.location);
  std::error_code error;
  const std::uintmax_t file_size = fs::file_size(path, error);
  const std::uintmax_t length = place.length.value_or(size);
  if (length != size) {
    throw Malformed(
        formatted("its external data has {} bytes, but its shape needs {}", length, size));
  }
  if (error || place.offset > file_size || length > file_size - place.offset) {
    throw Malformed(formatted("its external data file {} is too short", quote(place.location)));
  }
  budget.allow_file(path.string(), file_size);
  budget.take(size);
  allocate(bytes, size);
  const FileHandle file(std::fopen(path.c_str(), "rb"));
  const bool ok = file && std::fseek(file.get(), static_cast<long>(place.offset), SEEK_SET) == 0 &&
                  std::fread(bytes.data(), 1, size, file.get()) == size;
  if (!ok) {
    throw Refusal(formatted("its external data file {} cannot be read", quote(place.location)),
                  ErrorCode::file_access);
  }
}

}  // namespace carousel::loading::onnx
