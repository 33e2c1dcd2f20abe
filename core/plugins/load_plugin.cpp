// SPDX-License-Identifier: Apache-2.0
#include "core/plugins/load_plugin.hpp"

#include "core/model/quote.hpp"
#include "core/plugins/answer.hpp"
#include "core/plugins/file_trust.hpp"
#include "core/plugins/run_within.hpp"

#include <carousel/carousel.h>

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>
#include <memory>

namespace carousel::plugins {
namespace {

using Entry = decltype(&carousel_backend_plugin);

bool cpu_has(const char* feature) {
  static const std::vector<std::string> names = cpu().names();
  return feature != nullptr && std::ranges::find(names, feature) != names.end();
}

const carousel_plugin_host* host() {
  static const carousel_plugin_host table{.abi_version = CAROUSEL_PLUGIN_ABI_VERSION,
                                          .reserved = 0,
                                          .struct_size = sizeof(carousel_plugin_host),
                                          .version = carousel_version(),
                                          .cpu_has = cpu_has};
  return &table;
}

Entry find_entry(const std::filesystem::path& path) {
  void* library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    fail("it is not a shared library that can be loaded: " + clean_text(::dlerror()));
  }
  void* symbol = ::dlsym(library, "carousel_backend_plugin");
  if (symbol == nullptr) {
    fail("it has no function carousel_backend_plugin, so it is no plug-in of Carousel");
  }
  return reinterpret_cast<Entry>(symbol);
}

/// What the call of the entry came to; kept by the call itself, in case it never returns.
struct Found {
  const carousel_plugin* table = nullptr;
  Answer answer;
};

const carousel_plugin& find_table(Entry entry) {
  auto found = std::make_shared<Found>();
  const bool returned = run_within(time_limit(), [found, entry] {
    found->answer = ask([&](char* error, std::size_t size) {
      found->table = entry(host(), error, size);
      return found->table == nullptr ? CAROUSEL_UNSUPPORTED : CAROUSEL_OK;
    });
  });
  if (!returned) {
    fail("carousel_backend_plugin did not return within " + std::to_string(time_limit().count()) +
         " ms");
  }
  if (!found->answer.ok()) {
    fail("carousel_backend_plugin gave no table: " + found->answer.text);
  }
  return *found->table;
}

void require_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) fail("there is no such file", ErrorCode::file_not_found);
  if (!std::filesystem::is_regular_file(status)) fail("it is not a file", ErrorCode::file_access);
}

}  // namespace

void require_absolute(const std::filesystem::path& path) {
  if (path.is_absolute()) return;
  fail("plug-in " + escaped(path.string()) +
           ": the path is relative; plug-ins are loaded from absolute paths only, so that it does "
           "not matter in which folder a program is started",
       ErrorCode::invalid_argument);
}

std::unique_ptr<PluginBackend> open_plugin(const std::filesystem::path& path) {
  require_absolute(path);
  try {
    require_file(path);
    // What was looked at is opened: no link on the way there can be exchanged in between.
    std::error_code error;
    const std::filesystem::path file = std::filesystem::canonical(path, error);
    if (error) fail("it cannot be read: " + error.message(), ErrorCode::file_access);
    if (const std::string danger = who_else_may_change(file, trusted_owners()); !danger.empty()) {
      fail("it is not loaded, since " + danger, ErrorCode::file_access);
    }
    const carousel_plugin& table = find_table(find_entry(file));
    return std::make_unique<PluginBackend>(table, path.string());
  } catch (const Error& error) {
    throw Error(error.code(), "plug-in " + escaped(path.string()) + ": " + error.what());
  }
}

}  // namespace carousel::plugins
