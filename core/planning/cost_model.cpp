// SPDX-License-Identifier: Apache-2.0
#include "core/planning/cost_model.hpp"

#include <algorithm>

#include "core/model/stored_weights.hpp"

namespace carousel::planning {
namespace {

/// The seconds that a run loses because the other threads are asleep and come late.
constexpr double kWake = 40e-6;
/// The seconds that threads wait for each other after a step that they share.
constexpr double kBarrier = 1e-6;
/// How much of the work of one thread each further thread does.
constexpr double kEfficiency = 0.85;

/// The share of so many bytes, read over and over, that does not stay in a cache: half of it keeps
/// some of them from one time to the next.
double far_share(double bytes, double cache) { return std::max(0.0, 1 - cache / 2 / bytes); }

/// `bytes` are those of the recurrent weights.
double step_seconds(const Rates& rates, const Work& work, double bytes, double rows, double cache,
                    const ReadRate& read_rate) {
  const double near = rates.step(work.all(), rows);
  const double far = bytes > 0 ? far_share(bytes, cache) : 0;
  if (far == 0) return near;
  const double rate = read_rate(bytes);
  if (rate == 0) return 0;
  // The inputs of several steps are projected together, as if they were more rows.
  const double inputs = rows * rates.row_of_many(work.all()) * work.inputs / work.all();
  const double staying = (1 - far) * near * work.recurrent / work.all();
  return std::max(near, inputs + far * bytes / rate + staying);
}

/// Whether threads wait for each other after each step. Those of xsimd have rows of their own where
/// there are enough; what others do is not known.
bool has_barriers(const Backend& backend, std::int64_t rows, int threads) {
  return backend.family() != "xsimd" || rows < threads;
}

}  // namespace

Filling filling_of(const Backend& backend) {
  // Four vectors at a time: those of the gates, or of neighbouring units. With vectors of 16 floats
  // there are also blocks of half vectors for cells with gates.
  const std::string_view isa = backend.isa();
  if (isa == "avx512" || isa == "sve512") return {.gated = 8, .plain = 64};
  if (isa == "avx2" || isa == "sve256") return {.gated = 8, .plain = 32};
  if (isa == "sse2" || isa == "neon") return {.gated = 4, .plain = 16};
  return {};
}

double weight_bytes(Precision precision) {
  const auto dtype = stored_type(precision);
  if (dtype) return static_cast<double>(element_size(*dtype));
  return precision == Precision::int8 ? sizeof(std::int8_t) : sizeof(float);
}

double predict_seconds(const Rates& rates, const Backend& backend, const Expected& expected,
                       std::int64_t l2_bytes, const ReadRate& read_rate) {
  const Shape& shape = expected.shape;
  const int threads = backend.family() == "scalar" ? 1 : expected.threads;  // it uses no more
  const std::int64_t rows = expected.batch * shape.positions;
  const bool recurrent = shape.state > 0;
  const auto steps = static_cast<double>(recurrent ? expected.steps : 1);
  const auto rows_of_step = static_cast<double>(recurrent ? rows : rows * expected.steps);
  const Work work_of_step = work_of(shape, filling_of(backend));
  const double bytes = weight_bytes(expected.precision) * work_of_step.recurrent;
  const double step = step_seconds(rates, work_of_step, bytes, rows_of_step,
                                   static_cast<double>(l2_bytes * threads), read_rate);
  if (step == 0) return 0;
  const double work = static_cast<double>(shape.directions) * steps * step;
  if (threads == 1) return work + rates.run;
  const double shared = work / (1 + kEfficiency * (threads - 1)) + kWake + rates.run;
  if (!has_barriers(backend, rows, threads)) return shared;
  return shared + static_cast<double>(shape.directions) * steps * kBarrier;
}

}  // namespace carousel::planning
