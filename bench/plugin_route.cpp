// SPDX-License-Identifier: Apache-2.0
// What it costs to call a layer through the ABI of plug-ins.
#include "group.hpp"
#include "route.hpp"
#include "sampler.hpp"
#include "suite.hpp"

#include "core/planning/time_probes.hpp"

#include <timing.hpp>

#include <carousel/backend.hpp>

#include <array>

namespace carousel::bench {
namespace {

constexpr std::int64_t kSize = 128;  // vadcell
constexpr double kSample = 1e-3;

/// One layer of 128 units, one step of one row.
class Call {
 public:
  Call(const Backend& backend, Cell cell)
      : spec_(make_spec(cell, kSize, kSize)),
        layer_(backend.prepare(spec_, planning::constant_weights(spec_), {.batch = 1, .steps = 1})),
        workspace_(layer_->workspace({.batch = 1, .max_steps = 1})) {
    for (const StateSpec& state : states(spec_)) {
      state_memory_.emplace_back(static_cast<std::size_t>(state.size));
    }
    for (std::vector<float>& memory : state_memory_) states_.push_back(memory.data());
    const double once = time(1);
    runs_ = std::max<std::int64_t>(1, static_cast<std::int64_t>(kSample / std::max(once, 1e-9)));
  }

  /// Seconds of one call, the mean of a millisecond of them.
  double sample() { return time(runs_); }

 private:
  double time(std::int64_t runs) {
    const auto x = unbatched<const float>(x_.data(), 1, kSize);
    const ForwardArgs args{
        .inputs = {&x, 1}, .y = unbatched(y_.data(), 1, kSize), .states = states_};
    const double start = cli::now();
    for (std::int64_t i = 0; i < runs; ++i) {
      if (!layer_->forward(args, *workspace_)) {
        throw Error(ErrorCode::plugin_failed, "plug-in route: forward failed");
      }
    }
    return (cli::now() - start) / static_cast<double>(runs);
  }

  LayerSpec spec_;
  std::unique_ptr<Layer> layer_;
  std::unique_ptr<Workspace> workspace_;
  std::array<float, kSize> x_{}, y_{};
  std::vector<std::vector<float>> state_memory_;
  std::vector<float*> states_;
  std::int64_t runs_ = 1;
};

RouteResult measure(const std::string& name, Cell cell, int repetitions) {
  Call direct(route_backend(), cell);
  Call plugin(load_plugin(CAROUSEL_BENCH_PLUGIN), cell);
  const auto samples =
      sample_interleaved({{"direct", [&] { return direct.sample(); }, repetitions},
                          {"plug-in", [&] { return plugin.sample(); }, repetitions}});
  return {name, quartiles(samples[0]), quartiles(samples[1])};
}

}  // namespace

void run_plugin_route(const Settings& settings, Results& results) {
  results.routes.push_back(measure("nothing", Cell::rnn, settings.most_repetitions));
  results.routes.push_back(measure("vadcell", Cell::lstm, settings.most_repetitions));
}

}  // namespace carousel::bench
