// SPDX-License-Identifier: Apache-2.0
#include "plans.hpp"

#include "errors.hpp"
#include "results.hpp"

#include <array>
#include <pybind11/functional.h>
#include <pybind11/stl/filesystem.h>
#include <string>

namespace carousel::python {
namespace {

using namespace py::literals;

Plan plan_by_name(const std::string& text) {
  for (const Plan plan : {Plan::fixed, Plan::estimate, Plan::measure, Plan::wisdom_only}) {
    if (name(plan) == text) return plan;
  }
  refuse("plan: there is no '" + text + "'; there are fixed, estimate, measure and wisdom-only");
}

/// What the planner found wrong without it being an error, as a warning of Python's.
void warn(const std::string& text) {
  const py::gil_scoped_acquire lock;
  if (PyErr_WarnEx(PyExc_RuntimeWarning, ("carousel: " + text).c_str(), 1) != 0) {
    throw py::error_already_set();
  }
}

py::object candidate_of(const PlanCandidate& candidate) {
  return made("plans", "Candidate", "backend"_a = candidate.backend,
              "threads"_a = candidate.threads, "tiling"_a = candidate.tiling,
              "runs"_a = candidate.runs, "predicted_seconds"_a = candidate.predicted_seconds,
              "measured_seconds"_a = candidate.measured_seconds, "spread"_a = candidate.spread,
              "verdict"_a = candidate.verdict);
}

}  // namespace

std::vector<LayerPrecision> layer_precisions_of(const py::dict& given) {
  std::vector<LayerPrecision> layers;
  for (const auto& [layer, precision] : given) {
    layers.push_back({layer.cast<std::string>(), precision_by_name(precision.cast<std::string>())});
  }
  return layers;
}

PrepareOptions prepare_options(const py::kwargs& given) {
  PrepareOptions options;
  options.planning.report = warn;
  for (const auto& [key, value] : given) {
    const auto name = key.cast<std::string>();
    if (name == "backend") {
      options.backend = value.cast<std::string>();
    } else if (name == "threads") {
      options.threads = value.cast<int>();
    } else if (name == "batch") {
      options.batch = value.cast<std::int64_t>();
    } else if (name == "steps") {
      options.steps = value.cast<std::int64_t>();
    } else if (name == "precision") {
      options.precision = precision_by_name(value.cast<std::string>());
    } else if (name == "layer_precisions") {
      options.layer_precisions = layer_precisions_of(value.cast<py::dict>());
    } else if (name == "plan") {
      options.plan = plan_by_name(value.cast<std::string>());
    } else if (name == "seconds_per_layer") {
      options.planning.seconds_per_layer = value.cast<double>();
    } else if (name == "cross_check") {
      options.planning.cross_check = value.cast<bool>();
    } else if (name == "wisdom") {
      options.planning.wisdom = value.cast<std::filesystem::path>();
    } else {
      throw py::type_error("there is no option '" + name +
                           "'; there are backend, threads, batch, steps, precision, "
                           "layer_precisions, plan, "
                           "seconds_per_layer, cross_check and wisdom");
    }
  }
  return options;
}

py::list plans_of(std::span<const LayerPlan> plans) {
  py::list list;
  for (const LayerPlan& plan : plans) {
    py::list candidates;
    for (const PlanCandidate& candidate : plan.candidates) {
      candidates.append(candidate_of(candidate));
    }
    list.append(made("plans", "LayerPlan", "name"_a = plan.name, "spec"_a = describe(plan.spec),
                     "backend"_a = plan.backend, "threads"_a = plan.threads,
                     "tiling"_a = plan.tiling,
                     "precision"_a = std::string(carousel::name(plan.precision)),
                     "source"_a = std::string(name(plan.source)), "reason"_a = plan.reason,
                     "memory_bytes"_a = plan.memory_bytes,
                     "flops_per_row"_a = flops_per_row(plan.spec), "candidates"_a = candidates));
  }
  return list;
}

}  // namespace carousel::python
