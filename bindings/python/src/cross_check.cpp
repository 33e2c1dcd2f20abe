// SPDX-License-Identifier: Apache-2.0
#include "cross_check.hpp"

#include "named_run.hpp"
#include "plans.hpp"
#include "results.hpp"

#include <cmath>
#include <pybind11/functional.h>
#include <pybind11/stl.h>
#include <vector>

namespace carousel::python {
namespace {

using namespace py::literals;

py::object agreement_of(const Agreement& agreement) {
  return made("checks", "Agreement", "ok"_a = agreement.ok, "count"_a = agreement.count,
              "outside"_a = agreement.outside, "max_abs"_a = agreement.max_abs,
              "max_ulp"_a = agreement.max_ulp, "nmse"_a = agreement.nmse,
              "share"_a = agreement.max_share);
}

py::object divergence_of(const std::optional<Divergence>& divergence) {
  if (!divergence) return py::none();
  const Divergence& at = *divergence;
  return made("checks", "Divergence", "layer"_a = at.layer, "layer_name"_a = at.layer_name,
              "direction"_a = std::string(name(at.direction)), "step"_a = at.step, "row"_a = at.row,
              "unit"_a = at.unit, "quantity"_a = at.quantity, "found"_a = at.found,
              "expected"_a = at.expected, "tolerance"_a = at.tolerance, "text"_a = describe(at));
}

py::object backend_of(const CheckedBackend& backend) {
  return made("checks", "CheckedBackend", "id"_a = backend.id, "refusal"_a = backend.refusal,
              "failure"_a = backend.failure, "agreement"_a = agreement_of(backend.agreement),
              "divergence"_a = divergence_of(backend.divergence));
}

py::object pair_of(const CrossCheckReport& report, const CheckedPair& pair) {
  return made("checks", "CheckedPair", "first"_a = report.backends[pair.first].id,
              "second"_a = report.backends[pair.second].id,
              "agreement"_a = agreement_of(pair.agreement), "same_bits"_a = pair.same_bits,
              "divergence"_a = divergence_of(pair.divergence));
}

py::object report_of(const CrossCheckReport& report, const RunSize& size, bool against_oracle,
                     const py::object& loss) {
  py::list backends;
  for (const CheckedBackend& backend : report.backends) backends.append(backend_of(backend));
  py::list pairs;
  for (const CheckedPair& pair : report.pairs) pairs.append(pair_of(report, pair));
  return made("checks", "CheckReport", "ok"_a = report.ok(), "void_share"_a = report.void_share,
              "proves_nothing"_a = report.proves_nothing(), "steps"_a = size.steps,
              "batch"_a = size.batch, "against_oracle"_a = against_oracle, "backends"_a = backends,
              "pairs"_a = pairs, "problems"_a = describe(report), "loss"_a = loss);
}

}  // namespace

py::object checked(const CheckArguments& arguments, const Reference* reference,
                   const py::object& loss) {
  const Model& model = *arguments.model.model;
  const std::vector<ModelInput> inputs = model_inputs(model);
  const NamedArrays arrays(inputs, arguments.frames, Axes::frames);
  const std::vector<std::int64_t> lengths = given_lengths(arguments.lengths);
  CrossCheckOptions options{.choice = arguments.backend,
                            .threads = arguments.threads,
                            .precision = precision_by_name(arguments.precision),
                            .layer_precisions = layer_precisions_of(arguments.layer_precisions),
                            .tolerance = arguments.tolerance,
                            .reference = reference};
  if (!arguments.progress.is_none()) {
    options.progress = arguments.progress.cast<std::function<void(double)>>();
  }
  const CrossCheckReport report = [&] {
    const py::gil_scoped_release release;
    return cross_check(model, {.lengths = lengths, .inputs = arrays.views()}, options);
  }();
  return report_of(report, arrays.size(), reference != nullptr, loss);
}

void bind_cross_check(py::module_& module) {
  module.def(
      "cross_check",
      [](const PythonModel& model, const py::dict& frames, const py::object& lengths,
         const std::string& backend, int threads, const std::string& precision,
         const py::dict& layer_precisions, std::optional<double> tolerance,
         const py::object& progress) {
        return checked({model, frames, lengths, backend, threads, precision, layer_precisions,
                        tolerance, progress},
                       nullptr);
      },
      "model"_a, "frames"_a, "lengths"_a, "backend"_a, "threads"_a, "precision"_a,
      "layer_precisions"_a, "tolerance"_a, "progress"_a);
}

}  // namespace carousel::python
