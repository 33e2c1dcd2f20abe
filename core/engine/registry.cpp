// SPDX-License-Identifier: Apache-2.0
#include <carousel/backend.hpp>

namespace carousel {
namespace {

bool matches(const BackendEntry& entry, std::string_view choice) {
  if (choice == "auto" || choice == entry.name) return true;
  return choice == entry.name.substr(0, entry.name.find(':'));
}

/// "auto, xsimd, xsimd:avx512, ...": what a user may write. Of plug-ins, those that were loaded.
std::string choices() {
  std::string text = "auto";
  std::string_view last_family;
  for (const BackendEntry& entry : backends()) {
    if (entry.backend == nullptr && !entry.plugin.empty()) continue;
    const std::string_view family = entry.name.substr(0, entry.name.find(':'));
    if (family != last_family && family != entry.name) text += ", " + std::string(family);
    last_family = family;
    text += ", " + std::string(entry.name);
  }
  return text;
}

std::string refusal(const BackendEntry& entry) {
  const std::string reason = entry.backend == nullptr ? std::string(entry.missing_reason)
                                                      : entry.backend->available(cpu()).reason;
  return "\n  " + std::string(entry.name) + ": " + reason;
}

}  // namespace

std::vector<const Backend*> select_backends(std::string_view choice) {
  std::vector<const Backend*> chosen;
  std::string refusals;
  bool known = false;
  for (const BackendEntry& entry : backends()) {
    if (!matches(entry, choice)) continue;
    known = true;
    if (entry.backend != nullptr && entry.backend->available(cpu())) {
      chosen.push_back(entry.backend);
    } else {
      refusals += refusal(entry);
    }
  }
  if (!known) {
    throw Error(ErrorCode::unsupported,
                "unknown backend '" + std::string(choice) + "'; choose one of: " + choices());
  }
  if (chosen.empty()) {
    throw Error(ErrorCode::unsupported, "backend '" + std::string(choice) + "' cannot run here:" +
                                            refusals + "\nchoose one of: " + choices());
  }
  return chosen;
}

const Backend& select_backend(std::string_view choice, const LayerSpec& spec, Precision precision) {
  std::string refusals;
  for (const Backend* backend : select_backends(choice)) {
    const Support support = backend->supports(spec, precision);
    if (support) return *backend;
    refusals += "\n  " + backend->id() + ": " + support.reason;
  }
  throw Error(ErrorCode::unsupported,
              "no backend of '" + std::string(choice) + "' runs this layer (" + describe(spec) +
                  (precision == Precision::float32 ? "" : ", " + std::string(name(precision))) +
                  "):" + refusals + "\nchoose one of: " + choices());
}

}  // namespace carousel
