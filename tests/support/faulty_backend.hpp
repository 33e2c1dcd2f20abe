// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

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
    if (fault_ == Fault::carried && args.x().steps > 2) args.y.row(2, 0)[1] += 0.5F;
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
  Support supports(const LayerSpec& /*spec*/, Precision /*precision*/) const override {
    return fault_ == Fault::refuses ? Support::no("not today") : Support::yes();
  }

  std::unique_ptr<Layer> prepare(const LayerSpec& spec, const Weights& weights,
                                 const LayerOptions& options) const override {
    const Backend& scalar = *select_backends("scalar").front();
    if (takes_ids(spec) || input_size(spec) != input_size_) {
      return scalar.prepare(spec, weights, options);
    }
    Weights changed = weights;
    if (const auto* recurrent = std::get_if<RecurrentSpec>(&spec)) {
      damage(changed, static_cast<std::size_t>(recurrent->hidden_size));
    } else if (fault_ == Fault::head) {
      change(changed, "bias", 3);
    }
    return std::make_unique<FaultyLayer>(scalar.prepare(spec, changed, options), fault_);
  }

 private:
  void damage(Weights& weights, std::size_t hidden) const {
    if (fault_ == Fault::input_gate) change(weights, "bias_ih", 3);
    if (fault_ == Fault::forget_gate) change(weights, "bias_ih", hidden + 3);
    if (fault_ == Fault::output_gate) change(weights, "bias_ih", 3 * hidden + 3);
    if (fault_ == Fault::recurrent) change(weights, "weight_hh", 3 * hidden);  // row 3
    if (fault_ == Fault::projection) change(weights, "weight_hr", hidden);     // row 1
  }

  void change(Weights& weights, std::string_view role, std::size_t index) const {
    const std::span<float> values = weights.find(role)->second.floats();
    if (index >= values.size()) throw std::out_of_range("the fault is outside of the weight");
    values[index] += size_;
  }

  Fault fault_;
  std::int64_t input_size_;
  float size_;
};

}  // namespace carousel::testing_support
