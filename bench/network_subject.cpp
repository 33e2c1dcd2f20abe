// SPDX-License-Identifier: Apache-2.0
#include "network_subject.hpp"

#include "core/model/wiring.hpp"
#include <model_facts.hpp>
#include <random.hpp>
#include <timing.hpp>

#include <carousel/error.hpp>

#include <algorithm>

namespace carousel::bench {
namespace {

constexpr double kLeastSample = 1e-3;  // seconds; below, interrupts would show

Network prepare_network(const Model& model, const std::string& backend, const RunSize& size) {
  return prepare(model, {.backend = backend, .batch = size.batch, .steps = size.steps});
}

StreamOptions stream_options(const RunSize& size) {
  return {.batch = size.batch, .max_steps = std::max<std::int64_t>(size.steps, 1)};
}

void require(const Status& status) {
  if (!status) throw Error(ErrorCode::invalid_argument, status.message());
}

class WholeNetwork final : public NetworkSubject {
 public:
  WholeNetwork(const NetworkCase& network, const std::string& backend)
      : calls_(network.model, network.arrays, network.carry),
        network_(prepare_network(network.model, backend, calls_.size())),
        stream_(network_.stream(stream_options(calls_.size()))) {
    std::vector<std::int64_t> steps;
    std::vector<cli::NamedFile> outputs;
    for (std::size_t k = 0; k < network_.outputs().size(); ++k) {
      steps.push_back(network_.output_steps(calls_.size().steps, k));
      outputs.push_back({network_.outputs()[k].name, "", network.name});
    }
    calls_.make_outputs(network_.outputs(), steps, outputs);
  }

  double run() override {
    double seconds = 0;
    calls_.run([&](std::span<const NamedInput> inputs, std::span<const NamedOutput> outputs) {
      stream_.reset();
      const double start = cli::now();
      const Status status = stream_.run(inputs, outputs);
      seconds += cli::now() - start;
      require(status);
    });
    return seconds;
  }

  [[nodiscard]] std::string resolved() const override { return cli::backends_of(network_); }

 private:
  cli::Calls calls_;
  Network network_;
  Stream stream_;
};

/// A layer as a network of its own, which is given random numbers.
class SingleLayer {
 public:
  SingleLayer(const ModelLayer& layer, const std::string& backend, const RunSize& size)
      : size_(size),
        network_(prepare_network(alone(layer), backend, size)),
        stream_(network_.stream(stream_options(size))),
        x_(count(network_.input_size())),
        y_(count(network_.output_size())) {
    cli::Random random(2);
    for (float& value : x_) value = static_cast<float>(2 * random.uniform() - 1);
  }

  void run() {
    stream_.reset();
    require(stream_.run(
        steps_first<const float>(x_.data(), size_.steps, size_.batch, network_.input_size()),
        steps_first(y_.data(), size_.steps, size_.batch, network_.output_size())));
  }

  [[nodiscard]] const Network& network() const noexcept { return network_; }

 private:
  static Model alone(const ModelLayer& layer) {
    Model model;
    model.layers.push_back({.spec = layer.spec, .weights = layer.weights});
    return model;
  }
  [[nodiscard]] std::size_t count(std::int64_t features) const {
    return static_cast<std::size_t>(size_.steps * size_.batch * features);
  }

  RunSize size_;
  Network network_;
  Stream stream_;
  std::vector<float> x_, y_;
};

/// The steps that come out of each layer in a call of so many.
std::vector<std::int64_t> count_steps(const Model& model, const Wiring& wiring,
                                      std::int64_t steps) {
  const std::vector<ModelInput> inputs = model_inputs(model);
  std::vector<std::int64_t> counts;
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    std::int64_t most = 1;
    for (const Source& source : wiring.sources[k]) {
      if (source.of == Source::Of::layer) most = std::max(most, counts[source.index]);
      if (source.of == Source::Of::model_input && !inputs[source.index].one_step) {
        most = std::max(most, steps);
      }
    }
    counts.push_back(output_steps(model.layers[k].spec, most));
  }
  return counts;
}

class RecurrentLayers final : public NetworkSubject {
 public:
  RecurrentLayers(const NetworkCase& network, const std::string& backend)
      : calls_(network.calls()) {
    const Model& model = network.model;
    const RunSize size = cli::Calls(model, network.arrays, network.carry).size();
    const std::vector<std::int64_t> steps = count_steps(model, resolve_wiring(model), size.steps);
    for (std::size_t k = 0; k < model.layers.size(); ++k) {
      if (!std::holds_alternative<RecurrentSpec>(model.layers[k].spec)) continue;
      layers_.emplace_back(model.layers[k], backend, RunSize{steps[k], size.batch});
    }
  }

  double run() override {
    double seconds = 0;
    for (std::int64_t call = 0; call < calls_; ++call) {
      const double start = cli::now();
      for (SingleLayer& layer : layers_) layer.run();
      seconds += cli::now() - start;
    }
    return seconds;
  }

  [[nodiscard]] std::string resolved() const override {
    return cli::backends_of(layers_.front().network());
  }
  [[nodiscard]] bool empty() const noexcept { return layers_.empty(); }

 private:
  std::int64_t calls_;
  std::vector<SingleLayer> layers_;
};

}  // namespace

double NetworkSubject::sample(std::int64_t calls) {
  std::int64_t count = 0;
  double seconds = 0;
  do {
    seconds += run();
    count += calls;
  } while (seconds < kLeastSample);
  return seconds / static_cast<double>(count);
}

std::unique_ptr<NetworkSubject> whole_network(const NetworkCase& network,
                                              const std::string& backend) {
  return std::make_unique<WholeNetwork>(network, backend);
}

std::unique_ptr<NetworkSubject> recurrent_layers(const NetworkCase& network,
                                                 const std::string& backend) {
  auto layers = std::make_unique<RecurrentLayers>(network, backend);
  if (layers->empty()) return nullptr;
  return layers;
}

}  // namespace carousel::bench
