// SPDX-License-Identifier: Apache-2.0
#include "core/verify/oracle/convolution.hpp"

#include "core/verify/oracle/int8.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace carousel::oracle {
namespace {

/// Walks from the first position on, turning around at either end.
std::int64_t mirrored(std::int64_t position, std::int64_t count) {
  while (count > 1 && (position < 0 || position >= count)) {
    position = position < 0 ? -position : 2 * (count - 1) - position;
  }
  return count > 1 ? position : 0;
}

}  // namespace

Convolution::Convolution(const ConvolutionSpec& spec, const Weights& weights,
                         const ErrorModel& model)
    : spec_(spec),
      model_(model),
      weight_(find_weight(weights, "weight")),
      bias_(find_weight(weights, "bias")) {}

Number Convolution::value(const Positions& x, std::int64_t position, std::int64_t channel) const {
  const auto count = static_cast<std::int64_t>(x.size());
  if (position < 0 || position >= count) {
    if (spec_.padding == PaddingMode::zeros || count == 0) return {};
    position = spec_.padding == PaddingMode::reflect
                   ? mirrored(position, count)
                   : std::clamp<std::int64_t>(position, 0, count - 1);
  }
  return x[size_of(position)][size_of(channel)];
}

Convolution::Terms Convolution::terms(const Positions& x, std::int64_t position,
                                      std::int64_t channel) const {
  const std::int64_t inputs = spec_.in_channels / spec_.groups;
  const std::int64_t group = channel / (spec_.out_channels / spec_.groups);
  const std::int64_t first = position * spec_.stride - (spec_.causal ? 0 : spec_.pad_begin);
  Terms terms;
  for (std::int64_t i = 0; i < inputs; ++i) {
    for (std::int64_t k = 0; k < spec_.kernel_size; ++k) {
      terms.weights.push_back(
          weight_.values()[size_of((channel * inputs + i) * spec_.kernel_size + k)]);
      terms.numbers.push_back(value(x, first + k * spec_.dilation, group * inputs + i));
    }
  }
  return terms;
}

/// Position p of the input goes to p * stride + k * dilation - pad_begin of the output.
Convolution::Terms Convolution::transposed_terms(const Positions& x, std::int64_t position,
                                                 std::int64_t channel) const {
  const std::int64_t inputs = spec_.in_channels / spec_.groups;
  const std::int64_t outputs = spec_.out_channels / spec_.groups;
  const std::int64_t group = channel / outputs;
  Terms terms;
  for (std::int64_t k = 0; k < spec_.kernel_size; ++k) {
    const std::int64_t from = position + spec_.pad_begin - k * spec_.dilation;
    const std::int64_t p = from / spec_.stride;
    const bool reached = from >= 0 && from % spec_.stride == 0 && p < spec_.length;
    for (std::int64_t i = group * inputs; i < (group + 1) * inputs; ++i) {
      const std::int64_t row = i * outputs + channel % outputs;
      terms.weights.push_back(weight_.values()[size_of(row * spec_.kernel_size + k)]);
      terms.numbers.push_back(reached ? x[size_of(p)][size_of(i)] : Number{});
    }
  }
  return terms;
}

Convolution::Positions Convolution::operator()(const Positions& x) const {
  const std::int64_t history = spec_.causal ? spec_.span() - 1 : 0;
  Positions y(size_of(spec_.output_positions(static_cast<std::int64_t>(x.size()) - history)));
  for (std::size_t p = 0; p < y.size(); ++p) {
    for (std::int64_t c = 0; c < spec_.out_channels; ++c) {
      const auto position = static_cast<std::int64_t>(p);
      const Terms all = spec_.transposed ? transposed_terms(x, position, c) : terms(x, position, c);
      Sum sum(model_);
      if (spec_.bias) sum.add(bias_.values()[size_of(c)]);
      add_matrix_row(sum, all.weights, all.numbers, model_);
      y[p].push_back(sum.result());
    }
  }
  return y;
}

}  // namespace carousel::oracle
