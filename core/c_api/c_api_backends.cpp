// SPDX-License-Identifier: Apache-2.0
#include "c_api.hpp"

#include <carousel/backend.hpp>

#include <vector>

namespace carousel::c_api {
namespace {

struct BackendTexts {
  std::string id;
  std::string description;
  Support support;
};

BackendTexts texts(const BackendEntry& entry) {
  if (entry.backend == nullptr) {
    return {std::string(entry.name), {}, Support::no(std::string(entry.missing_reason))};
  }
  return {std::string(entry.name), entry.backend->description(), entry.backend->available(cpu())};
}

/// Made once: the strings that C callers keep pointers to.
const std::vector<BackendTexts>& all_texts() {
  static const std::vector<BackendTexts> list = [] {
    std::vector<BackendTexts> made;
    for (const BackendEntry& entry : backends()) made.push_back(texts(entry));
    return made;
  }();
  return list;
}

}  // namespace
}  // namespace carousel::c_api

using namespace carousel::c_api;

extern "C" {

size_t carousel_backend_count(void) { return carousel::backends().size(); }

carousel_status carousel_backend_get(size_t index, carousel_backend_info* info) {
  return guarded(CAROUSEL_INTERNAL_ERROR, [&] {
    const auto& list = all_texts();
    if (index >= list.size()) {
      throw InvalidArgument("backend " + std::to_string(index) + " of " +
                            std::to_string(list.size()));
    }
    const BackendTexts& backend = list[index];
    write_struct({.struct_size = 0,
                  .id = backend.id.c_str(),
                  .description = backend.description.c_str(),
                  .available = backend.support.ok,
                  .reason = backend.support.reason.c_str()},
                 info, "info");
  });
}
}
