// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/arithmetic.hpp"
#include "backends/scalar/layers.hpp"
#include "core/engine/no_workspace.hpp"

#include <vector>

namespace carousel::scalar {
namespace {

class DenseLayer final : public Layer {
 public:
  DenseLayer(const DenseSpec& spec, const Weights& weights,
             const std::optional<layers::ElementwiseFunction>& activation)
      : spec_(spec),
        activation_(activation),
        weight_(copy(Float32View(find_weight(weights, "weight")).values())),
        bias_(static_cast<std::size_t>(spec.output_size), 0.0F) {
    add_to(bias_, Float32View(find_weight(weights, "bias")).values());
  }

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions&) const override {
    return std::make_unique<NoWorkspace>();
  }

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    for (std::int64_t row = 0; row < args.y.batch; ++row) {
      for (std::int64_t t = 0; t < args.y.steps; ++t) {
        run_frame(args.x().row(t, row), args.y.row(t, row));
      }
    }
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return (weight_.size() + bias_.size()) * sizeof(float);
  }

 private:
  /// y = activation(W x + b)
  void run_frame(const float* x, float* y) const noexcept {
    const std::int64_t inputs = spec_.input_size;
    for (std::int64_t j = 0; j < spec_.output_size; ++j) {
      y[j] = dot(bias_[static_cast<std::size_t>(j)], weight_.data() + j * inputs, x, inputs);
    }
    if (activation_) (*activation_)(y, y, spec_.output_size);
  }

  DenseSpec spec_;
  std::optional<layers::ElementwiseFunction> activation_;
  std::vector<float> weight_;  ///< [output_size, input_size]
  std::vector<float> bias_;    ///< [output_size]; zeros without bias.
};

}  // namespace

std::unique_ptr<Layer> make_dense_layer(
    const DenseSpec& spec, const Weights& weights,
    const std::optional<layers::ElementwiseFunction>& activation) {
  return std::make_unique<DenseLayer>(spec, weights, activation);
}

}  // namespace carousel::scalar
