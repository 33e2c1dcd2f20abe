// SPDX-License-Identifier: Apache-2.0
#include "backends/onednn/onednn_backend.hpp"

#include "backends/kind_backend.hpp"
#include "backends/onednn/layers.hpp"
#include "backends/onednn/rnn_primitive.hpp"
#include "backends/version.hpp"

#include "core/model/idle_clip.hpp"

#include <algorithm>
#include <new>
#include <span>
#include <string>

namespace carousel {
namespace {

/// To be raised with each change of speed, packing or numbers.
constexpr int kRevision = 1;

const char* runtime_name(unsigned runtime) {
  switch (runtime) {
    case DNNL_RUNTIME_SEQ: return "sequential";
    case DNNL_RUNTIME_OMP: return "OpenMP";
    case DNNL_RUNTIME_TBB: return "TBB";
    case DNNL_RUNTIME_THREADPOOL: return "thread pool";
    default: return "unknown runtime";
  }
}

/// The library that was loaded, which need not be the one that the headers are from.
std::string library_version() {
  const dnnl_version_t* v = dnnl_version();
  return std::to_string(v->major) + '.' + std::to_string(v->minor) + '.' + std::to_string(v->patch);
}

/// Whether the GRU whose reset comes first may have one unit: in oneDNN 3.7 it then computes wrong
/// numbers for more than one row (found by the conformance suite); 2.6 and 3.12 are right.
bool knows_gru_of_one_unit() {
  const dnnl_version_t* v = dnnl_version();
  return v->major == 2 ? v->minor <= 6 : v->major > 3 || v->minor >= 12;
}

bool has_relu(const RecurrentSpec& spec) {
  const auto sets = std::span(spec.activations).first(static_cast<std::size_t>(spec.directions()));
  return std::ranges::any_of(
      sets, [](const ActivationSet& set) { return set[0].kind == ActivationKind::relu; });
}

bool has_only_vanilla_functions(const RecurrentSpec& spec) {
  const auto sets = std::span(spec.activations).first(static_cast<std::size_t>(spec.directions()));
  return std::ranges::all_of(sets, [](const ActivationSet& set) {
    return onednn::vanilla_function(set[0].kind) != dnnl::algorithm::undef;
  });
}

/// Empty if oneDNN has the activation functions of `spec`.
std::string unsupported_activations(const RecurrentSpec& spec) {
  if (spec.cell == Cell::rnn) {
    return has_only_vanilla_functions(spec)
               ? ""
               : "oneDNN's RNN has no activations other than tanh, relu and sigmoid";
  }
  if (has_default_activations(spec)) return "";
  return "oneDNN's " + std::string(traits(spec.cell).title) +
         " has no activations other than sigmoid and tanh, each in its place";
}

/// The first variant in `spec` that this backend does not run; empty if none.
std::string unsupported_variant(const RecurrentSpec& spec) {
  if (onednn::gate_order(spec.cell).empty()) {
    return "oneDNN has no " + std::string(traits(spec.cell).title) + " cells";
  }
  if (spec.cell == Cell::gru && !spec.linear_before_reset && spec.hidden_size == 1 &&
      !knows_gru_of_one_unit()) {
    return "oneDNN " + library_version() + " is wrong about a GRU of one unit";
  }
  if (spec.coupling != GateCoupling::none) return "oneDNN has no coupled gates";
  if (spec.layer_norm) return "oneDNN has no layer normalization of gate pre-activations";
  if (clips_gates(spec)) return "oneDNN has no clip of gate pre-activations";
  if (spec.cell_clip > 0.0F) return "oneDNN has no clip of the cell state";
  return unsupported_activations(spec);
}

/// Asks oneDNN itself: calls `try_to_describe`, which throws dnnl::error where it refuses `spec`.
/// That there is no memory to answer says nothing of the layer.
template <class Try>
Support ask(const LayerSpec& spec, Try&& try_to_describe) {
  try {
    try_to_describe();
  } catch (const dnnl::error& e) {
    if (onednn::code_of(e) == ErrorCode::out_of_memory) throw std::bad_alloc();
    return Support::no("oneDNN " + library_version() + " refuses " + describe(spec) + ": " +
                       e.what());
  }
  return Support::yes();
}

class OnednnBackend final : public KindBackend {
 public:
  [[nodiscard]] std::string_view family() const noexcept override { return "onednn"; }

  [[nodiscard]] std::string description() const override {
    return "oneDNN " + library_version() + " (" + runtime_name(dnnl_version()->cpu_runtime) + ")";
  }

  [[nodiscard]] std::string version() const override {
    return built_in_version(kRevision) + ", oneDNN " + library_version() + ' ' +
           dnnl_version()->hash + ", " + runtime_name(dnnl_version()->cpu_runtime);
  }

  [[nodiscard]] Support available(const CpuFeatures& /*cpu*/) const override {
    // Any CPU will do: oneDNN detects what it has, and has portable implementations of everything.
    if (dnnl_version()->cpu_runtime == DNNL_RUNTIME_THREADPOOL) {
      return Support::no("this oneDNN was built for a thread pool of the application's");
    }
    return Support::yes();
  }

  [[nodiscard]] SetApart sets_apart(const LayerSpec& any) const override {
    const auto* spec = std::get_if<RecurrentSpec>(&any);
    if (spec == nullptr || spec->cell != Cell::rnn || !has_relu(*spec)) return {};
    return {.not_finite = true, .reason = "oneDNN's relu makes 0 of NaN"};
  }

 protected:
  [[nodiscard]] Support supports_precision(Precision precision) const override {
    if (precision == Precision::int8) {
      return Support::no(
          "oneDNN quantizes the activations of all rows and steps with one scale and zero point, "
          "int8 here each row with a scale of its own");
    }
    return KindBackend::supports_precision(precision);
  }
  [[nodiscard]] Support supports_recurrent(const RecurrentSpec& spec) const override {
    if (std::string reason = unsupported_variant(spec); !reason.empty()) {
      return Support::no(std::move(reason));
    }
    return ask(spec, [&] {
      for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
        (void)onednn::describe_direction(spec, d, 1, 1);
      }
    });
  }

  [[nodiscard]] Support supports_dense(const DenseSpec& spec) const override {
    return ask(spec, [&] { (void)onednn::describe_dense(spec, 1); });
  }

  [[nodiscard]] std::unique_ptr<Layer> prepare_recurrent(
      const RecurrentSpec& spec, const Weights& weights,
      const LayerOptions& options) const override {
    return onednn::translate_errors(describe(spec),
                                    [&] { return onednn::make_rnn_layer(spec, weights, options); });
  }

  [[nodiscard]] std::unique_ptr<Layer> prepare_dense(const DenseSpec& spec, const Weights& weights,
                                                     const LayerOptions& options) const override {
    return onednn::translate_errors(
        describe(spec), [&] { return onednn::make_dense_layer(spec, weights, options); });
  }
};

}  // namespace

const Backend& onednn_backend() {
  static const OnednnBackend backend;
  return backend;
}

}  // namespace carousel
