// SPDX-License-Identifier: Apache-2.0
#include "route.hpp"

#include <string>

namespace carousel::bench {
namespace {

class NothingWorkspace final : public Workspace {
 public:
  [[nodiscard]] std::size_t memory_bytes() const noexcept override { return 0; }
};

class NothingLayer final : public Layer {
 public:
  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions&) const override {
    return std::make_unique<NothingWorkspace>();
  }
  Status forward(const ForwardArgs&, Workspace&) const noexcept override { return {}; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept override { return 0; }
};

class RouteBackend final : public Backend {
 public:
  [[nodiscard]] std::string_view family() const noexcept override { return "bench-route"; }
  [[nodiscard]] std::string description() const override { return "for measuring calls"; }
  [[nodiscard]] std::string version() const override { return "1"; }
  [[nodiscard]] Support available(const CpuFeatures&) const override { return Support::yes(); }
  [[nodiscard]] Support supports(const LayerSpec& spec, Precision precision) const override {
    return xsimd().supports(spec, precision);
  }
  [[nodiscard]] std::unique_ptr<Layer> prepare(const LayerSpec& spec, const Weights& weights,
                                               const LayerOptions& options) const override {
    const auto* recurrent = std::get_if<RecurrentSpec>(&spec);
    if (recurrent != nullptr && recurrent->cell == Cell::rnn)
      return std::make_unique<NothingLayer>();
    return xsimd().prepare(spec, weights, options);
  }

 private:
  static const Backend& xsimd() {
    static const Backend& best = *select_backends("xsimd").front();
    return best;
  }
};

}  // namespace

const Backend& route_backend() {
  static const RouteBackend backend;
  return backend;
}

}  // namespace carousel::bench
