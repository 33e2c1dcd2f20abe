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
               {"float32_seconds", measurement.float32_seconds},
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

Json all_versions(const Results& results) {
  Json json = versions_json();
  if (!results.onnxruntime_version.empty()) {
    json["backends"][kOnnxRuntime] = "ONNX Runtime " + results.onnxruntime_version;
  }
  return json;
}

}  // namespace

cli::Json results_json(const Results& results) {
  Json shapes = Json::array();
  for (const Shape& shape : results.shapes) shapes.push_back(shape_json(shape));
  Json measurements = Json::array();
  for (const auto& one : results.measurements) {
    measurements.push_back(measurement_json(results, one));
  }
  Json verdicts = Json::array();
  for (const Verdict& verdict : results.verdicts) verdicts.push_back(verdict_json(verdict));
  Json lengths = Json::array();
  for (const LengthsResult& result : results.lengths) lengths.push_back(lengths_json(result));
  Json prepare = Json::array();
  for (const PrepareResult& result : results.prepare) prepare.push_back(prepare_json(result));
  Json routes = Json::array();
  for (const RouteResult& result : results.routes) routes.push_back(route_json(result));
  Json networks = Json::array();
  for (const NetworkResult& result : results.networks) networks.push_back(network_json(result));
  return {{"format", "carousel-bench"},
          {"format_version", 1},
          {"created", utc_time()},
          {"mode", results.mode},
          {"seconds", results.seconds},
          {"machine", machine_json()},
          {"versions", all_versions(results)},
          {"roofline", session_json(results.roofline)},
          {"shapes", std::move(shapes)},
          {"measurements", std::move(measurements)},
          {"targets", std::move(verdicts)},
          {"lengths", std::move(lengths)},
          {"prepare", std::move(prepare)},
          {"plugin_route", std::move(routes)},
          {"networks", std::move(networks)}};
}

}  // namespace carousel::bench
