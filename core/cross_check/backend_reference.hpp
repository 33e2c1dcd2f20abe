// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/cross_check.hpp>
#include <carousel/network.hpp>

#include <memory>
#include <vector>

namespace carousel::detail {

/// The quantities of one run: each output [steps, batch, size], then
/// each state of each layer after it. Throws Error when the run fails.
[[nodiscard]] std::vector<std::vector<float>> run_model(const Network& network, const Model& model,
                                                        const CheckInput& input);

/// Concatenates the quantities in their order: the values that a Reference has expectations of.
[[nodiscard]] std::vector<float> joined(const std::vector<std::vector<float>>& quantities);

/// A backend as the reference that another is compared with: its values, and how far each may be
/// off because of rounding alone (see `cross_check`).
class BackendReference final : public Reference {
 public:
  BackendReference(const Backend& backend, int threads);
  ~BackendReference() override;

  [[nodiscard]] Expected network(const Model& model, const CheckInput& input) const override;
  [[nodiscard]] LayerExpected layer(const LayerProblem& problem) const override;

 private:
  struct Layers;

  const Backend& backend_;
  int threads_;
  mutable std::unique_ptr<Layers> layers_;  // kept, since the next problem is mostly the next step
};

}  // namespace carousel::detail
