// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/cells.hpp"

#include <cmath>

namespace carousel::scalar {
namespace {

/// The sum of f(a[0]), f(a[1]), ... in double.
template <class Function>
double sum(const float* a, std::int64_t count, Function f) noexcept {
  double total = 0.0;
  for (std::int64_t j = 0; j < count; ++j) total += f(static_cast<double>(a[j]));
  return total;
}

/// a = (a - mean(a)) / sqrt(variance(a) + epsilon), in double like every sum here.
void normalize(float* a, std::int64_t count, float epsilon) noexcept {
  const auto units = static_cast<double>(count);
  const double mean = sum(a, count, [](double v) { return v; }) / units;
  const auto square = [mean](double v) { return (v - mean) * (v - mean); };
  const double deviation = std::sqrt(sum(a, count, square) / units + static_cast<double>(epsilon));
  for (std::int64_t j = 0; j < count; ++j) {
    a[j] = static_cast<float>((static_cast<double>(a[j]) - mean) / deviation);
  }
}

}  // namespace

// Ba et al. 2016, for each gate by itself:
//   p = W_i* x + W_h* h          a = (p - mean(p)) / sqrt(var(p) + epsilon) ∘ norm_* + b_i* + b_h*
void normalized_preactivations(const StepContext& s, const float* x, const float* h) noexcept {
  const std::int64_t H = s.spec.hidden_size;
  const std::int64_t rows = s.spec.gates() * H;
  const Operand input = s.input(x);
  const Operand state = s.state(h);
  for (std::int64_t row = 0; row < rows; ++row) {
    s.gates[row] = s.w.hh.add_product(s.w.ih.add_product(0.0F, row, input), row, state);
  }
  for (std::int64_t gate = 0; gate < rows; gate += H) {
    normalize(s.gates + gate, H, s.spec.layer_norm_epsilon);
  }
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto k = static_cast<std::size_t>(row);
    s.gates[row] = s.gates[row] * s.w.norm[k] + s.w.bias[k];
  }
}

}  // namespace carousel::scalar
