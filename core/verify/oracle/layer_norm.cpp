// SPDX-License-Identifier: Apache-2.0
#include "core/verify/oracle/layer_norm.hpp"

namespace carousel::oracle {
namespace {

/// Relative error of a sum of `count` terms.
double sum_error(double count, const ErrorModel& model) {
  return kUnit * std::min(count - 1.0, model.deviations * std::sqrt(count - 1.0));
}

/// The units' errors together, and those of all but one.
class Errors {
 public:
  Errors(std::span<const Number> p, const ErrorModel& model) : independent_(model.independent) {
    for (const Number& v : p) sum_ += combined(v.error);
  }

  [[nodiscard]] double all_but(double error) const {
    const double rest = std::max(sum_ - combined(error), 0.0);
    return independent_ ? std::sqrt(rest) : rest;
  }

 private:
  [[nodiscard]] double combined(double error) const { return independent_ ? error * error : error; }

  bool independent_;
  double sum_ = 0.0;
};

/// p - mean(p). A unit's own error is in the mean too, which takes a part of it back.
std::vector<Number> centred(std::span<const Number> p, const ErrorModel& model) {
  const auto count = static_cast<double>(p.size());
  const Errors errors(p, model);
  double total = 0.0;
  double size = 0.0;
  for (const Number& v : p) {
    total += v.value;
    size += std::fabs(v.value) + v.error;
  }
  const double mean = total / count;
  // The sum, the number of units as a divisor or its reciprocal as a factor.
  const double own = (sum_error(count, model) + 2.0 * kUnit) * size / count + kFlush;
  std::vector<Number> q;
  for (const Number& v : p) {
    const double inherited = (v.error * (count - 1.0) + errors.all_but(v.error)) / count;
    q.push_back(rounded(v.value - mean, inherited + own));
  }
  return q;
}

/// The mean of the squares.
Number variance(std::span<const Number> q, const ErrorModel& model) {
  const auto count = static_cast<double>(q.size());
  double total = 0.0;
  double linear = 0.0;
  double square = 0.0;
  double second = 0.0;
  for (const Number& v : q) {
    const double inherited = 2.0 * std::fabs(v.value) * v.error;
    total += v.value * v.value;
    linear += inherited;
    square += inherited * inherited;
    second += v.error * v.error;
  }
  const double inherited = ((model.independent ? std::sqrt(square) : linear) + second) / count;
  const double value = total / count;
  // The products, the sum, and the divisor as above.
  const double own = (sum_error(count, model) + 3.0 * kUnit) * (value + inherited) + kFlush;
  return {value, inherited + own};
}

}  // namespace

std::vector<Number> layer_normalized(std::span<const Number> p, double epsilon,
                                     const ErrorModel& model, bool center) {
  std::vector<Number> result = center ? centred(p, model) : std::vector<Number>(p.begin(), p.end());
  const Number spread = variance(result, model);
  if (std::isnan(spread.value) || (center && !std::isfinite(spread.value))) {
    // One that is not finite is in every unit's mean or variance.
    return std::vector<Number>(p.size(), Number{std::nan(""), 0.0});
  }
  const Number deviation = square_root(spread + Number{epsilon, 0.0});
  for (Number& q : result) q = q / deviation;
  return result;
}

}  // namespace carousel::oracle
