// SPDX-License-Identifier: Apache-2.0
// What every backend has; plug-ins contain it too.
#include "core/model/formatted.hpp"
#include "core/model/quote.hpp"

#include <carousel/backend.hpp>

#include <algorithm>

namespace carousel {

std::string Backend::id() const {
  std::string text(family());
  if (!isa().empty()) text.append(":").append(isa());
  return text;
}

std::vector<std::string> Backend::tilings(const LayerSpec& /*spec*/,
                                          const LayerOptions& /*options*/) const {
  return {};
}

SetApart Backend::sets_apart(const LayerSpec& /*spec*/) const { return {}; }

bool Backend::fuses(const LayerSpec& /*spec*/, const Activation& /*function*/) const {
  return false;
}

void Backend::require_tiling(const LayerSpec& spec, const LayerOptions& options) const {
  if (options.tiling.empty()) return;
  const std::vector<std::string> known = tilings(spec, options);
  if (std::ranges::find(known, options.tiling) != known.end()) return;
  std::string list;
  for (const std::string& each : known) list += (list.empty() ? "" : ", ") + quote(each);
  throw Error(
      ErrorCode::invalid_argument,
      formatted("{}: there is no tiling {} of {}{}", id(), quote(options.tiling), describe(spec),
                known.empty() ? ", which has one way to be run" : "; there are: " + list));
}

}  // namespace carousel
