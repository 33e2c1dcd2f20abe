// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>
#include <carousel/compare.hpp>
#include <carousel/export.h>
#include <carousel/model.hpp>
#include <carousel/stream.hpp>
#include <carousel/view.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// Whether the backends agree on a model and data of your own, and where a disagreement starts:
/// \code
/// const auto report = carousel::cross_check(model, {.x = x}, {.choice = "auto"});
/// if (!report.ok()) log(carousel::describe(report));
/// \endcode
namespace carousel {

/// The sequences to check on.
struct CheckInput {
  /// [steps, batch, input_size], for a model with one input that takes features.
  SequenceView<const float> x{};
  /// [steps, batch, 1], for a model with one input that takes ids.
  SequenceView<const std::int32_t> ids{};
  /// As for `Stream::run`.
  std::span<const std::int64_t> lengths{};
  /// Instead of x and ids, for a model with any number of inputs: each of them once, in any order.
  /// Those that only set initial states, or are the lengths, may be left out.
  std::span<const NamedInput> inputs{};
  /// Before the first step, in the order of `Stream::states`, each dense: [batch, size]. Empty: the
  /// model's initial state.
  std::vector<std::vector<float>> states{};

  [[nodiscard]] CAROUSEL_API std::int64_t steps() const noexcept;
  [[nodiscard]] CAROUSEL_API std::int64_t batch() const noexcept;
  /// What each of the model's inputs is given, in the model's order; x and ids have no name, and an
  /// input that is left out has neither. Throws Error (invalid_argument) unless every input that a
  /// run needs is given once and is of the right kind.
  [[nodiscard]] CAROUSEL_API std::vector<NamedInput> in_order(const Model& model) const;
};

/// The state of one layer in the order of `states(spec)`, each dense: [batch, size].
using LayerState = std::vector<std::vector<float>>;

/// One layer and what it is given: its inputs and the state before it.
struct LayerProblem {
  const ModelLayer& layer;
  std::int64_t steps = 0;
  std::int64_t batch = 0;
  std::vector<std::vector<float>> inputs;  ///< [steps, batch, input_size] each.
  std::vector<std::int32_t> ids;           ///< [steps, batch] for an embedding; else empty.
  std::vector<std::int64_t> lengths;       ///< [batch], or empty
  LayerState state;
  Precision precision = Precision::float32;  ///< of the layer, whose weights are as it stores them
};

/// What numbers should be, and by how much each may be off.
struct Expected {
  std::vector<double> value;
  std::vector<double> tolerance;
};

/// What a layer should make of a problem: y [steps, batch, output_size] and the state after it.
struct LayerExpected {
  Expected y;
  std::vector<Expected> states;  ///< In the order of `states(spec)`.
};

/// Something that knows better than the backends, such as the float64 oracle of `carousel check`.
class CAROUSEL_API Reference {
 public:
  Reference() = default;
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;
  virtual ~Reference() = default;

