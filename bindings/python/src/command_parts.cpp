// SPDX-License-Identifier: Apache-2.0
// What lives in the `carousel` command and not in the library: ranking by measured speed, the
// float64 oracle, and traces.
#include "cross_check.hpp"
#include "errors.hpp"
#include "named_run.hpp"
#include "plans.hpp"
#include "results.hpp"

#include "core/engine/layer_precisions.hpp"
#include "oracle_reference.hpp"
#include "precision_loss.hpp"
#include "rank_core.hpp"
#include "trace/trace_page.hpp"
#include "vocabulary.hpp"
#include "workload.hpp"

#include <algorithm>
#include <memory>
#include <pybind11/functional.h>
#include <pybind11/stl.h>
#include <string>
#include <utility>
#include <vector>

namespace carousel::python {
namespace {

using namespace py::literals;

cli::Workload workload_of(const PythonModel& model, const py::dict& frames) {
  cli::Workload work{.model = *model.model};
  const std::vector<ModelInput> inputs = model_inputs(work.model);
  const NamedArrays arrays(inputs, frames, Axes::frames);
  work.steps = arrays.size().steps;
  work.batch = arrays.size().batch;
  work.network = model.model->source;
  for (const NamedInput& view : arrays.views()) {
    const auto about = std::ranges::find(inputs, view.name, &ModelInput::name);
    work.inputs.push_back({*about, cli::dense(view.x), cli::dense(view.ids)});
  }
  if (work.steps * work.batch == 0) refuse("nothing to run: no steps or no rows");
  return work;
}

py::object result_of(const cli::RankResult& result) {
  return made("rankings", "RankedBackend", "backend"_a = result.name,
              "precision"_a = std::string(name(result.precision)), "refusal"_a = result.refusal,
              "seconds"_a = result.time.median, "half_width"_a = result.time.half_width,
              "samples"_a = result.samples, "scaled"_a = result.scaled,
              "memory_bytes"_a = result.memory_bytes, "sqnr_db"_a = result.sqnr_db,
              "max_abs_error"_a = result.agreement.max_abs, "agrees"_a = result.agreement.ok);
}

py::object roofline_of(const Roofline& roofline) {
  std::vector<std::pair<std::int64_t, double>> reads;
  for (const ReadRate& rate : roofline.reads) reads.emplace_back(rate.bytes, rate.bytes_per_second);
  return made("rankings", "Roofline", "isa"_a = roofline.isa,
              "flops_per_second"_a = roofline.flops_per_second, "peak_best"_a = roofline.peak_best,
              "reads"_a = reads);
}

py::object rank(const PythonModel& model, const py::dict& frames,
                const std::vector<std::string>& backends, const std::string& precisions,
                const py::dict& layer_precisions, double seconds, int threads,
                const py::object& progress) {
  const cli::Workload work = workload_of(model, frames);
  const cli::RankOptions options{.seconds = seconds,
                                 .threads = threads,
                                 .precisions = cli::precisions_by_names(precisions),
                                 .layer_precisions = layer_precisions_of(layer_precisions)};
  std::function<void(double)> told;
  if (!progress.is_none()) told = progress.cast<std::function<void(double)>>();
  const cli::RankReport report = [&] {
    const py::gil_scoped_release release;
    return cli::rank(work, backends, options, told);
  }();
  py::list results;
  for (const cli::RankResult& result : report.results) results.append(result_of(result));
  const cli::RankResult* winner = report.winner();
  return made("rankings", "RankReport", "work"_a = work.title(), "steps"_a = work.steps,
              "batch"_a = work.batch, "threads"_a = threads,
              "flops"_a = work.model.flops_per_row() * static_cast<double>(work.steps * work.batch),
              "roofline"_a = roofline_of(report.roofline), "least_seconds"_a = report.least_seconds,
              "checked_steps"_a = report.checked_steps, "checked_rows"_a = report.checked_rows,
              "layer_precisions"_a = layer_precisions,
              "winner"_a = winner == nullptr ? py::object(py::none()) : py::str(winner->label()),
              "all_agree"_a = report.all_agree(), "results"_a = results);
}

/// The dataclass PrecisionLoss.
py::object loss_of(const PythonModel& model, const py::dict& frames, const std::string& backend,
                   const cli::PrecisionChoice& precision) {
  const cli::Workload work = workload_of(model, frames);
  const cli::PrecisionLoss loss = [&] {
    const py::gil_scoped_release release;
    return cli::precision_loss(work, backend, precision);
  }();
  py::list sequences;
  for (const cli::SequenceLoss& one : loss.sequences) {
    sequences.append(made("checks", "SequenceLoss", "name"_a = one.name, "max_abs"_a = one.max_abs,
                          "sqnr_db"_a = one.sqnr_db));
  }
  py::object bits = py::none();
  if (loss.bits) {
    bits = made("checks", "BitsPerSymbol", "float32"_a = loss.bits->float32,
                "precision"_a = loss.bits->precision);
  }
  return made("checks", "PrecisionLoss", "sequences"_a = sequences, "bits_per_symbol"_a = bits);
}

py::object check(const PythonModel& model, const py::dict& frames, const py::object& lengths,
                 const std::string& backend, int threads, const std::string& precision,
                 const py::dict& layer_precisions, const py::object& progress) {
  const cli::PrecisionChoice choice{.network = precision_by_name(precision),
                                    .layers = layer_precisions_of(layer_precisions)};
  const cli::OracleReference oracle(carousel::layer_precisions(
      *model.model, {.precision = choice.network, .layer_precisions = choice.layers}));
  const bool reduced = choice.network != Precision::float32 || !choice.layers.empty();
  const py::object loss =
      reduced && lengths.is_none() ? loss_of(model, frames, backend, choice) : py::none();
  return checked({model, frames, lengths, backend, threads, precision, layer_precisions,
                  std::nullopt, progress},
                 &oracle, loss);
}

/// A trace that the page is made of.
struct PythonTrace {
  cli::NetworkTrace trace;
};

py::array_t<double> values_of(const cli::TracedLayer& layer, const cli::Signal& signal) {
  py::array_t<double> array({layer.steps, layer.spec.hidden_size});
  std::ranges::copy(signal.values, array.mutable_data());
  return array;
}

py::object layer_of(const cli::TracedLayer& layer) {
  py::dict signals;
  for (const cli::Signal& signal : layer.signals) {
    signals[py::str(signal.key)] =
        made("traces", "Signal", "key"_a = signal.key, "title"_a = signal.title,
             "caption"_a = signal.caption, "gate"_a = signal.gate, "keeps"_a = signal.keeps,
             "values"_a = values_of(layer, signal));
  }
  return made("traces", "TracedLayer", "name"_a = layer.name, "spec"_a = describe(layer.spec),
              "signals"_a = signals, "shown"_a = layer.shown, "featured"_a = layer.featured);
}

py::object trace(const PythonModel& model, const py::dict& frames,
                 const std::vector<std::string>& layers, const std::vector<std::size_t>& units) {
  const cli::Workload work = workload_of(model, frames);
  cli::require_one_input(work.model);
  if (work.batch != 1) refuse("trace: takes one sequence, without other rows");
  auto traced = std::make_shared<PythonTrace>();
  {
    const py::gil_scoped_release release;
    traced->trace = cli::trace_network(work, {.layers = layers, .units = units});
  }
  py::list all;
  for (const cli::TracedLayer& layer : traced->trace.layers) all.append(layer_of(layer));
  return made("traces", "Trace", "title"_a = traced->trace.title,
              "symbols"_a = traced->trace.symbols, "surprise"_a = traced->trace.surprise,
              "layers"_a = all, "page"_a = traced);
}

py::array_t<std::int32_t> encode(const PythonModel& model, const std::string& text) {
  const std::vector<std::int32_t> ids = cli::Vocabulary(*model.model).encode(text, "text");
  return py::array_t<std::int32_t>(static_cast<py::ssize_t>(ids.size()), ids.data());
}

}  // namespace

void bind_command_parts(py::module_& module) {
  py::class_<PythonTrace, std::shared_ptr<PythonTrace>>(module, "TracePage")
      .def("html", [](const PythonTrace& self) { return cli::trace_page(self.trace, {}); });
  module.def("rank", rank, "model"_a, "frames"_a, "backends"_a, "precisions"_a,
             "layer_precisions"_a, "seconds"_a, "threads"_a, "progress"_a);
  module.def("check", check, "model"_a, "frames"_a, "lengths"_a, "backend"_a, "threads"_a,
             "precision"_a, "layer_precisions"_a, "progress"_a);
  module.def("trace", trace, "model"_a, "frames"_a, "layers"_a, "units"_a);
  module.def("encode", encode, "model"_a, "text"_a,
             "The ids of a text's characters, int32 [characters], by the model's vocabulary.");
}

}  // namespace carousel::python
