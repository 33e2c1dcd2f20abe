// SPDX-License-Identifier: Apache-2.0
// Operators on constants.
#include "sizes.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <utility>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

using Binary = double (*)(double, double);
using Unary = double (*)(double);

constexpr std::pair<std::string_view, Binary> kBinary[] = {
    {"Add", [](double a, double b) { return a + b; }},
    {"Sub", [](double a, double b) { return a - b; }},
    {"Mul", [](double a, double b) { return a * b; }},
    {"Div", [](double a, double b) { return a / b; }},
    {"Pow", [](double a, double b) { return std::pow(a, b); }},
    {"Min", [](double a, double b) { return std::min(a, b); }},
    {"Max", [](double a, double b) { return std::max(a, b); }},
    {"PRelu", [](double a, double b) { return a < 0 ? b * a : a; }},
};
constexpr std::pair<std::string_view, Binary> kComparisons[] = {
    {"Equal", [](double a, double b) { return a == b ? 1.0 : 0.0; }},
    {"Less", [](double a, double b) { return a < b ? 1.0 : 0.0; }},
    {"Greater", [](double a, double b) { return a > b ? 1.0 : 0.0; }},
    {"LessOrEqual", [](double a, double b) { return a <= b ? 1.0 : 0.0; }},
    {"GreaterOrEqual", [](double a, double b) { return a >= b ? 1.0 : 0.0; }},
    {"And", [](double a, double b) { return a != 0 && b != 0 ? 1.0 : 0.0; }},
    {"Or", [](double a, double b) { return a != 0 || b != 0 ? 1.0 : 0.0; }},
    {"Xor", [](double a, double b) { return (a != 0) != (b != 0) ? 1.0 : 0.0; }},
};
constexpr std::pair<std::string_view, Unary> kUnary[] = {
    {"Abs", [](double a) { return std::abs(a); }},
    {"Neg", [](double a) { return -a; }},
    {"Sqrt", [](double a) { return std::sqrt(a); }},
    {"Exp", [](double a) { return std::exp(a); }},
    {"Log", [](double a) { return std::log(a); }},
    {"Reciprocal", [](double a) { return 1.0 / a; }},
    {"Erf", [](double a) { return std::erf(a); }},
    {"Sign", [](double a) { return a > 0   ? 1.0
                                   : a < 0 ? -1.0
                                           : a; }},
    {"Floor", [](double a) { return std::floor(a); }},
    {"Ceil", [](double a) { return std::ceil(a); }},
    {"Round", [](double a) { return std::nearbyint(a); }},
    {"Relu", [](double a) { return a < 0 ? 0.0 : a; }},
    {"Tanh", [](double a) { return std::tanh(a); }},
    {"Sigmoid", [](double a) { return 1.0 / (1.0 + std::exp(-a)); }},
    // Without an exponential that overflows.
    {"Softplus", [](double a) { return std::max(a, 0.0) + std::log1p(std::exp(-std::abs(a))); }},
};

/// Null where the table has no operator of that name.
template <class Function, std::size_t count>
Function find_in(const std::pair<std::string_view, Function> (&table)[count],
                 const std::string& name) {
  const auto* found = std::ranges::find(table, name, &std::pair<std::string_view, Function>::first);
  return found == std::end(table) ? nullptr : found->second;
}

/// "-1 and 0.5"
std::string operands_text(std::initializer_list<double> operands) {
  std::string text;
  const char* between = "";
  for (const double operand : operands) {
    text += formatted("{}{}", std::exchange(between, " and "), operand);
  }
  return text;
}

/// Throws Refusal where numbers have a result that is none, or that only a division by zero makes:
/// no file means that. Infinite logarithms of zeros stay, as masks are made of them.
void require_defined(const std::string& name, double result, std::initializer_list<double> operands,
                     std::size_t element) {
  if (std::isfinite(result)) return;
  const auto is_number = [](double v) { return !std::isnan(v); };
  const auto is_finite = [](double v) { return std::isfinite(v); };
  const bool divides = name == "Div" || name == "Reciprocal" || name == "Pow";
  const bool pole = divides && std::isinf(result) && std::ranges::all_of(operands, is_finite);
  const bool by_zero = pole && (*(operands.end() - 1) == 0.0 || *operands.begin() == 0.0);
  const bool undefined = !is_number(result) && std::ranges::all_of(operands, is_number);
  if (!undefined && !by_zero) return;
  throw Malformed(formatted("has no defined result for the constant{}{} (element {})",
                            operands.size() == 1 ? " " : "s ", operands_text(operands), element));
}

std::vector<double> expanded(const Array& array, const Shape& shape) {
  return to_doubles(gathered(array, pick_expanded(array.shape, shape)));
}

/// One group of elements.
struct Sums {
  double sum = 0.0;
  double absolute = 0.0;
  double squares = 0.0;
  double least = INFINITY;
  double most = -INFINITY;
  double count = 0.0;
};

double result_of(const std::string& name, const Sums& sums) {
  const bool needs_elements = name == "ReduceMean" || name == "ReduceMax" || name == "ReduceMin";
  if (needs_elements && sums.count == 0.0) {
    throw Malformed("has no defined result for constants without elements");
  }
  if (name == "ReduceSum") return sums.sum;
  if (name == "ReduceMean") return sums.sum / sums.count;
  if (name == "ReduceMax") return sums.most;
  if (name == "ReduceMin") return sums.least;
  if (name == "ReduceL1") return sums.absolute;
  if (name == "ReduceL2") return std::sqrt(sums.squares);
  if (name == "ReduceSumSquare") return sums.squares;
  throw Refusal("is not supported for constants");
}

