// SPDX-License-Identifier: Apache-2.0
#include "core/model/formatted.hpp"
#include "core/model/quote.hpp"

#include <carousel/backend.hpp>

#include <algorithm>

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
  return formatted("\n  {}: {}", entry.name, reason);
}

/// Why files that could have had a backend by an unknown name gave none; empty where there are no
/// such files.
std::string failed_plugins() {
  std::string text;
  for (const BackendEntry& entry : backends()) {
    if (entry.backend != nullptr || entry.plugin.empty()) continue;
    text += "\n  " + std::string(entry.missing_reason);
  }
  return text.empty() ? "" : "\nno backend is in:" + text;
}

/// The parts of a choice between its commas.
std::vector<std::string_view> choice_parts(std::string_view choice) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= choice.size();) {
    const std::size_t end = std::min(choice.find(',', begin), choice.size());
    parts.push_back(choice.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// The backends that one part of a choice names; why others cannot run is added to `refusals`.
std::vector<const Backend*> matching(std::string_view part, std::string_view choice,
                                     std::string& refusals) {
  std::vector<const Backend*> found;
  bool known = false;
  for (const BackendEntry& entry : backends()) {
    if (!matches(entry, part)) continue;
    known = true;
    if (entry.backend != nullptr && entry.backend->available(cpu())) {
      found.push_back(entry.backend);
    } else {
      refusals += refusal(entry);
    }
  }
  if (known) return found;
  throw Error(ErrorCode::unsupported,
              formatted("unknown backend {}{}; choose one of: {}{}", quote(part),
                        part == choice ? "" : " in " + quote(choice), choices(), failed_plugins()));
}

}  // namespace

std::vector<std::vector<const Backend*>> select_alternatives(std::string_view choice) {
  std::vector<std::vector<const Backend*>> all;
  std::vector<const Backend*> seen;
  std::string refusals;
  for (const std::string_view part : choice_parts(choice)) {
    std::vector<const Backend*> found = matching(part, choice, refusals);
    std::erase_if(found,
                  [&](const Backend* each) { return std::ranges::find(seen, each) != seen.end(); });
    if (found.empty()) continue;
    seen.insert(seen.end(), found.begin(), found.end());
    all.push_back(std::move(found));
  }
  if (all.empty()) {
    throw Error(ErrorCode::unsupported,
                formatted("backend {} cannot run here:{}\nchoose one of: {}", quote(choice),
                          refusals, choices()));
  }
  return all;
}

std::vector<const Backend*> select_backends(std::string_view choice) {
  std::vector<const Backend*> chosen;
  for (const auto& alternative : select_alternatives(choice)) {
    chosen.insert(chosen.end(), alternative.begin(), alternative.end());
  }
  return chosen;
}

const Backend& select_backend(std::string_view choice, const LayerSpec& spec, Precision precision) {
  std::string refusals;
  for (const Backend* backend : select_backends(choice)) {
    const Support support = backend->supports(spec, precision);
    if (support) return *backend;
    refusals += formatted("\n  {}: {}", backend->id(), support.reason);
  }
  throw Error(ErrorCode::unsupported,
              formatted("no backend of {} runs this layer ({}{}):{}\nchoose one of: {}",
                        quote(choice), describe(spec),
                        precision == Precision::float32 ? "" : ", " + std::string(name(precision)),
                        refusals, choices()));
}

}  // namespace carousel
