// SPDX-License-Identifier: Apache-2.0
// What a trace says of gates and memories in numbers.
#include "trace_data.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace carousel::cli {
namespace {

constexpr double kShut = 0.05;
constexpr double kOpen = 0.95;
constexpr double kLeast = 1e-12;  // a gate that is 0 forgets at once, not infinitely fast

double share(const Signal& signal, const auto& condition) {
  if (signal.values.empty()) return 0.0;
  return static_cast<double>(std::ranges::count_if(signal.values, condition)) /
         static_cast<double>(signal.values.size());
}

/// Of a state as the output sees it: that of a unit that counts, far beyond 1, is almost nothing.
double spread(const TracedLayer& layer, const Signal& signal, std::size_t unit) {
  double sum = 0.0;
  double squares = 0.0;
  for (std::int64_t t = 0; t < layer.steps; ++t) {
    const double value = std::tanh(layer.value(signal, t, unit));
    sum += value;
    squares += value * value;
  }
  const auto count = static_cast<double>(layer.steps);
  return std::sqrt(std::max(0.0, squares / count - sum / count * sum / count));
}

/// How much a gate holds on at most steps, and lets go at one: its mean times its largest fall.
double turns(const TracedLayer& layer, const Signal& gate, std::size_t unit) {
  double mean = 0.0;
  double least = 1.0;
  for (std::int64_t t = 0; t < layer.steps; ++t) {
    const double value = layer.value(gate, t, unit);
    mean += value / static_cast<double>(layer.steps);
    least = std::min(least, value);
  }
  return mean * mean * (mean - least);
}

}  // namespace

GateUse gate_use(const Signal& signal) {
  GateUse use;
  for (const double value : signal.values) use.mean += value;
  if (!signal.values.empty()) use.mean /= static_cast<double>(signal.values.size());
  use.shut = share(signal, [](double value) { return value < kShut; });
  use.open = share(signal, [](double value) { return value > kOpen; });
  return use;
}

double share_beyond(const Signal& signal, double limit) {
  return share(signal, [limit](double value) { return std::abs(value) > limit; });
}

std::vector<Memory> memories(const TracedLayer& layer) {
  const Signal* gate = layer.keep_gate();
  std::vector<Memory> all;
  if (gate == nullptr) return all;
  const auto steps = static_cast<double>(layer.steps);
  for (std::size_t unit = 0; unit < layer.units(); ++unit) {
    Memory memory{unit};
    double logarithms = 0.0;
    for (std::int64_t t = 0; t < layer.steps; ++t) {
      const double value = layer.value(*gate, t, unit);
      memory.mean += value / steps;
      logarithms += std::log(std::max(value, kLeast)) / steps;
    }
    memory.time_constant =
        logarithms < 0.0 ? -1.0 / logarithms : std::numeric_limits<double>::infinity();
    all.push_back(memory);
  }
  std::ranges::stable_sort(all, std::ranges::greater{}, &Memory::time_constant);
  return all;
}

std::size_t telling_unit(const TracedLayer& layer) {
  const Signal* state = layer.find("c");
  if (state == nullptr) state = layer.find("h");
  const Signal* keep = layer.keep_gate();
  std::size_t best = 0;
  double best_score = -1.0;
  for (std::size_t unit = 0; unit < layer.units(); ++unit) {
    double score = spread(layer, *state, unit);
    if (keep != nullptr) score *= turns(layer, *keep, unit);
    if (score > best_score) {
      best = unit;
      best_score = score;
    }
  }
  return best;
}

}  // namespace carousel::cli
