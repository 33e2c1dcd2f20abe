// SPDX-License-Identifier: Apache-2.0
#include "core/plugins/plugin_path.hpp"

#include "core/engine/environment.hpp"
#include "core/model/quote.hpp"

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace carousel::plugins {
namespace {

constexpr std::string_view kPrefix = "libcarousel_backend_";
constexpr std::string_view kSuffix = ".so";

bool has_plugin_name(std::string_view file) {
  return file.size() > kPrefix.size() + kSuffix.size() && file.starts_with(kPrefix) &&
         file.ends_with(kSuffix);
}

std::vector<PathItem> folder(const std::string& path) {
  std::vector<PathItem> items;
  std::error_code error;
  for (std::filesystem::directory_iterator file(path, error), end; !error && file != end;
       file.increment(error)) {
    if (has_plugin_name(file->path().filename().string())) items.push_back({file->path(), {}});
  }
  if (error) {
    return {
        {path, "CAROUSEL_PLUGIN_PATH: " + quote(path) + ": cannot be read: " + error.message()}};
  }
  std::ranges::sort(items, {}, &PathItem::file);
  return items;
}

std::vector<PathItem> files_of(const std::string& part) {
  if (!part.starts_with('/')) {
    return {{part, "CAROUSEL_PLUGIN_PATH: " + quote(part) +
                       " is a relative path; plug-ins are loaded from absolute ones only"}};
  }
  std::error_code error;
  const auto status = std::filesystem::status(part, error);
  if (std::filesystem::is_directory(status)) return folder(part);
  if (std::filesystem::exists(status)) return {{part, {}}};
  return {{part, "CAROUSEL_PLUGIN_PATH: " + quote(part) + ": there is no such file or folder"}};
}

}  // namespace

std::vector<PathItem> plugin_files(const std::string& path) {
  std::vector<PathItem> items;
  std::size_t begin = 0;
  while (begin < path.size()) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    if (end > begin) {
      for (PathItem& item : files_of(path.substr(begin, end - begin))) {
        items.push_back(std::move(item));
      }
    }
    begin = end + 1;
  }
  return items;
}

std::vector<PathItem> plugin_path() {
  if (const char* path = environment("CAROUSEL_PLUGIN_PATH"); path != nullptr) {
    return plugin_files(path);
  }
  // Its folder may not exist: nothing need be installed there.
  constexpr const char* kFolder = CAROUSEL_PLUGIN_DIR;
  return std::filesystem::is_directory(kFolder) ? plugin_files(kFolder) : std::vector<PathItem>();
}

std::string backend_name_of(const std::string& file) {
  const std::string name = std::filesystem::path(file).filename().string();
  if (!has_plugin_name(name)) return file;
  return name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
}

}  // namespace carousel::plugins
