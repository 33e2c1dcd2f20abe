// SPDX-License-Identifier: Apache-2.0
#include "core/verify/oracle/operations.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace carousel::oracle {
namespace {

Number flushed_number(Number x) { return {flushed(x.value), x.error}; }

/// 1 or 0, or anything between them where `a` and `b` may be equal within their errors.
Number compared(bool result, Number a, Number b) {
  const double errors = a.error + b.error;
  const bool open = errors > 0.0 && std::fabs(a.value - b.value) <= errors;
  return {result ? 1.0 : 0.0, open ? 1.0 : 0.0};
}

/// A power is monotone in its base on either side of 0, and in its exponent: within the errors, the
/// largest change is at a corner, or where the base is 0.
Number power(Number a, Number b, const ErrorModel& model) {
  const double value = in_float_range(std::pow(a.value, b.value));
  if (!std::isfinite(value)) return {value, 0.0};
  double inherited = 0.0;
  for (const double base : {a.value - a.error, a.value + a.error}) {
    for (const double exponent : {b.value - b.error, b.value + b.error}) {
      inherited = std::max(inherited, std::fabs(std::pow(base, exponent) - value));
    }
  }
  if (a.error > 0.0 && std::fabs(a.value) <= a.error) {
    inherited = std::max(inherited, std::fabs(std::pow(0.0, b.value) - value));
  }
  const double own = model.activation_ulp * 2.0 * kUnit * (std::fabs(value) + inherited);
  return {value, inherited + own + kFlush};
}

/// What is chosen among others may be flushed; of numbers that are, any may be the larger or the
/// smaller one.
Number either_if_flushed(Number x) {
  return {x.value, std::fabs(x.value) < kFlush ? x.error + 2.0 * kFlush : x.error};
}

Number prelu(Number a, Number slope) {
  if (a.value - a.error >= 0.0 || std::isnan(a.value)) return either_if_flushed(a);
  const Number product = slope * a;
  if (a.value + a.error < 0.0) return product;
  const double size = std::fabs(a.value) + a.error;
  const double value = a.value < 0.0 ? product.value : a.value;
  return {value, size * std::max(1.0, std::fabs(slope.value) + slope.error) * 2.0 + kFlush};
}

Number sum_of(std::span<const Number> numbers, const ErrorModel& model) {
  const std::vector<float> ones(numbers.size(), 1.0F);
  Sum sum(model);
  sum.add_products(ones, numbers);
  return sum.result();
}

Number root_of_squares(std::span<const Number> numbers, const ErrorModel& model) {
  std::vector<Number> squares;
  for (const Number& x : numbers) squares.push_back(x * x);
  return square_root(sum_of(squares, model));
}

template <class Choose>
Number chosen(std::span<const Number> numbers, Choose choose) {
  Number result = numbers.front();
  for (const Number& x : numbers.subspan(1)) result = choose(result, x);
  return either_if_flushed(result);
}

}  // namespace

Number operate(ElementwiseOperation operation, Number a, Number b, const ErrorModel& model) {
  const Number fa = flushed_number(a);
  const Number fb = flushed_number(b);
  switch (operation) {
    case ElementwiseOperation::add: return a + b;
    case ElementwiseOperation::subtract: return a - b;
    case ElementwiseOperation::multiply: return a * b;
    case ElementwiseOperation::divide: return fa / fb;
    case ElementwiseOperation::power: return power(fa, fb, model);
    case ElementwiseOperation::minimum: return either_if_flushed(smaller(a, b));
    case ElementwiseOperation::maximum: return either_if_flushed(larger(a, b));
    case ElementwiseOperation::prelu: return prelu(a, b);
    case ElementwiseOperation::equal: return compared(fa.value == fb.value, fa, fb);
    case ElementwiseOperation::less: return compared(fa.value < fb.value, fa, fb);
    case ElementwiseOperation::greater: return compared(fa.value > fb.value, fa, fb);
  }
  return {std::nan(""), 0.0};
}

Number reduce(ReduceOperation operation, std::span<const Number> numbers, const ErrorModel& model) {
  switch (operation) {
    case ReduceOperation::mean:
      return sum_of(numbers, model) / Number{static_cast<double>(numbers.size()), 0.0};
    case ReduceOperation::sum: return sum_of(numbers, model);
    case ReduceOperation::maximum: return chosen(numbers, larger);
    case ReduceOperation::minimum: return chosen(numbers, smaller);
    case ReduceOperation::l2: return root_of_squares(numbers, model);
  }
  return {std::nan(""), 0.0};
}

}  // namespace carousel::oracle
