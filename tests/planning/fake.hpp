// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>
#include <carousel/error.hpp>
#include <carousel/model.hpp>
#include <carousel/plan.hpp>

#include "core/planning/planner.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

/// A machine whose time passes only when a fake backend works.
namespace carousel::planning_test {

struct FakeBackend final : public Backend {
  /// Seconds that `steps` steps take with so many threads.
  using Cost = std::function<double(std::int64_t steps, int threads)>;
  /// How many times as long as with the first tiling.
  using Factor = std::function<double(const std::string& tiling)>;

  FakeBackend(std::string name, double& time, Cost cost_of)
      : name_(std::move(name)), clock(time), cost(std::move(cost_of)) {}

  [[nodiscard]] std::string_view family() const noexcept override { return name_; }
  [[nodiscard]] std::string description() const override { return "for tests"; }
  [[nodiscard]] std::string version() const override { return version_text; }
  [[nodiscard]] Support available(const CpuFeatures& /*cpu*/) const override {
    return Support::yes();
  }
  [[nodiscard]] Support supports(const LayerSpec& /*spec*/,
                                 Precision /*precision*/) const override {
    return refusal.empty() ? Support::yes() : Support::no(refusal);
  }
  [[nodiscard]] std::vector<std::string> tilings(const LayerSpec& /*spec*/,
                                                 const LayerOptions& /*options*/) const override {
    return names;
  }
  [[nodiscard]] std::unique_ptr<Layer> prepare(const LayerSpec& spec, const Weights& weights,
                                               const LayerOptions& options) const override;

 private:
  std::string name_;

 public:
  double& clock;
  Cost cost;
  std::vector<std::string> names;  ///< of its tilings
  Factor factor = [](const std::string& /*tiling*/) { return 1.0; };
  std::string version_text = "1";
  std::string refusal;
  std::string failure;     ///< what `prepare` throws
  std::string bad_tiling;  ///< with which it throws
  bool correct = false;
  mutable int prepared = 0;  ///< how often
};

/// Does what the scalar backend does if it is `correct`, else writes zeros, which no real layer
/// does.
struct FakeLayer final : public Layer {
  struct NoScratch final : public Workspace {
    [[nodiscard]] std::size_t memory_bytes() const noexcept override { return 0; }
  };

  FakeLayer(const FakeBackend& who, const LayerOptions& options, std::unique_ptr<Layer> real)
      : backend(who),
        threads(options.threads),
        factor(options.tiling.empty() ? 1 : who.factor(options.tiling)),
        inner(std::move(real)) {}
  [[nodiscard]] std::unique_ptr<Workspace> workspace(
      const WorkspaceOptions& options) const override {
    return inner ? inner->workspace(options) : std::make_unique<NoScratch>();
  }
  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    backend.clock += factor * backend.cost(args.x().steps, threads);
    if (inner) return inner->forward(args, workspace);
    for (std::int64_t t = 0; t < args.y.steps; ++t) {
      for (std::int64_t b = 0; b < args.y.batch; ++b) {
        std::fill_n(args.y.row(t, b), args.y.features, 0.0F);
      }
    }
    return {};
  }
  [[nodiscard]] std::size_t memory_bytes() const noexcept override { return 0; }

  const FakeBackend& backend;
  int threads;
  double factor;
  std::unique_ptr<Layer> inner;
};

inline std::unique_ptr<Layer> FakeBackend::prepare(const LayerSpec& spec, const Weights& weights,
                                                   const LayerOptions& options) const {
  require_tiling(spec, options);
  ++prepared;
  if (!failure.empty()) throw Error(ErrorCode::internal, failure);
  if (!bad_tiling.empty() && options.tiling == bad_tiling) {
    throw Error(ErrorCode::internal, "cannot partition like that");
  }
  std::unique_ptr<Layer> real;
  if (correct) real = select_backends("scalar").front()->prepare(spec, weights, options);
  return std::make_unique<FakeLayer>(*this, options, std::move(real));
}

/// The same time for each step, whatever the threads.
inline FakeBackend::Cost per_step(double seconds) {
  return [=](std::int64_t steps, int /*threads*/) { return seconds * static_cast<double>(steps); };
}

/// A layer with weights that are arbitrary, and none of those that it need not have.
inline ModelLayer make_layer(const LayerSpec& spec) {
  ModelLayer layer{.spec = spec};
  for (const WeightRole& role : weight_roles(spec)) {
    if (!role.required) continue;
    std::size_t count = 1;
    for (const std::int64_t size : role.shape) count *= static_cast<std::size_t>(size);
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i % 11) * 0.1F - 0.5F;
    layer.weights[role.name] = Tensor(role.shape, values);
  }
  return layer;
}

inline ModelLayer make_layer(std::int64_t input, std::int64_t hidden) {
  return make_layer(make_spec(Cell::lstm, input, hidden));
}

/// A folder that is removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "carousel-planning-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::filesystem::path file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace carousel::planning_test
