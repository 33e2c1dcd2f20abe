// SPDX-License-Identifier: Apache-2.0
#include "c_api.hpp"

#include "core/model/formatted.hpp"

#include <carousel/backend.hpp>

#include <map>
#include <mutex>
#include <vector>

namespace carousel::c_api {
namespace {

struct BackendTexts {
  std::string id;
  std::string description;
  Support support;
  std::string plugin;
};

using Texts = std::vector<BackendTexts>;

BackendTexts texts(const BackendEntry& entry) {
  std::string id(entry.name);
  std::string plugin(entry.plugin);
  if (entry.backend == nullptr) {
    return {std::move(id), {}, Support::no(std::string(entry.missing_reason)), std::move(plugin)};
  }
  return {std::move(id), entry.backend->description(), entry.backend->available(cpu()),
          std::move(plugin)};
}

/// Made once for each list of backends, and kept: C callers have pointers to the strings.
const Texts& all_texts() {
  static std::mutex mutex;
  static auto* const kept = new std::map<const BackendEntry*, Texts>;
  const auto entries = backends();
  const std::lock_guard lock(mutex);
  if (const auto known = kept->find(entries.data()); known != kept->end()) return known->second;
  Texts made;  // complete before it is kept
  for (const BackendEntry& entry : entries) made.push_back(texts(entry));
  return kept->emplace(entries.data(), std::move(made)).first->second;
}

}  // namespace
}  // namespace carousel::c_api

using namespace carousel::c_api;

extern "C" {

size_t carousel_backend_count(void) {
  return guarded_number(size_t{0}, [] { return carousel::backends().size(); });
}

carousel_status carousel_backend_get(size_t index, carousel_backend_info* info) {
  return guarded([&] {
    const Texts& list = all_texts();
    if (index >= list.size()) {
      refuse_argument(carousel::formatted("backend {} of {}", index, list.size()));
    }
    const BackendTexts& backend = list[index];
    write_struct({.struct_size = 0,
                  .id = backend.id.c_str(),
                  .description = backend.description.c_str(),
                  .available = backend.support.ok,
                  .reason = backend.support.reason.c_str(),
                  .plugin = backend.plugin.c_str()},
                 info, "info");
  });
}

carousel_status carousel_load_plugin(const char* path) {
  return guarded([&] {
    require(path, "path");
    (void)carousel::load_plugin(path);
  });
}
}
