// SPDX-License-Identifier: Apache-2.0
#include "core/verify/oracle/frames.hpp"

#include "core/verify/oracle/activations.hpp"

#include <cstddef>
#include <memory>
#include <stdexcept>

namespace carousel::oracle {
namespace {

using Frame = std::vector<Number>;
using Frames = std::span<const Frame>;

/// The values of a weight; shared, since functions are copied.
std::shared_ptr<const Float32View> values_of(const Weights& weights, std::string_view role) {
  return std::make_shared<const Float32View>(find_weight(weights, role));
}

}  // namespace

// y = W x + b
FrameFunction frame_function(const DenseSpec& spec, const Weights& weights,
                             const ErrorModel& model) {
  return [spec, matrix = values_of(weights, "weight"), bias = values_of(weights, "bias"),
          model](Frames inputs) {
    const Frame& x = inputs.front();
    Frame y(static_cast<std::size_t>(spec.output_size));
    for (std::size_t u = 0; u < y.size(); ++u) {
      Sum sum(model);
      if (spec.bias) sum.add(bias->values()[u]);
      sum.add_products(matrix->values().subspan(u * x.size(), x.size()), x);
      y[u] = sum.result();
    }
    return y;
  };
}

FrameFunction frame_function(const EmbeddingSpec& spec, const Weights& weights, const ErrorModel&) {
  return [spec, table = values_of(weights, "weight")](Frames inputs) {
    const double id = inputs.front().front().value;
    if (!(0.0 <= id && id < static_cast<double>(spec.num_embeddings))) {
      throw std::invalid_argument("oracle: an id is out of range");
    }
    Frame row(static_cast<std::size_t>(spec.embedding_dim));
    const std::size_t first = static_cast<std::size_t>(id) * row.size();
    for (std::size_t k = 0; k < row.size(); ++k) row[k].value = table->values()[first + k];
    return row;
  };
}

FrameFunction frame_function(const ActivationSpec& spec, const Weights&, const ErrorModel& model) {
  return [spec, model](Frames inputs) { return apply(spec.function, inputs.front(), model); };
}

FrameFunction frame_function(const ConcatenateSpec&, const Weights&, const ErrorModel&) {
  return [](Frames inputs) {
    Frame all;
    for (const Frame& input : inputs) all.insert(all.end(), input.begin(), input.end());
    return all;
  };
}

}  // namespace carousel::oracle
