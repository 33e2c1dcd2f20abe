// SPDX-License-Identifier: Apache-2.0
#include "onnxruntime_library.hpp"

#include "onnxruntime.hpp"

#include <carousel/error.hpp>

#include <array>
#include <cstdlib>
#include <dlfcn.h>
#include <filesystem>
#include <vector>

namespace carousel::bench::ort {
namespace {

namespace fs = std::filesystem;

// Has all that is used here; the tables of newer versions begin with it.
constexpr std::uint32_t kApiVersion = 12;
static_assert(ORT_API_VERSION >= kApiVersion, "this header is older than ONNX Runtime 1.12");

constexpr const char* kVariable = "CAROUSEL_ONNXRUNTIME";
constexpr std::array kNames{"libonnxruntime.so", "libonnxruntime.so.1"};

struct Library {
  const OrtApi* api = nullptr;
  std::string version;
};

[[noreturn]] void fail(const std::string& reason) {
  throw Error(ErrorCode::unsupported, "--peers: " + reason + "\n" + kOnnxRuntimeSources);
}

std::string file_named(const fs::path& given) {
  if (!fs::is_directory(given)) return fs::absolute(given);
  for (const char* name : kNames) {
    if (fs::exists(given / name)) return fs::absolute(given / name);
  }
  fail("no " + std::string(kNames[0]) + " in " + given.string() + " (" + kVariable + ")");
}

/// What dlopen shall try, in this order.
std::vector<std::string> candidates() {
  const char* given = std::getenv(kVariable);
  if (given != nullptr && *given != '\0') return {file_named(given)};
  std::vector<std::string> files(kNames.begin(), kNames.end());
  const std::string configured = CAROUSEL_ONNXRUNTIME_LIBRARY;
  if (!configured.empty()) files.insert(files.begin(), configured);
  return files;
}

void* open_library(std::string& file) {
  std::string reasons;
  for (const std::string& candidate : candidates()) {
    if (void* library = dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL)) {
      file = candidate;
      return library;
    }
    reasons += std::string("\n  ") + dlerror();
  }
  fail("ONNX Runtime's library cannot be opened:" + reasons);
}

Library load_library() {
  std::string file;
  void* library = open_library(file);
  using GetApiBase = const OrtApiBase*(ORT_API_CALL*)();
  const auto get_base = reinterpret_cast<GetApiBase>(dlsym(library, "OrtGetApiBase"));
  if (get_base == nullptr) fail(file + " is not ONNX Runtime: it has no OrtGetApiBase");
  const OrtApiBase* base = get_base();
  Library loaded{.api = base->GetApi(kApiVersion), .version = base->GetVersionString()};
  if (loaded.api == nullptr) fail(file + " is version " + loaded.version + ", which is too old");
  return loaded;
}

const Library& library() {
  static const Library loaded = load_library();
  return loaded;
}

}  // namespace

const OrtApi& api() { return *library().api; }

const std::string& version() { return library().version; }

void check(OrtStatus* status) {
  if (status == nullptr) return;
  const std::string text = api().GetErrorMessage(status);
  api().ReleaseStatus(status);
  throw Error(ErrorCode::unsupported, "ONNX Runtime: " + text);
}

}  // namespace carousel::bench::ort
