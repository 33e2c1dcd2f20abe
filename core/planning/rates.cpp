// SPDX-License-Identifier: Apache-2.0
#include "core/planning/rates.hpp"

#include "core/engine/layers/convolution.hpp"

#include <algorithm>
#include <limits>

namespace carousel::planning {
namespace {

double round_up(std::int64_t count, std::int64_t block) {
  const std::int64_t blocks = (count + block - 1) / block;
  return static_cast<double>(blocks * block);
}

/// The y at `x` of the line through two points.
double on_line(double x, double x0, double y0, double x1, double y1) {
  return y0 + (x - x0) * (y1 - y0) / (x1 - x0);
}

/// Of neighbours in an ascending list, the pair whose line holds at `x`.
template <class List, class Place>
std::size_t line_of(const List& list, double x, Place place) {
  std::size_t i = 0;
  while (i + 2 < list.size() && x > place(list[i + 1])) ++i;
  return i;
}

/// The time of a probe that was not timed: no more than in proportion to fewer units or rows.
double in_proportion(const BatchRates& row, const std::vector<BatchRates>& before, double work) {
  double most = std::numeric_limits<double>::infinity();
  if (!row.points.empty()) most = row.points.back().seconds * work / row.points.back().work;
  if (before.empty()) return most;
  const BatchRates& fewer = before.back();
  return std::min(most, fewer.seconds(work) * static_cast<double>(row.batch) /
                            static_cast<double>(fewer.batch));
}

}  // namespace

RecurrentSpec probe_spec(const Probe& probe) {
  return make_spec(Cell::lstm, probe.units / 2 + 1, probe.units);
}

std::optional<Shape> shape_of(const LayerSpec& spec) {
  if (const auto* s = std::get_if<RecurrentSpec>(&spec)) {
    return Shape{.directions = s->directions(),
                 .inputs = s->input_size,
                 .units = s->hidden_size,
                 .state = s->state_size(),
                 .projection = s->proj_size * s->hidden_size,
                 .gates = s->gates()};
  }
  if (const auto* s = std::get_if<DenseSpec>(&spec)) {
    return Shape{.inputs = s->input_size, .units = s->output_size};
  }
  if (const auto* s = std::get_if<ConvolutionSpec>(&spec); s != nullptr && !s->depthwise()) {
    const DenseSpec dense = layers::dense_spec(*s);
    return Shape{.directions = s->groups,
                 .positions = s->along_time() ? 1 : s->output_positions(s->length),
                 .inputs = dense.input_size,
                 .units = dense.output_size};
  }
  return std::nullopt;
}

Work work_of(const Shape& shape, const Filling& filling) {
  const std::int64_t block = shape.gates > 1 ? filling.gated : filling.plain;
  const double outputs = static_cast<double>(shape.gates) * round_up(shape.units, block);
  return {.inputs = outputs * static_cast<double>(shape.inputs),
          .recurrent =
              outputs * static_cast<double>(shape.state) + static_cast<double>(shape.projection)};
}

double BatchRates::seconds(double work) const {
  if (points.size() == 1 || work <= points.front().work) return points.front().seconds;
  const std::size_t i = line_of(points, work, [](const Point& p) { return p.work; });
  return on_line(work, points[i].work, points[i].seconds, points[i + 1].work,
                 points[i + 1].seconds);
}

double Rates::step(double work, double rows) const {
  const auto batch_of = [](const BatchRates& one) { return static_cast<double>(one.batch); };
  if (rows > batch_of(batches.back())) return row_of_many(work) * rows;
  const std::size_t i = line_of(batches, rows, batch_of);
  // More rows take no less time, whatever disturbed the measurement.
  double fewer = 0;
  for (std::size_t k = 0; k <= i; ++k) fewer = std::max(fewer, batches[k].seconds(work));
  const double more = std::max(fewer, batches[i + 1].seconds(work));
  return on_line(rows, batch_of(batches[i]), fewer, batch_of(batches[i + 1]), more);
}

std::optional<Rates> solve_rates(std::span<const double> seconds, const Filling& filling) {
  if (seconds.size() != kProbes.size()) return std::nullopt;
  if (seconds[0] <= 0 || seconds[1] <= 0 || seconds[2] <= 0) return std::nullopt;
  Rates rates;
  // The first probe and the third have the same layer: r + s and r + 4 s.
  const auto more_steps = static_cast<double>(kProbes[2].steps - kProbes[0].steps);
  const double step = std::max(0.0, seconds[2] - seconds[0]) / more_steps;
  rates.run = std::max(0.0, seconds[0] - step);
  for (std::size_t i = 1; i < kProbes.size(); ++i) {
    const Probe& probe = kProbes.at(i);
    const double work = work_of(*shape_of(probe_spec(probe)), filling).all();
    const bool begins = rates.batches.empty() || rates.batches.back().batch != probe.batch;
    BatchRates row = begins ? BatchRates{.batch = probe.batch} : std::move(rates.batches.back());
    if (!begins) rates.batches.pop_back();
    const double steps = std::max(seconds[i] - rates.run, seconds[i] / 2);
    double each = seconds[i] > 0 ? steps / static_cast<double>(probe.steps)
                                 : in_proportion(row, rates.batches, work);
    // More work takes no less time, whatever disturbed the measurement.
    if (!row.points.empty()) each = std::max(each, row.points.back().seconds);
    row.points.push_back({.work = work, .seconds = each});
    rates.batches.push_back(std::move(row));
  }
  return rates;
}

}  // namespace carousel::planning
