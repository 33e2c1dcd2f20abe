// SPDX-License-Identifier: Apache-2.0
#include "core/engine/layer_precisions.hpp"
#include "core/model/formatted.hpp"

#include "core/model/quote.hpp"

#include <algorithm>
#include <set>

namespace carousel {
namespace {

[[noreturn]] void refuse_exception(const LayerPrecision& exception, const std::string& why) {
  throw Error(ErrorCode::invalid_argument,
              formatted("prepare: precision {} of layer {}: {}", name(exception.precision),
                        quote(exception.layer), why));
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& one : names) text += (text.empty() ? "" : ", ") + quote(one);
  return text;
}

}  // namespace

std::vector<Precision> layer_precisions(const Model& model, const PrepareOptions& options) {
  std::vector<Precision> precisions;
  for (const ModelLayer& layer : model.layers) {
    precisions.push_back(has_precision(layer.spec) ? options.precision : Precision::float32);
  }
  const std::vector<std::string> names = layer_names(model);
  std::set<std::string> seen;
  for (const LayerPrecision& exception : options.layer_precisions) {
    const auto found = std::ranges::find(names, exception.layer);
    if (found == names.end()) {
      refuse_exception(exception, "there is no such layer; there are " + listed(names));
    }
    const auto layer = static_cast<std::size_t>(found - names.begin());
    if (!has_precision(model.layers[layer].spec)) {
      refuse_exception(exception, formatted("its numbers are float32 always ({})",
                                            describe(model.layers[layer].spec)));
    }
    if (!seen.insert(exception.layer).second) refuse_exception(exception, "it has another one too");
    precisions[layer] = exception.precision;
  }
  return precisions;
}

}  // namespace carousel
