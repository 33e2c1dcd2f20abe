// SPDX-License-Identifier: Apache-2.0
// Whole networks, with all that stands around their recurrent layers.
#include "allowance.hpp"
#include "network_subject.hpp"
#include "onnxruntime.hpp"
#include "sampler.hpp"
#include "suite.hpp"

#include <carousel/error.hpp>

namespace carousel::bench {
namespace {

/// What takes turns on one case: the network by each choice of backends, the recurrent layers
/// alone, ONNX Runtime.
class NetworkGroup {
 public:
  NetworkGroup(const NetworkCase& network, const std::vector<std::string>& backends, bool peers)
      : network_(network), backends_(backends) {
    for (const std::string& backend : backends_) add(backend, whole_network(network, backend));
    for (const std::string& backend : backends_) {
      add(backend + " recurrent", recurrent_layers(network, backend));
    }
    if (peers && network.is_onnx()) add(kOnnxRuntime, onnxruntime_network(network));
  }

  [[nodiscard]] std::vector<NetworkResult> measure(double seconds, int most_repetitions) {
    double round = 0;
    for (const Contender& one : contenders_) {
      static_cast<void>(one.subject->run());  // the first run may be slow
      const double start = cli::now();
      static_cast<void>(one.subject->sample(network_.calls()));
      round += cli::now() - start;
    }
    const int repetitions = repetitions_within(seconds, round, most_repetitions);
    std::vector<Task> tasks;
    for (const Contender& one : contenders_) {
      tasks.push_back(
          {one.name, [&] { return one.subject->sample(network_.calls()); }, repetitions});
    }
    return results(sample_interleaved(tasks), repetitions);
  }

 private:
  struct Contender {
    std::string name;
    std::unique_ptr<NetworkSubject> subject;
  };

  void add(const std::string& name, std::unique_ptr<NetworkSubject> subject) {
    if (subject != nullptr) contenders_.push_back({name, std::move(subject)});
  }

  [[nodiscard]] std::vector<NetworkResult> results(const std::vector<std::vector<double>>& samples,
                                                   int repetitions) const {
    const auto seconds_of = [&](const std::string& name) {
      for (std::size_t k = 0; k < contenders_.size(); ++k) {
        if (contenders_[k].name == name) return quartiles(samples[k]);
      }
      return Quartiles{};
    };
    std::vector<NetworkResult> list;
    for (std::size_t k = 0; k < backends_.size(); ++k) {
      list.push_back({.network = network_.name,
                      .backend = contenders_[k].subject->resolved(),
                      .calls = network_.calls(),
                      .samples = repetitions,
                      .whole = seconds_of(backends_[k]),
                      .recurrent = seconds_of(backends_[k] + " recurrent"),
                      .onnxruntime = seconds_of(kOnnxRuntime)});
    }
    return list;
  }

  const NetworkCase& network_;
  std::vector<std::string> backends_;
  std::vector<Contender> contenders_;
};

}  // namespace

void run_networks(const Settings& settings, Results& results) {
  const auto folders = find_network_cases(settings.networks);
  const auto backends =
      settings.backends.empty() ? std::vector<std::string>{"auto"} : settings.backends;
  ProgressLine progress;
  for (const std::filesystem::path& folder : folders) {
    progress.show("carousel_bench: network " + folder.filename().string());
    const NetworkCase network = read_network_case(folder);
    NetworkGroup group(network, backends, settings.peers);
    const double seconds = settings.seconds / static_cast<double>(folders.size());
    for (NetworkResult& result : group.measure(seconds, settings.most_repetitions)) {
      results.networks.push_back(std::move(result));
    }
  }
}

}  // namespace carousel::bench
