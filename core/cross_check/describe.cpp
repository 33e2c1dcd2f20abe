// SPDX-License-Identifier: Apache-2.0
#include "core/model/quote.hpp"

#include <carousel/cross_check.hpp>

#include <sstream>

namespace carousel {
namespace {

void print_disagreement(std::ostream& out, const Agreement& agreement,
                        const std::optional<Divergence>& at) {
  out << agreement.outside << " of " << agreement.count << " values are outside their tolerance";
  if (at) {
    out << ", first at " << describe(*at) << ", in " << at->quantity << ": found " << at->found
        << ", expected " << at->expected << " within " << at->tolerance;
  } else {
    out << ", though each layer agrees by itself";
  }
  out << '\n';
}

}  // namespace

std::string describe(const Divergence& divergence) {
  std::ostringstream out;
  out << "layer " << divergence.layer;
  if (!divergence.layer_name.empty()) out << " (" << escaped(divergence.layer_name) << ')';
  out << ", step " << divergence.step << ", row " << divergence.row << ", unit " << divergence.unit
      << ", " << name(divergence.direction);
  return out.str();
}

std::string describe(const CrossCheckReport& report) {
  std::ostringstream out;
  for (const CheckedBackend& backend : report.backends) {
    if (!backend.refusal.empty())
      out << backend.id << " cannot run it: " << backend.refusal << '\n';
    if (!backend.failure.empty()) out << backend.id << " failed: " << backend.failure << '\n';
    if (backend.agreement.ok) continue;
    out << backend.id << " against the reference: ";
    print_disagreement(out, backend.agreement, backend.divergence);
  }
  for (const CheckedPair& pair : report.pairs) {
    if (pair.agreement.ok) continue;
    out << report.backends[pair.first].id << " against " << report.backends[pair.second].id << ": ";
    print_disagreement(out, pair.agreement, pair.divergence);
  }
  if (report.proves_nothing()) {
    out << "agreement proves nothing: roundings alone change most outputs by as much as they are\n";
  }
  return out.str();
}

}  // namespace carousel
