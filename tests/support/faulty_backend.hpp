// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include <memory>
#include <string>
#include <vector>

/// A backend with a fault, for tests of what has to find it.
namespace carousel::testing_support {

/// What goes wrong, at one unit of the layers of one input size.
enum class Fault {
  none,
  input_gate,
  forget_gate,
  output_gate,
  recurrent,
  projection,
  carried,
  head,
  fails,   ///< every run
  refuses  ///< every layer
};

/// The scalar backend with changed weights, or, for Fault::carried, a forgetful state.
class FaultyLayer final : public Layer {
 public:
  FaultyLayer(std::unique_ptr<Layer> inner, Fault fault)
      : inner_(std::move(inner)), fault_(fault) {}

  std::unique_ptr<Workspace> workspace(const WorkspaceOptions& options) const override {
    return inner_->workspace(options);
  }
  Status forward(const ForwardArgs& args, Workspace& workspace) const noexcept override {
    if (fault_ == Fault::fails) return Status::failure("out of order");
    const Status status = inner_->forward(args, workspace);
    if (fault_ == Fault::carried && args.x.steps > 2) args.y.row(2, 0)[1] += 0.5F;
    return status;
  }
  std::size_t memory_bytes() const noexcept override { return inner_->memory_bytes(); }

 private:
  std::unique_ptr<Layer> inner_;
  Fault fault_;
};

class FaultyBackend final : public Backend {
 public:
  /// `size` is how much a wrong weight is off.
  FaultyBackend(Fault fault, std::int64_t input_size, float size = 0.5F)
      : fault_(fault), input_size_(input_size), size_(size) {}

  std::string_view family() const noexcept override { return "faulty"; }
  std::string description() const override { return "for tests"; }
  std::string version() const override { return "1"; }
  Support available(const CpuFeatures& /*cpu*/) const override { return Support::yes(); }
  Support supports(const LayerSpec& /*spec*/) const override {
    return fault_ == Fault::refuses ? Support::no("not today") : Support::yes();
  }

  std::unique_ptr<Layer> prepare(const LayerSpec& spec, const LayerWeights& weights,
                                 const LayerOptions& options) const override {
    const Backend& scalar = *select_backends("scalar").front();
    if (spec.input_size != input_size_) return scalar.prepare(spec, weights, options);
    const auto hidden = static_cast<std::size_t>(spec.hidden_size);
    std::vector<float> bias(weights[0].bias_ih.begin(), weights[0].bias_ih.end());
    std::vector<float> recurrent(weights[0].weight_hh.begin(), weights[0].weight_hh.end());
    std::vector<float> projection(weights[0].weight_hr.begin(), weights[0].weight_hr.end());
    if (fault_ == Fault::input_gate) bias.at(3) += size_;
    if (fault_ == Fault::forget_gate) bias.at(hidden + 3) += size_;
    if (fault_ == Fault::output_gate) bias.at(3 * hidden + 3) += size_;
    if (fault_ == Fault::head && !spec.recurrent()) bias.at(3) += size_;
    if (fault_ == Fault::recurrent) recurrent.at(3 * hidden) += size_;  // row 3
    if (fault_ == Fault::projection) projection.at(hidden) += size_;    // row 1
    LayerWeights changed = weights;
    changed[0].bias_ih = bias;
    changed[0].weight_hh = recurrent;
    changed[0].weight_hr = projection;
    return std::make_unique<FaultyLayer>(scalar.prepare(spec, changed, options), fault_);
  }

 private:
  Fault fault_;
  std::int64_t input_size_;
  float size_;
};

}  // namespace carousel::testing_support
