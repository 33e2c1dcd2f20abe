// SPDX-License-Identifier: Apache-2.0
#include "module_chain.hpp"

#include "infer_stack.hpp"
#include "module_names.hpp"
#include "text.hpp"

#include "core/model/formatted.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <optional>

namespace carousel::loading {
namespace {

/// More modules than these are not tried in all orders.
constexpr std::size_t kMaxModules = 6;

using Order = std::vector<std::size_t>;

struct Module {
  std::string prefix;
  std::vector<ModelLayer> layers;

  [[nodiscard]] std::int64_t input() const { return input_size(layers.front().spec); }
  [[nodiscard]] std::int64_t output() const { return output_size(layers.back().spec); }
};

/// A prefix without its numbers, and these: "rnn_2." is "rnn" and 2.
struct Numbered {
  std::string stem;
  std::vector<std::size_t> numbers;
};

Numbered split_numbers(std::string_view prefix) {
  if (prefix.ends_with('.')) prefix.remove_suffix(1);
  Numbered result;
  for (std::size_t at = 0; at < prefix.size();) {
    std::size_t end = at;
    std::size_t number = 0;
    while (end < prefix.size() && std::isdigit(static_cast<unsigned char>(prefix[end])) != 0) {
      number = number * 10 + static_cast<std::size_t>(prefix[end++] - '0');
    }
    if (end > at) result.numbers.push_back(number);
    if (end == at && prefix[end] != '_') result.stem += prefix[end];
    at = std::max(end, at + 1);
  }
  return result;
}

/// The order of names that differ in their numbers only; nothing for other names.
std::optional<Order> numbered_order(const std::vector<Module>& modules) {
  std::vector<Numbered> names;
  names.reserve(modules.size());
  for (const Module& module : modules) names.push_back(split_numbers(module.prefix));
  Order order(modules.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t k) { return names[k].numbers; });
  for (std::size_t k = 1; k < order.size(); ++k) {
    const Numbered& before = names[order[k - 1]];
    const Numbered& after = names[order[k]];
    if (before.stem != after.stem || before.numbers == after.numbers) return std::nullopt;
  }
  return order;
}

bool fits(const std::vector<Module>& modules, const Order& order) {
  for (std::size_t k = 1; k < order.size(); ++k) {
    if (modules[order[k - 1]].output() != modules[order[k]].input()) return false;
  }
  return true;
}

/// The orders in which each module reads what the one before it gives; two are enough for a doubt.
std::vector<Order> fitting_orders(const std::vector<Module>& modules) {
  Order order(modules.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::vector<Order> found;
  do {
    if (fits(modules, order)) found.push_back(order);
  } while (found.size() < 2 && std::next_permutation(order.begin(), order.end()));
  return found;
}

std::string_view parent(std::string_view prefix) {
  if (prefix.ends_with('.')) prefix.remove_suffix(1);
  return prefix.substr(0, prefix.rfind('.') + 1);  // npos + 1 is 0
}

bool are_siblings(const std::vector<Module>& modules) {
  return std::ranges::all_of(modules, [&](const Module& module) {
    return parent(module.prefix) == parent(modules.front().prefix);
  });
}

/// "a.,b."
std::string order_option(const std::vector<Module>& modules, const Order& order) {
  std::string text;
  for (const std::size_t k : order) text += (text.empty() ? "" : ",") + modules[k].prefix;
  return quote(text);
}

[[noreturn]] void ask(const TensorReader& reader, const std::vector<Module>& modules,
                      const std::vector<Order>& orders) {
  fail(reader.source(),
       formatted("several recurrent modules that fit in more than one order: give the right one "
                 "with the option prefix (--prefix), {} or {}, or one of them alone",
                 order_option(modules, orders[0]), order_option(modules, orders[1])),
       ErrorCode::invalid_argument);
}

/// A Linear that reads what one module gives, and gives what another reads.
std::string hint_between(const TensorReader& reader, const std::vector<Module>& modules) {
  constexpr std::string_view ending = ".weight";
  for (const safetensors::StoredTensor& tensor : reader.tensors()) {
    if (!tensor.name.ends_with(ending) || tensor.shape.size() != 2) continue;
    for (const Module& first : modules) {
      for (const Module& second : modules) {
        if (&first == &second || tensor.shape[1] != first.output() ||
            tensor.shape[0] != second.input() || first.output() == second.input()) {
          continue;
        }
        return formatted(
            "; the linear layer {} fits between {} and {}: such a network is told by the metadata "
            "{} of a safetensors file (docs/formats.md)",
            quote(tensor.name.substr(0, tensor.name.size() - ending.size())), quote(first.prefix),
            quote(second.prefix), quote(kLayersKey));
      }
    }
  }
  return "";
}

/// The only order that names and sizes leave.
Order find_order(const TensorReader& reader, const std::vector<Module>& modules) {
  const std::optional<Order> numbered = numbered_order(modules);
  if (numbered && fits(modules, *numbered)) return *numbered;
  std::vector<Order> orders;
  if (are_siblings(modules)) orders = fitting_orders(modules);
  if (orders.size() > 1) ask(reader, modules, orders);
  if (orders.empty() || numbered) {
    std::vector<std::string> prefixes;
    prefixes.reserve(modules.size());
    for (const Module& module : modules) prefixes.push_back(module.prefix);
    refuse_several(reader, prefixes, hint_between(reader, modules));
  }
  return orders.front();
}

/// Nothing where one of them is not complete.
std::optional<std::vector<Module>> find_modules(const TensorReader& reader,
                                                const Metadata& metadata,
                                                const std::vector<std::string>& prefixes) {
  std::vector<Module> modules;
  try {
    for (const std::string& prefix : prefixes) {
      modules.push_back({prefix, infer_stack(reader, metadata, prefix)});
    }
  } catch (const Error&) {
    return std::nullopt;
  }
  return modules;
}

std::vector<ModelLayer> infer_told(const TensorReader& reader, const Metadata& metadata,
                                   const std::vector<std::string>& prefixes) {
  std::vector<ModelLayer> layers;
  for (const std::string& prefix : prefixes) {
    std::vector<ModelLayer> stack = infer_stack(reader, metadata, prefix);
    const std::int64_t given = layers.empty() ? 0 : output_size(layers.back().spec);
    if (!layers.empty() && input_size(stack.front().spec) != given) {
      fail(reader.source(),
           formatted("the module {} reads {} features, but the one before it gives {}",
                     quote(prefix), input_size(stack.front().spec), given),
           ErrorCode::invalid_argument);
    }
    std::ranges::move(stack, std::back_inserter(layers));
  }
  return layers;
}

}  // namespace

std::vector<ModelLayer> infer_chain(const TensorReader& reader, const Metadata& metadata,
                                    const std::vector<std::string>& prefixes, bool told) {
  if (told || prefixes.size() == 1) return infer_told(reader, metadata, prefixes);
  if (prefixes.size() > kMaxModules) refuse_several(reader, prefixes);
  std::optional<std::vector<Module>> modules = find_modules(reader, metadata, prefixes);
  if (!modules) refuse_several(reader, prefixes);
  std::vector<ModelLayer> layers;
  for (const std::size_t k : find_order(reader, *modules)) {
    std::ranges::move((*modules)[k].layers, std::back_inserter(layers));
  }
  return layers;
}

}  // namespace carousel::loading
