// SPDX-License-Identifier: Apache-2.0
#include "sizes.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

using Element = std::optional<Dim>;

std::vector<Element> expanded(const Integers& operand, const Shape& shape) {
  const Picking picking = pick_expanded(operand.shape, shape);
  if (picking.shape != shape) throw Refusal("operands of shapes that do not fit");
  std::vector<Element> elements;
  for (const std::size_t from : picking.source) elements.push_back(operand.elements[from]);
  return elements;
}

Element known(std::int64_t value) { return Dim{value, {}}; }
Element truth(bool value) { return known(value ? 1 : 0); }

bool both_known(const Dim& a, const Dim& b) { return a.known() && b.known(); }

Element sum(const Dim& a, const Dim& b, bool minus) {
  constexpr std::int64_t limit = std::numeric_limits<std::int64_t>::max() / 4;
  if (!minus && a == known(0)) return b;
  if (b == known(0)) return a;
  if (minus && a == b) return known(0);
  if (!both_known(a, b) || std::max(a.factor, b.factor) > limit ||
      std::min(a.factor, b.factor) < -limit) {
    return std::nullopt;
  }
  return known(minus ? a.factor - b.factor : a.factor + b.factor);
}

Element product(const Dim& a, const Dim& b) {
  if (a == known(1)) return b;
  if (b == known(1)) return a;
  constexpr std::int64_t limit = std::int64_t{1} << 31U;
  if (both_known(a, b) && std::max(a.factor, b.factor) < limit &&
      std::min(a.factor, b.factor) > -limit) {
    return known(a.factor * b.factor);
  }
  return a * b;
}

/// Of sizes only where it comes out even.
Element quotient(const Dim& a, const Dim& b) {
  if (b == known(1)) return a;
  if (b.factor == 0) {
    throw Malformed(formatted("has no defined result for {} and 0",
                              a.known() ? std::to_string(a.factor) : std::string("a size")));
  }
  if (both_known(a, b) && b.factor != -1) return known(a.factor / b.factor);
  if (a.factor < 0 || b.factor < 0 || a.factor % b.factor != 0) return std::nullopt;
  if (!std::ranges::includes(a.atoms, b.atoms)) return std::nullopt;
  Dim result{a.factor / b.factor, {}};
  std::ranges::set_difference(a.atoms, b.atoms, std::back_inserter(result.atoms));
  return result;
}

Element equal(const Dim& a, const Dim& b) {
  if (a == b) return known(1);
  if (both_known(a, b)) return known(0);
  // A size is never negative.
  if ((a.known() && a.factor < 0) || (b.known() && b.factor < 0)) return known(0);
  return std::nullopt;
}

Element compare(const std::string& name, const Dim& a, const Dim& b) {
  if (!both_known(a, b)) return std::nullopt;
  if (name == "Less") return truth(a.factor < b.factor);
  if (name == "Greater") return truth(a.factor > b.factor);
  if (name == "LessOrEqual") return truth(a.factor <= b.factor);
  if (name == "GreaterOrEqual") return truth(a.factor >= b.factor);
  if (name == "And") return truth(a.factor != 0 && b.factor != 0);
  if (name == "Or") return truth(a.factor != 0 || b.factor != 0);
  if (name == "Xor") return truth((a.factor != 0) != (b.factor != 0));
  if (name == "Min") return known(std::min(a.factor, b.factor));
  if (name == "Max") return known(std::max(a.factor, b.factor));
  return std::nullopt;
}

Element apply(const std::string& name, const Dim& a, const Dim& b) {
  if (name == "Add") return sum(a, b, false);
  if (name == "Sub") return sum(a, b, true);
  if (name == "Mul") return product(a, b);
  if (name == "Div") return quotient(a, b);
  if (name == "Equal") return equal(a, b);
  if ((name == "Min" || name == "Max") && a == b) return a;
  return compare(name, a, b);
}

/// The sizes with those atoms that stand for all that are the same.
std::optional<Integers> normal_integers(const Call& call, const Value& value) {
  std::optional<Integers> result = as_integers(value);
  if (!result) return result;
  for (Element& element : result->elements) {
    if (element) element = call.atoms().normal(*element);
  }
  return result;
}

}  // namespace

Shape broadcast(const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (const Shape* shape : {&a, &b}) {
    const std::size_t skipped = result.size() - shape->size();
    for (std::size_t k = 0; k < shape->size(); ++k) {
      std::int64_t& size = result[skipped + k];
      if (size == 1) {
        size = (*shape)[k];
      } else if ((*shape)[k] != 1 && (*shape)[k] != size) {
        throw Malformed(formatted("the shapes {} and {} do not fit", shape_text(a), shape_text(b)));
      }
    }
  }
  return result;
}

std::optional<Value> size_arithmetic(const Call& call, const Value& a, const Value& b) {
  const std::optional<Integers> x = normal_integers(call, a);
  const std::optional<Integers> y = normal_integers(call, b);
  if (!x || !y) return std::nullopt;
  Integers result{broadcast(x->shape, y->shape), {}};
  const std::vector<Element> left = expanded(*x, result.shape);
  const std::vector<Element> right = expanded(*y, result.shape);
  for (std::size_t k = 0; k < left.size(); ++k) {
    const bool usable = left[k] && right[k];
    result.elements.push_back(usable ? apply(call.node.op_type(), *left[k], *right[k])
                                     : std::nullopt);
  }
  return simplified(std::move(result));
}

std::optional<Value> size_choice(const Call& call) {
  const std::optional<Integers> condition = as_integers(call.input(0));
  const std::optional<Integers> a = normal_integers(call, call.input(1));
  const std::optional<Integers> b = normal_integers(call, call.input(2));
  if (!condition || !a || !b) return std::nullopt;
  Integers result{broadcast(condition->shape, broadcast(a->shape, b->shape)), {}};
  const std::vector<Element> chosen = expanded(*condition, result.shape);
  const std::vector<Element> yes = expanded(*a, result.shape);
  const std::vector<Element> no = expanded(*b, result.shape);
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    const bool usable = chosen[k] && chosen[k]->known();
    const Element same = yes[k] == no[k] ? yes[k] : std::nullopt;
    result.elements.push_back(!usable ? same : chosen[k]->factor != 0 ? yes[k] : no[k]);
  }
  return simplified(std::move(result));
}

}  // namespace carousel::loading::onnx
