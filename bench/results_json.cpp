// SPDX-License-Identifier: Apache-2.0
#include "machine.hpp"
#include "onnxruntime.hpp"
#include "results.hpp"

#include <roofline_json.hpp>

namespace carousel::bench {
namespace {

using cli::Json;

Json session_json(const Roofline& roofline) {
  Json levels = Json::array();
  for (const WorkingSet& set : working_sets(cpu())) {
    const double rate = roofline.bandwidth(static_cast<double>(set.bytes));
    if (rate == 0) continue;  // nothing was measured
    levels.push_back({{"level", set.name}, {"bytes", set.bytes}, {"bytes_per_second", rate}});
  }
  return {{"isa", roofline.isa},
          {"flops_per_second", roofline.flops_per_second},
          {"peak_best", roofline.peak_best},
          {"levels", std::move(levels)}};
}

Json optional_json(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json shape_json(const Shape& shape) {
  const PeerTimes peers = peer_times(shape.name);
  return {{"name", shape.name},
          {"input", shape.input},
          {"hidden", shape.hidden},
          {"layers", shape.layers},
          {"bidirectional", shape.bidirectional},
          {"steps", shape.steps},
          {"batch", shape.batch},
          {"flops", shape.flops()},
          {"bytes", shape.bytes()},
          {"best_peer_t1_seconds", optional_json(peers.best_t1)},
          {"best_peer_t2_seconds", optional_json(peers.best_t2)}};
}

Json quartiles_json(const Quartiles& seconds) {
  return {{"low", seconds.low}, {"median", seconds.median}, {"high", seconds.high}};
}

Json measurement_json(const Results& results, const Measurement& measurement) {
  Json json = {{"shape", measurement.shape},
               {"backend", measurement.backend},
               {"resolved", measurement.resolved},
               {"precision", name(measurement.precision)},
               {"other_arithmetic", measurement.other_arithmetic},
               {"float32_seconds", measurement.float32_seconds},
               {"float32_difference", measurement.float32_difference},
               {"memory_bytes", measurement.memory_bytes},
               {"threads", measurement.threads}};
  if (!measurement.ran()) {
    json["refusal"] = measurement.refusal;
    return json;
  }
  const double seconds = measurement.seconds.median;
  json["seconds"] = quartiles_json(measurement.seconds);
  json["gflops"] = results.shape(measurement.shape).flops() / seconds / 1e9;
  json["least_seconds"] = measurement.least_seconds;
  json["roofline"] = measurement.least_seconds / seconds;
  json["peak_flops_per_second"] = measurement.roofline.flops_per_second;
  json["reads"] = cli::reads_json(measurement.roofline);
  json["runs_per_sample"] = measurement.runs;
  json["samples"] = measurement.samples;
  json["max_difference"] = measurement.max_difference;
  json["agrees"] = measurement.agrees;
  if (measurement.one_thread_seconds > 0) {
    json["one_thread_seconds"] = measurement.one_thread_seconds;
  }
  json["disturbed_share"] = measurement.disturbed_share;
  json["slow_state"] = measurement.slow_state;
  if (measurement.threads > 1) {
    json["attempts"] = measurement.attempts;
    json["round_trip_ns"] = measurement.round_trip_ns;
    json["core_share"] = measurement.core_share;
  }
  return json;
}

Json verdict_json(const Verdict& verdict) {
  Json criteria = Json::array();
  for (const Criterion& criterion : verdict.criteria) {
    criteria.push_back({{"text", criterion.text},
                        {"seconds", criterion.seconds},
                        {"met", verdict.xsimd <= criterion.seconds}});
  }
  return {{"shape", verdict.shape},
          {"threads", verdict.threads},
          {"xsimd", verdict.xsimd},
          {"onednn", verdict.onednn},
          {"onnxruntime", verdict.onnxruntime},
          {"roofline_seconds", verdict.least_seconds},
          {"met", verdict.met()},
          {"allowed_seconds", verdict.allowed()},
          {"criteria", std::move(criteria)}};
}

Json lengths_json(const LengthsResult& result) {
  return {{"shape", result.shape},
          {"backend", result.backend},
          {"threads", result.threads},
          {"padded", quartiles_json(result.padded)},
          {"variable", quartiles_json(result.variable)},
          {"samples", result.samples},
          {"share_of_steps", result.share_of_steps},
          {"ratio", result.variable.median / result.padded.median}};
}

Json prepare_json(const PrepareResult& result) {
  if (!result.refusal.empty()) {
    return {{"backend", result.backend}, {"refusal", result.refusal}};
  }
  return {{"backend", result.backend},
          {"shape", result.shape},
          {"prepare_seconds", result.prepare_seconds},
          {"memcpy_seconds", result.memcpy_seconds},
          {"first_run_seconds", result.first_run},
          {"hundredth_run_seconds", result.hundredth_run},
          {"stream_bytes", result.stream_bytes},
          {"stream_bytes_64_steps", result.stream_bytes_64},
          {"idle_cpu_share", result.idle_cpu_share}};
}

Json route_json(const RouteResult& result) {
  return {{"layer", result.layer},
          {"direct", quartiles_json(result.direct)},
          {"plugin", quartiles_json(result.plugin)}};
}

Json network_json(const NetworkResult& result) {
  Json json{{"network", result.network},
            {"backend", result.backend},
            {"calls", result.calls},
            {"samples", result.samples},
            {"whole", quartiles_json(result.whole)}};
  if (result.recurrent.median > 0) json["recurrent"] = quartiles_json(result.recurrent);
  if (result.onnxruntime.median > 0) json["onnxruntime"] = quartiles_json(result.onnxruntime);
  return json;
}

Json estimate_json(const EstimateResult& result) {
  return {{"shape", result.shape},
          {"threads", result.threads},
          {"chosen", result.chosen},
          {"fastest", result.fastest},
          {"predicted_seconds", result.predicted},
          {"measured_seconds", result.measured},
          {"best_seconds", result.best},
          {"one_thread_seconds", result.one_thread},
          {"core_share", result.core_share}};
}

Json cache_sweep_json(const CacheSweepResult& result) {
  Json assumed = Json::array();
  for (const AssumedL2& one : result.assumed) {
    assumed.push_back({{"l2_bytes", one.l2_bytes}, {"seconds", quartiles_json(one.seconds)}});
  }
  return {{"shape", result.shape},
          {"backend", result.backend},
          {"own", quartiles_json(result.own)},
          {"assumed", std::move(assumed)}};
}

Json latencies_json(const ThreadLatencies& times) {
  return {{"one_thread", {{"median", times.one.median}, {"p99", times.one.p99}}},
          {"several_threads", {{"median", times.several.median}, {"p99", times.several.p99}}},
          {"gain", times.gain()},
          {"cost", times.cost()}};
}

Json neighbours_json(const NeighboursResult& result) {
  return {{"shape", result.shape},
          {"backend", result.backend},
          {"threads", result.threads},
          {"neighbours", result.neighbours},
          {"free", latencies_json(result.free)},
          {"busy", latencies_json(result.busy)}};
}

/// A list of what `json_of` makes of each.
template <class Result>
Json list_json(const std::vector<Result>& results, Json (*json_of)(const Result&)) {
  Json list = Json::array();
  for (const Result& result : results) list.push_back(json_of(result));
  return list;
}

Json all_versions(const Results& results) {
  Json json = versions_json();
  if (!results.onnxruntime_version.empty()) {
    json["backends"][kOnnxRuntime] = "ONNX Runtime " + results.onnxruntime_version;
  }
  return json;
}

}  // namespace

cli::Json results_json(const Results& results) {
  Json measurements = Json::array();
  for (const auto& one : results.measurements) {
    measurements.push_back(measurement_json(results, one));
  }
  return {{"format", "carousel-bench"},
          {"format_version", 1},
          {"created", utc_time()},
          {"mode", results.mode},
          {"seconds", results.seconds},
          {"machine", machine_json()},
          {"versions", all_versions(results)},
          {"roofline", session_json(results.roofline)},
          {"shapes", list_json(results.shapes, shape_json)},
          {"measurements", std::move(measurements)},
          {"targets", list_json(results.verdicts, verdict_json)},
          {"lengths", list_json(results.lengths, lengths_json)},
          {"prepare", list_json(results.prepare, prepare_json)},
          {"plugin_route", list_json(results.routes, route_json)},
          {"networks", list_json(results.networks, network_json)},
          {"estimates", list_json(results.estimates, estimate_json)},
          {"cache_sweep", list_json(results.cache_sweep, cache_sweep_json)},
          {"neighbours", list_json(results.neighbours, neighbours_json)}};
}

}  // namespace carousel::bench
