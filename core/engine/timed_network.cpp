// SPDX-License-Identifier: Apache-2.0
#include "core/engine/timed_network.hpp"

#include "core/engine/network_data.hpp"

#include <chrono>
#include <utility>

namespace carousel {
namespace {

using Times = std::shared_ptr<std::vector<LayerTime>>;

/// Another layer and a clock.
class TimedLayer final : public Layer {
 public:
  TimedLayer(std::unique_ptr<Layer> layer, Times times, std::size_t index)
      : layer_(std::move(layer)), times_(std::move(times)), index_(index) {}

  [[nodiscard]] std::unique_ptr<Workspace> workspace(
      const WorkspaceOptions& options) const override {
    return layer_->workspace(options);
  }

  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    using Steady = std::chrono::steady_clock;
    const Steady::time_point start = Steady::now();
    Status status = layer_->forward(args, workspace);
    LayerTime& time = (*times_)[index_];
    time.seconds += std::chrono::duration<double>(Steady::now() - start).count();
    ++time.calls;
    return status;
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return layer_->memory_bytes();
  }

 private:
  std::unique_ptr<Layer> layer_;
  Times times_;
  std::size_t index_;
};

}  // namespace

TimedNetwork prepare_timed(const Model& model, const PrepareOptions& options) {
  const std::shared_ptr<detail::NetworkData> data = detail::prepare_data(model, options);
  auto times = std::make_shared<std::vector<LayerTime>>(data->layers.size());
  for (std::size_t k = 0; k < data->layers.size(); ++k) {
    data->layers[k] = std::make_unique<TimedLayer>(std::move(data->layers[k]), times, k);
  }
  return {detail::NetworkAccess::make(data), std::move(times)};
}

}  // namespace carousel
