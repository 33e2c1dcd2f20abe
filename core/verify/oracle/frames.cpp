// SPDX-License-Identifier: Apache-2.0
#include "core/verify/oracle/frames.hpp"

#include "core/verify/oracle/activations.hpp"
#include "core/verify/oracle/int8.hpp"
#include "core/verify/oracle/layer_norm.hpp"
#include "core/verify/oracle/operations.hpp"

#include <cmath>
#include <cstddef>
#include <memory>

namespace carousel::oracle {
namespace {

using Frame = std::vector<Number>;
using Frames = std::span<const Frame>;

/// The values of a weight; shared, since functions are copied.
std::shared_ptr<const Float32View> values_of(const Weights& weights, std::string_view role) {
  return std::make_shared<const Float32View>(find_weight(weights, role));
}

/// Calls `use` with so many neighbouring features after another.
template <class Use>
void for_each_group(const Frame& frame, std::int64_t size, Use&& use) {
  const auto count = static_cast<std::size_t>(size);
  for (std::size_t k = 0; k < frame.size(); k += count) use(std::span(frame).subspan(k, count));
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
      add_matrix_row(sum, matrix->values().subspan(u * x.size(), x.size()), x, model);
      y[u] = sum.result();
    }
    return y;
  };
}

FrameFunction frame_function(const EmbeddingSpec& spec, const Weights& weights, const ErrorModel&) {
  return [spec, table = values_of(weights, "weight")](Frames inputs) {
    const double id = inputs.front().front().value;
    Frame row(static_cast<std::size_t>(spec.embedding_dim));
    if (!(0.0 <= id && id < static_cast<double>(spec.num_embeddings))) return row;
    const std::size_t first = static_cast<std::size_t>(id) * row.size();
    for (std::size_t k = 0; k < row.size(); ++k) row[k].value = table->values()[first + k];
    return row;
  };
}

FrameFunction frame_function(const ActivationSpec& spec, const Weights&, const ErrorModel& model) {
  return [spec, model](Frames inputs) {
    Frame all;
    for_each_group(inputs.front(), spec.group_size(), [&](std::span<const Number> group) {
      const Frame part = apply(spec.function, group, model);
      all.insert(all.end(), part.begin(), part.end());
    });
    return all;
  };
}

FrameFunction frame_function(const ConcatenateSpec&, const Weights&, const ErrorModel&) {
  return [](Frames inputs) {
    Frame all;
    for (const Frame& input : inputs) all.insert(all.end(), input.begin(), input.end());
    return all;
  };
}

FrameFunction frame_function(const ElementwiseSpec& spec, const Weights& weights,
                             const ErrorModel& model) {
  using Constant = ElementwiseSpec::Constant;
  return [spec, operand = values_of(weights, "operand"), model](Frames inputs) {
    Frame y;
    for (std::size_t k = 0; k < inputs.front().size(); ++k) {
      const Number x = inputs.front()[k];
      const Number other = spec.constant == Constant::none
                               ? inputs[1][k]
                               : Number{double{operand->values()[k]}, 0.0};
      y.push_back(spec.constant == Constant::first ? operate(spec.operation, other, x, model)
                                                   : operate(spec.operation, x, other, model));
    }
    return y;
  };
}

FrameFunction frame_function(const NormalizationSpec& spec, const Weights& weights,
                             const ErrorModel& model) {
  return [spec, weight = values_of(weights, "weight"), bias = values_of(weights, "bias"),
          model](Frames inputs) {
    Frame y;
    for_each_group(inputs.front(), spec.group_size(), [&](std::span<const Number> group) {
      for (const Number& normal : layer_normalized(group, spec.epsilon, model, spec.center)) {
        y.push_back(normal);
      }
    });
    for (std::size_t k = 0; k < y.size(); ++k) {
      if (spec.scale) y[k] = y[k] * Number{double{weight->values()[k]}, 0.0};
      if (spec.bias) y[k] = y[k] + Number{double{bias->values()[k]}, 0.0};
    }
    return y;
  };
}

FrameFunction frame_function(const RearrangeSpec& spec, const Weights&, const ErrorModel&) {
  return [&spec](Frames inputs) {
    Frame y;
    for (const FeatureRun& run : spec.runs) {
      for (std::int64_t k = 0; k < run.count; ++k) {
        const auto from = static_cast<std::size_t>(run.first + k * run.stride);
        y.push_back(run.first < 0 ? Number{double{spec.filler}, 0.0} : inputs.front()[from]);
      }
    }
    return y;
  };
}

FrameFunction frame_function(const ReduceFeaturesSpec& spec, const Weights&,
                             const ErrorModel& model) {
  return [spec, model](Frames inputs) {
    Frame y;
    for_each_group(inputs.front(), spec.group_size(), [&](std::span<const Number> group) {
      y.push_back(reduce(spec.operation, group, model));
    });
    return y;
  };
}

/// Ids beyond 2^24 are rounded.
FrameFunction frame_function(const CastIdsSpec&, const Weights&, const ErrorModel&) {
  return [](Frames inputs) {
    const double id = inputs.front().front().value;
    return Frame{{id, std::fabs(id) > 0x1p24 ? kUnit * std::fabs(id) : 0.0}};
  };
}

}  // namespace carousel::oracle
