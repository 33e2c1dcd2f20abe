// SPDX-License-Identifier: Apache-2.0
#include "core/planning/cost_model.hpp"

#include "core/engine/layers/convolution.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace carousel::planning {
namespace {

/// The speed of one backend on one core.
struct Rates {
  std::string_view backend;  ///< id
  std::int64_t width;        ///< floats of a vector
  std::int64_t fill;         ///< units of a gated cell are rounded up to a multiple of this
  double flops;              ///< operations of the matrices per second
  double near_bytes;         ///< bytes of weights per second that are read from the core's caches
  double far_bytes;          ///< bytes of weights per second that are read from L3 or memory
  double unit;               ///< seconds for the activations of one unit in one row
  double step;               ///< further seconds of each step
  double run;                ///< further seconds of each run
  double barrier;            ///< further seconds of each step that several threads share
  bool shares_rows;          ///< whether threads can have rows of their own, without barriers
};

/// Fitted to 222 timings of shapes.csv's LSTMs with one thread on a Xeon with AVX-512, 2 MiB of L2
/// cache per core, so that the logarithms of the ratios become small; neon and scalar by analogy.
/// AVX-512's flops were raised by hand (105e9 was fitted) when its kernels had learned to fetch
/// weights ahead: then 91 to 150 GFLOP/s in batches of 16 to 64, and oneDNN 72 to 149. So was
/// AVX2's step (10e-9): one row of 4 and of 8 units takes AVX-512 0.82 of its time. xsimd's runs
/// (1.4 to 3 µs were fitted) cost 0.2 µs: single steps of few units went to scalar.
constexpr std::array kRates{
    Rates{"xsimd:avx512", 16, 8, 135e9, 1100e9, 19e9, 0.4e-9, 20e-9, 0.2e-6, 0.5e-6, true},
    Rates{"xsimd:avx2", 8, 8, 58e9, 700e9, 19e9, 1.1e-9, 16e-9, 0.2e-6, 0.5e-6, true},
    Rates{"xsimd:sse2", 4, 4, 28e9, 190e9, 19e9, 3.1e-9, 70e-9, 0.2e-6, 0.5e-6, true},
    Rates{"xsimd:neon", 4, 4, 35e9, 250e9, 19e9, 2.5e-9, 70e-9, 0.2e-6, 0.5e-6, true},
    Rates{"onednn", 16, 16, 128e9, 80e9, 10e9, 4.2e-9, 430e-9, 3.8e-6, 1.5e-6, false},
    Rates{"scalar", 1, 1, 1.5e9, 6e9, 6e9, 60e-9, 20e-9, 0.2e-6, 0, false},
};

/// The seconds that a run loses because the other threads are asleep and come late.
constexpr double kWake = 40e-6;
/// How much of the work of one thread each further thread does.
constexpr double kEfficiency = 0.85;
/// Rows times steps for which the input weights are read once.
constexpr double kRowsPerRead = 12;

/// What the model needs to know of a layer. All but `directions` is of one direction.
struct Shape {
  std::int64_t directions = 1;  ///< Or groups of a convolution.
  std::int64_t positions = 1;   ///< Of a convolution: so many rows for each of the layer's.
  std::int64_t inputs = 0;
  std::int64_t units = 0;
  std::int64_t state = 0;       ///< Features of h that are fed back; 0: not recurrent.
  std::int64_t projection = 0;  ///< Multiply-adds of the projection.
  bool gated = false;
};

std::optional<Shape> shape_of(const LayerSpec& spec) {
  if (const auto* s = std::get_if<RecurrentSpec>(&spec)) {
    return Shape{.directions = s->directions(),
                 .inputs = s->input_size,
                 .units = s->hidden_size,
                 .state = s->state_size(),
                 .projection = s->proj_size * s->hidden_size,
                 .gated = s->gates() > 1};
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

/// Outputs of a layer's matrices, with its units rounded up to whole or half vectors. The vector
/// kernels compute four vectors at a time: the gates of a gated cell (the candidate of a GRU counts
/// twice), or else four vectors of units.
double filled_outputs(const Rates& rates, const Shape& shape) {
  const std::int64_t block = rates.width == 1 ? 1 : shape.gated ? rates.fill : 4 * rates.width;
  const std::int64_t units = (shape.units + block - 1) / block * block;
  return static_cast<double>(shape.gated ? 4 * units : units);
}

double step_seconds(const Rates& rates, const Shape& shape, double rows, int threads,
                    std::int64_t cache) {
  constexpr double kFloat = sizeof(float);
  const double outputs = filled_outputs(rates, shape);
  const double inputs = outputs * static_cast<double>(shape.inputs);
  const double recurrent =
      outputs * static_cast<double>(shape.state) + static_cast<double>(shape.projection);
  const bool near = kFloat * (inputs + recurrent) <= static_cast<double>(threads * cache);
  const double bytes = kFloat * (recurrent + inputs * std::min(1.0, rows / kRowsPerRead));
  const double activations =
      shape.state > 0 ? rows * static_cast<double>(shape.units) * rates.unit : 0;
  return bytes / (near ? rates.near_bytes : rates.far_bytes) +
         rows * 2 * (inputs + recurrent) / rates.flops + activations + rates.step;
}

}  // namespace

double predict_seconds(const Backend& backend, const Problem& problem, int threads,
                       const CpuFeatures& cpu) {
  const std::optional<Shape> shape = shape_of(problem.spec());
  if (!shape) return 0;
  const std::string id = backend.id();
  const auto rates = std::ranges::find(kRates, id, &Rates::backend);
  if (rates == kRates.end()) return 0;
  if (id == "scalar") threads = 1;  // it never uses more
  const std::int64_t cache = cpu.l2_bytes > 0 ? cpu.l2_bytes : std::int64_t{1} << 20U;
  const auto steps = static_cast<double>(problem.steps * shape->directions);
  const auto rows = static_cast<double>(problem.batch * shape->positions);
  const double work = steps * step_seconds(*rates, *shape, rows, threads, cache);
  if (threads == 1) return work + rates->run;
  const double shared = work / (1 + kEfficiency * (threads - 1)) + kWake + rates->run;
  // (xsimd's threads share the units of big layers whatever the batch, but steps are long then.)
  const bool barriers = !rates->shares_rows || problem.batch * shape->positions < threads;
  return barriers ? shared + steps * rates->barrier : shared;
}

}  // namespace carousel::planning
