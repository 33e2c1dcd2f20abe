// SPDX-License-Identifier: Apache-2.0
#include "backends/onednn/end_of_process.hpp"
#include "backends/onednn/layers.hpp"
#include "backends/onednn/rnn_weights.hpp"
#include "backends/onednn/rnn_workspace.hpp"
#include "backends/onednn/scoped_threads.hpp"
#include "core/engine/float_env.hpp"

#include <algorithm>
#include <deque>
#include <vector>

namespace carousel::onednn {
namespace {

/// A recurrent layer: the weights of its directions. The primitives depend on batch and steps, so
/// they are the workspace's.
class RnnLayer final : public Layer {
 public:
  RnnLayer(const RecurrentSpec& spec, const Weights& weights, const LayerOptions& options)
      : spec_(spec), threads_(options.threads) {
    const ScopedThreads threads(threads_);
    const std::int64_t steps = std::max<std::int64_t>(options.steps, 1);
    const std::int64_t batch = std::max<std::int64_t>(options.batch, 1);
    for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
      weights_.emplace_back(spec, RecurrentWeights(weights, d));
      // Packs for the shape to expect.
      const RnnDesc desc = describe_direction(spec, d, steps, batch);
      (void)weights_.back().layer.as(desc.weights_layer_desc());
      (void)weights_.back().iter.as(desc.weights_iter_desc());
    }
    warm_up(batch);
    watch_for_end_of_process();
  }

  [[nodiscard]] std::unique_ptr<Workspace> workspace(
      const WorkspaceOptions& options) const override {
    require_process_goes_on();
    const ScopedThreads threads(threads_);
    return translate_errors("primitives of " + describe(spec_), [&] {
      return std::make_unique<RnnWorkspace>(spec_, weights_, options);
    });
  }

  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    if (args.x().steps == 0 || args.x().batch == 0) return {};
    if (process_ends()) return refusal_at_end_of_process();
    const ScopedThreads threads(threads_);
    return static_cast<RnnWorkspace&>(workspace).forward(args);
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    std::size_t total = 0;
    for (const RnnWeights& w : weights_) total += w.bytes();
    return total;
  }

 private:
  /// Runs some steps of zeros. The first time that a primitive runs, oneDNN generates code and
  /// OpenMP starts threads, which takes tens of milliseconds.
  void warm_up(std::int64_t batch) const {
    const FlushDenormals flush;  // OpenMP's threads inherit it
    RnnWorkspace workspace(spec_, weights_, {.batch = batch, .max_steps = kStepsToWarmUp});
    const std::vector<float> x(static_cast<std::size_t>(kStepsToWarmUp * batch * spec_.input_size));
    std::vector<float> y(static_cast<std::size_t>(kStepsToWarmUp * batch * spec_.output_size()));
    std::vector<std::vector<float>> values;
    std::vector<float*> pointers;
    for (const StateSpec& state : states(spec_)) {
      values.emplace_back(static_cast<std::size_t>(batch * state.size));
      pointers.push_back(values.back().data());
    }
    const auto steps = steps_first<const float>(x.data(), kStepsToWarmUp, batch, spec_.input_size);
    (void)workspace.forward({.inputs = {&steps, 1},
                             .y = steps_first(y.data(), kStepsToWarmUp, batch, spec_.output_size()),
                             .states = pointers});
  }

  RecurrentSpec spec_;
  int threads_;
  std::deque<RnnWeights> weights_;  ///< Per direction; a deque because they cannot move.
};

}  // namespace

std::unique_ptr<Layer> make_rnn_layer(const RecurrentSpec& spec, const Weights& weights,
                                      const LayerOptions& options) {
  require_process_goes_on();
  return std::make_unique<RnnLayer>(spec, weights, options);
}

}  // namespace carousel::onednn
