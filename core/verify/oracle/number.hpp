// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

/// Float64 values that carry how far a correct float32 implementation may be from them: the running
/// forward error analysis of Higham, Accuracy and Stability of Numerical Algorithms (2002), ch. 3.
namespace carousel::oracle {

/// A count or an index of a specification, for the containers of the standard library.
[[nodiscard]] inline std::size_t size_of(std::int64_t count) {
  return static_cast<std::size_t>(count);
}

/// Unit roundoff of float32: the relative error of one correctly rounded operation.
inline constexpr double kUnit = 0x1p-24;
/// What flushing denormal operands and results to zero may cost, absolutely.
inline constexpr double kFlush = std::numeric_limits<float>::min();

/// How errors are bounded. What sums, products and inherited errors may cost follows from the
/// rounding of float32 alone. The two numbers for activations do not: they are what the project
/// asks of an implementation, chosen with the kernels in view. Do not raise them to make a test
/// pass.
struct ErrorModel {
  /// Error that an activation function may add of its own, in units in the last place. The kernels
  /// are held to 2 for each float there is, by tests/xsimd (worst found: 1.60, tanh on SSE2);
  /// glibc's tanhf, which the scalar backend uses, is off by up to 2.2.
  double activation_ulp = 2.5;
  /// The same for functions from 0 to 1, relative to that range: a gate that lets next to nothing
  /// through is off by units in the last place of 1/2, not of itself. sigmoid(x) computed as
  /// 1/2 + tanh(x/2)/2 is of this kind, and what a gate multiplies is never larger than its state.
  double gate_ulp = 2.0;
  /// A sum of n rounded terms is off by at most n units in the worst case. Rounding errors are
  /// mean-independent in practice, then `deviations * sqrt(n)` holds with probability
  /// 1 - 2 exp(-deviations^2 / 2) each: Higham & Mary, SIAM J. Sci. Comput. 41 (2019) A2815,
  /// thm 2.4. 7 gives 5e-11 per element. The smaller of the two bounds is taken.
  double deviations = 7.0;
  /// How errors inherited from inputs and from earlier steps add up in a dot product: false, at
  /// their worst, sum |w| e, which is a strict bound but doubles at every step of a recurrence, so
  /// that it is of use for one step only; true, as independent ones, sqrt(sum (w e)^2), which
  /// follows the growth that the weights really cause: for whole sequences.
  bool independent = true;
  /// Whether the products of matrices are those of int8 layers (oracle/int8.hpp).
  bool int8 = false;
};

struct Number {
  double value = 0.0;
  double error = 0.0;
};

/// Zero instead of what is too small for a normal float32, for functions that jump there.
[[nodiscard]] inline double flushed(double value) {
  return std::fabs(value) < kFlush ? std::copysign(0.0, value) : value;
}

/// Infinity instead of what is too large for float32.
[[nodiscard]] inline double in_float_range(double value) {
  const bool fits = !(std::fabs(value) > double{std::numeric_limits<float>::max()});
  return fits ? value : std::copysign(std::numeric_limits<double>::infinity(), value);
}

/// Infinite and NaN values are exact: an implementation has to produce the same ones.
[[nodiscard]] inline Number rounded(double value, double error) {
  if (!std::isfinite(value)) return {value, 0.0};
  return {value, error + kUnit * (std::fabs(value) + error) + kFlush};
}

[[nodiscard]] inline Number operator+(Number a, Number b) {
  return rounded(a.value + b.value, a.error + b.error);
}

[[nodiscard]] inline Number operator-(Number a, Number b) {
  return rounded(a.value - b.value, a.error + b.error);
}

[[nodiscard]] inline Number operator*(Number a, Number b) {
  const double size_a = std::fabs(a.value);
  const double size_b = std::fabs(b.value);
  const double inherited = size_a * b.error + size_b * a.error + a.error * b.error;
  return rounded(a.value * b.value, inherited + kFlush * (size_a + size_b));
}

/// Where the divisor may be zero within its error, anything may come out.
[[nodiscard]] inline Number operator/(Number a, Number b) {
  const double value = a.value / b.value;
  const double smallest = std::fabs(b.value) - b.error;
  if (std::isfinite(value) && smallest <= 0.0) {
    return {value, std::numeric_limits<double>::infinity()};
  }
  const double inherited = a.error + std::fabs(value) * b.error;
  const double flushed = kFlush * (1.0 + std::fabs(value));
  return rounded(value, (inherited + flushed) / smallest);
}

/// The larger of the two; NaN if one of them is.
[[nodiscard]] inline Number larger(Number a, Number b) {
  if (std::isnan(a.value) || std::isnan(b.value)) return {a.value + b.value, 0.0};
  const double value = std::max(a.value, b.value);
  if (!std::isfinite(value)) return {value, 0.0};
  const double above = std::max(a.value + a.error, b.value + b.error) - value;
  const double below = value - std::max(a.value - a.error, b.value - b.error);
  return {value, std::max(above, below)};
}

/// The smaller of the two; NaN if one of them is.
[[nodiscard]] inline Number smaller(Number a, Number b) {
  const Number opposite = larger({-a.value, a.error}, {-b.value, b.error});
  return {-opposite.value, opposite.error};
}

/// With the two roundings of a root and its reciprocal.
[[nodiscard]] inline Number square_root(Number x) {
  const double value = std::sqrt(x.value);
  const double below = value - std::sqrt(std::max(x.value - x.error, 0.0));
  return rounded(value, below + kUnit * value);
}

/// Bounds `a` to [low, high], and what it may be with it. NaN stays NaN.
[[nodiscard]] inline Number between(double low, Number a, double high) {
  if (std::isnan(a.value)) return a;
  const double value = std::clamp(a.value, low, high);
  const double above = std::clamp(a.value + a.error, low, high) - value;
  const double below = value - std::clamp(a.value - a.error, low, high);
  return {value, std::max(above, below)};
}

/// Bounds `a` to [-limit, limit]; a limit of 0 means none. NaN stays NaN.
[[nodiscard]] inline Number clipped(Number a, double limit) {
  return limit > 0.0 ? between(-limit, a, limit) : a;
}

/// (1 - z) * a + z * b, however it is computed. Written so, it is three rounded products and sums
/// on the side of a, one on that of b, and the last sum; as a + z * (b - a), two of z (b - a) and
/// the last. The roundings below cover both. An error of z only shifts the weight from a to b, so
/// that it counts with b - a.
[[nodiscard]] inline Number blend(Number z, Number a, Number b) {
  const double rest = 1.0 - z.value;
  const double value = rest * a.value + z.value * b.value;
  if (!std::isfinite(value)) return {value, 0.0};
  const double size_a = std::fabs(a.value) + a.error;
  const double size_b = std::fabs(b.value) + b.error;
  const double size_z = std::fabs(z.value) + z.error;
  const double size_rest = std::fabs(rest) + z.error;
  const double inherited = z.error * (std::fabs(b.value - a.value) + a.error + b.error) +
                           std::fabs(rest) * a.error + std::fabs(z.value) * b.error;
  constexpr double kTwoRoundings = (2.0 + kUnit) * kUnit;
  const double products = kTwoRoundings * (size_rest * size_a + size_z * (size_a + size_b));
  const double flushed = kFlush * (4.0 + size_a + size_b + size_z + size_rest);
  return rounded(value, inherited + products + flushed);
}

/// A sum of biases and products `weight * number`, accumulated in any order.
class Sum {
 public:
  explicit Sum(const ErrorModel& model) : model_(model) {}