/// Takes the time of a matrix product and the memory of its result.
void take_product(std::size_t rows, std::size_t inner, std::size_t columns, std::size_t bytes,
                  Budget& budget) {
  // As doubles, which do not overflow.
  const auto product = [](std::size_t a, std::size_t b) {
    return static_cast<double>(a) * static_cast<double>(b);
  };
  const auto whole = [](double number) {
    return static_cast<std::size_t>(std::min(number, static_cast<double>(std::int64_t{1} << 62U)));
  };
  const double multiplications = product(rows, inner) * static_cast<double>(columns);
  budget.work().take(whole(multiplications / Work::kMultiplications), "multiplies constants");
  budget.take(whole(product(rows, columns) * static_cast<double>(bytes)));
}

}  // namespace

Array fold_binary(const std::string& name, const Array& a, const Array& b) {
  const Binary comparison = find_in(kComparisons, name);
  const Binary function = comparison != nullptr ? comparison : find_in(kBinary, name);
  if (function == nullptr) throw Refusal("is not supported for constants");
  const Shape shape = broadcast(a.shape, b.shape);
  const std::vector<double> left = expanded(a, shape);
  const std::vector<double> right = expanded(b, shape);
  std::vector<double> values(left.size());
  for (std::size_t k = 0; k < values.size(); ++k) {
    values[k] = function(left[k], right[k]);
    require_defined(name, values[k], {left[k], right[k]}, k);
  }
  return from_doubles(comparison != nullptr ? ElementType::boolean : a.type, shape, values);
}

Array fold_unary(const std::string& name, const Array& a) {
  std::vector<double> values = to_doubles(a);
  if (name == "Not") {
    for (double& value : values) value = value == 0.0 ? 1.0 : 0.0;
    return from_doubles(ElementType::boolean, a.shape, values);
  }
  const Unary function = find_in(kUnary, name);
  if (function == nullptr) throw Refusal("is not supported for constants");
  for (std::size_t k = 0; k < values.size(); ++k) {
    const double operand = std::exchange(values[k], function(values[k]));
    require_defined(name, values[k], {operand}, k);
  }
  return from_doubles(a.type, a.shape, values);
}

Array fold_reduction(const std::string& name, const Array& array, const std::vector<bool>& reduced,
                     bool keep) {
  Shape kept = array.shape;
  Shape result;
  for (std::size_t k = 0; k < kept.size(); ++k) {
    if (reduced[k]) kept[k] = 1;
    if (!reduced[k] || keep) result.push_back(kept[k]);
  }
  // Where each element goes: the other way round than an expansion.
  const Picking to = pick_expanded(kept, array.shape);
  std::vector<Sums> sums(static_cast<std::size_t>(checked_count(kept)));
  const std::vector<double> values = to_doubles(array);
  for (std::size_t k = 0; k < values.size(); ++k) {
    Sums& group = sums[to.source[k]];
    group.sum += values[k];
    group.absolute += std::abs(values[k]);
    group.squares += values[k] * values[k];
    group.least = std::min(group.least, values[k]);
    group.most = std::max(group.most, values[k]);
    group.count += 1.0;
  }
  std::vector<double> results;
  results.reserve(sums.size());
  for (const Sums& group : sums) results.push_back(result_of(name, group));
  return from_doubles(array.type, std::move(result), results);
}

Array fold_product(const Array& a, const Array& b, Budget& budget) {
  if (a.rank() != 2 || b.rank() != 2 || a.shape[1] != b.shape[0]) {
    throw Refusal(formatted(
        "multiplies constants of the shapes {} and {}; only matrices that fit are supported",
        shape_text(a.shape), shape_text(b.shape)));
  }
  const auto rows = static_cast<std::size_t>(a.shape[0]);
  const auto inner = static_cast<std::size_t>(a.shape[1]);
  const auto columns = static_cast<std::size_t>(b.shape[1]);
  take_product(rows, inner, columns, width(a.type), budget);
  const std::vector<double> left = to_doubles(a);
  const std::vector<double> right = to_doubles(b);
  std::vector<double> values(rows * columns, 0.0);
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t k = 0; k < inner; ++k) {
      for (std::size_t c = 0; c < columns; ++c) {
        values[r * columns + c] += left[r * inner + k] * right[k * columns + c];
      }
    }
  }
  return from_doubles(a.type, {a.shape[0], b.shape[1]}, values);
}

std::optional<Repeated> as_repeated(const Value& value) {
  if (const auto* repeated = std::get_if<Repeated>(&value)) return *repeated;
  const auto* constant = std::get_if<Constant>(&value);
  if (constant == nullptr) return std::nullopt;
  Repeated result{constant->array, {}};
  for (const std::int64_t size : constant->array->shape) result.sizes.emplace_back(Dim{size, {}});
  return result;
}

std::optional<Value> constant_arithmetic(const std::string& name, const Value& a, const Value& b) {
  const std::optional<Repeated> x = as_repeated(a);
  const std::optional<Repeated> y = as_repeated(b);
  if (!x || !y) return std::nullopt;
  Repeated result{std::make_shared<Array>(fold_binary(name, *x->array, *y->array)), {}};
  const std::size_t rank = std::max(x->sizes.size(), y->sizes.size());
  for (std::size_t k = 0; k < rank; ++k) {
    const auto size = [&](const Repeated& operand) -> std::optional<Dim> {
      const std::size_t skipped = rank - operand.sizes.size();
      return k < skipped ? std::optional(Dim{}) : operand.sizes[k - skipped];
    };
    const std::optional<Dim> left = size(*x);
    const std::optional<Dim> right = size(*y);
    const bool takes_left = right == Dim{} || (left && !left->known());
    result.sizes.push_back(takes_left ? left : right);
  }
  return simplified(std::move(result));
}

}  // namespace carousel::loading::onnx
