// SPDX-License-Identifier: Apache-2.0
#include "output_files.hpp"

#include "format.hpp"

#include "core/model/formats/npy_header.hpp"
#include "core/model/quote.hpp"

#include <carousel/error.hpp>

#include <system_error>
#include <utility>

namespace carousel::cli {
namespace fs = std::filesystem;

OutputFiles::~OutputFiles() {
  std::error_code ignored;
  while (!folders_.empty()) {
    fs::remove(folders_.back(), ignored);  // which leaves a folder that is not empty
    folders_.pop_back();
  }
}

void OutputFiles::add_array(const fs::path& file, const std::vector<std::int64_t>& shape,
                            std::span<const float> values) {
  const std::string& header = texts_.emplace_back(loading::npy_header(shape));
  contents_.push_back({file, {std::as_bytes(std::span(header)), std::as_bytes(values)}});
  arrays_text_ +=
      (arrays_text_.empty() ? "" : ", ") + escaped(file.string()) + " " + format_shape(shape);
}

void OutputFiles::add_array(const fs::path& file, const std::vector<std::int64_t>& shape,
                            std::vector<float> values) {
  add_array(file, shape, std::span<const float>(values_.emplace_back(std::move(values))));
}

void OutputFiles::add_text(const fs::path& file, std::string text) {
  if (file.has_parent_path()) make_folder(file.parent_path());
  const std::string& kept = texts_.emplace_back(std::move(text));
  contents_.push_back({file, {std::as_bytes(std::span(kept))}});
}

void OutputFiles::make_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return;
  if (folder.has_parent_path() && folder.has_relative_path() && folder.parent_path() != folder) {
    make_folder(folder.parent_path());
  }
  if (fs::create_directory(folder, error)) folders_.push_back(folder);
  const std::string reason = error.message();
  if (!error) return;
  const bool taken = fs::exists(folder, error);
  throw Error(ErrorCode::file_access, folder.string() + ": cannot make this folder: " +
                                          (taken ? "a file has its name" : reason));
}

void OutputFiles::require_apart() const {
  std::error_code ignored;
  for (const fs::path& kept : kept_) {
    for (const loading::FileContent& content : contents_) {
      if (!fs::equivalent(content.file, kept, ignored)) continue;
      throw Error(ErrorCode::invalid_argument, content.file.string() +
                                                   ": is the model that is read; write to another "
                                                   "file");
    }
  }
}

void OutputFiles::write() {
  require_apart();
  loading::write_files(contents_);
  folders_.clear();
}

void write_file(const fs::path& file, std::string text) {
  OutputFiles files;
  files.add_text(file, std::move(text));
  files.write();
}

}  // namespace carousel::cli