  void add(double term) {
    value_ += term;
    magnitude_ += std::fabs(term);
    terms_ += 1.0;
  }

  /// A term that has an error of its own, which counts at its worst.
  void add(Number term) {
    add(term.value);
    certain_ += term.error;
  }

  void add_products(std::span<const float> weights, std::span<const Number> numbers) {
    const std::size_t count = weights.size();
    for (std::size_t k = 0; k < count; ++k) {
      const double w = weights[k];
      const Number v = numbers[k];
      const double size = std::fabs(w);
      const double inherited = size * v.error;
      value_ += w * v.value;
      magnitude_ += size * std::fabs(v.value) + inherited;
      linear_ += inherited;
      square_ += inherited * inherited;
      operands_ += size + std::fabs(v.value);
    }
    terms_ += static_cast<double>(count);
  }

  [[nodiscard]] Number result() const {
    if (!std::isfinite(value_)) return {value_, 0.0};
    // One product and at most `terms` additions per term; one more where biases were summed first.
    const double operations = terms_ + 1.0;
    const double roundings = std::min(operations, model_.deviations * std::sqrt(operations));
    const double own = roundings * kUnit * magnitude_ + kFlush * (terms_ + operands_);
    return {value_, own + certain_ + (model_.independent ? std::sqrt(square_) : linear_)};
  }

 private:
  ErrorModel model_;
  double value_ = 0.0;
  double magnitude_ = 0.0;  ///< sum of the terms' sizes
  double linear_ = 0.0;     ///< inherited error, all at their worst
  double square_ = 0.0;     ///< inherited error squared, as independent ones
  double certain_ = 0.0;    ///< error of terms that have one of their own
  double operands_ = 0.0;   ///< sum of the factors' sizes: what flushing the other factor costs
  double terms_ = 0.0;
};

}  // namespace carousel::oracle
