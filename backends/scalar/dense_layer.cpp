// SPDX-License-Identifier: Apache-2.0
#include "backends/scalar/arithmetic.hpp"
#include "backends/scalar/layers.hpp"
#include "backends/scalar/matrix.hpp"

#include <vector>

namespace carousel::scalar {
namespace {

class DenseWorkspace final : public Workspace {
 public:
  explicit DenseWorkspace(const DenseSpec& spec)
      : quantized_x(static_cast<std::size_t>(spec.input_size)) {}

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return sizeof(*this) + quantized_x.size();
  }

  std::vector<std::int8_t> quantized_x;  ///< [input_size]
};

class DenseLayer final : public Layer {
 public:
  DenseLayer(const DenseSpec& spec, const Weights& weights, Precision precision,
             const std::optional<layers::ElementwiseFunction>& activation)
      : spec_(spec),
        activation_(activation),
        weight_(Float32View(find_weight(weights, "weight")).values(), spec.input_size, precision),
        bias_(static_cast<std::size_t>(spec.output_size), 0.0F) {
    add_to(bias_, Float32View(find_weight(weights, "bias")).values());
  }

  [[nodiscard]] std::unique_ptr<Workspace> workspace(const WorkspaceOptions&) const override {
    return std::make_unique<DenseWorkspace>(spec_);
  }

  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    std::int8_t* const quantized = static_cast<DenseWorkspace&>(workspace).quantized_x.data();
    for (std::int64_t row = 0; row < args.y.batch; ++row) {
      for (std::int64_t t = 0; t < args.y.steps; ++t) {
        run_frame(weight_.operand(args.x().row(t, row), quantized), args.y.row(t, row));
      }
    }
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return weight_.bytes() + bias_.size() * sizeof(float);
  }

 private:
  /// y = activation(W x + b)
  void run_frame(const Operand& x, float* y) const noexcept {
    for (std::int64_t j = 0; j < spec_.output_size; ++j) {
      y[j] = weight_.add_product(bias_[static_cast<std::size_t>(j)], j, x);
    }
    if (activation_) (*activation_)(y, y, spec_.output_size);
  }

  DenseSpec spec_;
  std::optional<layers::ElementwiseFunction> activation_;
  Matrix weight_;            ///< [output_size, input_size]
  std::vector<float> bias_;  ///< [output_size]; zeros without bias.
};

}  // namespace

std::unique_ptr<Layer> make_dense_layer(
    const DenseSpec& spec, const Weights& weights, Precision precision,
    const std::optional<layers::ElementwiseFunction>& activation) {
  return std::make_unique<DenseLayer>(spec, weights, precision, activation);
}

}  // namespace carousel::scalar