  /// The outputs in the model's order, [steps, batch, size] each, then the states of each layer
  /// after the run in the order of `states(spec)`.
  [[nodiscard]] virtual Expected network(const Model& model, const CheckInput& input) const = 0;
  /// One layer alone. With a single step the tolerance should be as tight as it can be.
  [[nodiscard]] virtual LayerExpected layer(const LayerProblem& problem) const = 0;
};

struct CrossCheckOptions {
  /// The backends: "auto" (all that this CPU can run), a family or an id, as `select_backends`
  /// takes them.
  std::string choice = "auto";
  /// Instead of `choice`: exactly these, the plainest and most trusted last.
  std::vector<const Backend*> backends{};
  int threads = 1;  ///< of each run
  /// How all of them store and multiply weights.
  Precision precision = Precision::float32;
  std::vector<LayerPrecision> layer_precisions{};  ///< as in PrepareOptions
  /// Largest difference between any two values that still passes; not given: found by measuring how
  /// far roundings change the results of this model on this input (see `cross_check`).
  std::optional<double> tolerance{};
  const Reference* reference = nullptr;    ///< to compare each backend with as well
  std::function<void(double)> progress{};  ///< told the share that is done
};

/// The first place where a single layer, given the right inputs and state, goes wrong. Counted
/// from 0.
struct Divergence {
  std::int64_t layer = 0;                    ///< In the order of the model's layers.
  std::string layer_name;                    ///< As `layer_names` tells.
  Direction direction = Direction::forward;  ///< forward or reverse
  std::int64_t step = 0;
  std::int64_t row = 0;
  std::int64_t unit = 0;
  std::string quantity;  ///< "c: i * g (input gate or candidate)"
  double found = 0;
  double expected = 0;
  double tolerance = 0;
};

/// One backend on the whole model.
struct CheckedBackend {
  std::string id;
  std::string refusal;  ///< why it cannot run the model; then nothing below counts
  std::string failure;  ///< what went wrong although it said that it can
  std::vector<float>
      values;           ///< outputs, then the final states, in the order of Reference::network
  Agreement agreement;  ///< of `values` with the reference; without one: of nothing
  std::optional<Divergence> divergence;  ///< unless ok; nothing when no single layer is at fault

  [[nodiscard]] bool ran() const noexcept { return refusal.empty() && failure.empty(); }
};

/// Two backends that ran.
struct CheckedPair {
  std::size_t first = 0;  ///< indices of CrossCheckReport::backends
  std::size_t second = 0;
  Agreement agreement;  ///< of the first with the second
  bool same_bits = false;
  std::optional<Divergence> divergence;  ///< of the first from the second, like CheckedBackend's
};

struct CrossCheckReport {
  std::vector<CheckedBackend> backends;  ///< in the order in which they were given or chosen
  std::vector<CheckedPair> pairs;        ///< each with each
  /// Share of the values of which agreement says nothing: roundings alone change them by as much as
  /// the values themselves are (the root mean square of their output), or they are not finite.
  double void_share = 0;

  /// Whether that holds for more than half of them. Nothing is proved then; other input may do.
  [[nodiscard]] CAROUSEL_API bool proves_nothing() const noexcept;
  /// How many backends ran.
  [[nodiscard]] CAROUSEL_API std::size_t ran() const noexcept;
  /// Everything that ran agrees with the reference and with each other, nothing failed, something
  /// ran, and the agreement proves something. A refusal is no disagreement.
  [[nodiscard]] CAROUSEL_API bool ok() const noexcept;
};

/// Runs the model on `input` with every backend and compares outputs and final states element by
/// element. Where two disagree, runs single layers and steps from the same state to find the first
/// quantity that differs.
///
/// Two backends may differ by twice what follows from rounding: a float32 sum of n products is the
/// exact sum for weights that are changed by at most n roundings each, so the last backend that ran
/// runs once more with all weights changed that much, at random and with a fixed seed. The largest
/// change in the outputs, in each h and in each c, plus 16 roundings of the largest value there,
/// is what every element of it may be off. With a reference, its tolerances count instead.
///
/// An int8 layer rounds an activation that lies between two of its steps to either side, as the
/// last bits will have it, and nothing is known about a network that did so some steps ago. So
/// where steps can be run one by one, each backend is judged by the reference in every step from
/// the states that it arrived at itself, and backends may differ from each other by four of such
/// steps more.
///
/// Throws Error for a model or input that is not valid, and for an unknown choice.
[[nodiscard]] CAROUSEL_API CrossCheckReport cross_check(const Model& model, const CheckInput& input,
                                                        const CrossCheckOptions& options = {});

/// "layer 1 (lstm.l1), step 3, row 0, unit 7, reverse"
[[nodiscard]] CAROUSEL_API std::string describe(const Divergence& divergence);

/// One line for each backend that could not run and for each disagreement, and one where agreement
/// proves nothing; empty when ok without refusals.
[[nodiscard]] CAROUSEL_API std::string describe(const CrossCheckReport& report);

}  // namespace carousel
