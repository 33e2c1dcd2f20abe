// SPDX-License-Identifier: Apache-2.0
#include "results_file.hpp"

#include "../text_file.hpp"

#include "core/model/formats/json_fault.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

namespace carousel::cli {
namespace {

using Json = nlohmann::json;

/// A JSON value that knows where it stands, for messages.
class Node {
 public:
  Node(const Json& value, std::string where) : value_(value), where_(std::move(where)) {}

  [[nodiscard]] Node at(const char* key) const {
    if (!value_.is_object()) refuse("is not an object");
    const auto found = value_.find(key);
    if (found == value_.end()) refuse(std::string("has no \"") + key + "\"");
    return {*found, where_ + "." + key};
  }
  [[nodiscard]] bool has(const char* key) const {
    return value_.is_object() && value_.contains(key);
  }
  [[nodiscard]] std::string text(const char* key) const {
    const Node node = at(key);
    if (!node.value_.is_string()) node.refuse("is not a string");
    return node.value_.get<std::string>();
  }
  [[nodiscard]] double number(const char* key) const {
    const Node node = at(key);
    if (!node.value_.is_number()) node.refuse("is not a number");
    const auto value = node.value_.get<double>();
    if (!(value >= 0)) node.refuse("is negative");
    return value;
  }
  /// One that may be divided by.
  [[nodiscard]] double positive(const char* key) const {
    const double value = number(key);
    if (!(value > 0)) at(key).refuse("is not positive");
    return value;
  }
  [[nodiscard]] std::int64_t integer(const char* key) const {
    const double value = number(key);
    if (value > 1e15 || value != std::floor(value)) at(key).refuse("is not a whole number");
    return static_cast<std::int64_t>(value);
  }
  [[nodiscard]] bool flag(const char* key) const {
    const Node node = at(key);
    if (!node.value_.is_boolean()) node.refuse("is not true or false");
    return node.value_.get<bool>();
  }
  [[nodiscard]] std::vector<Node> list(const char* key) const {
    const Node node = at(key);
    if (!node.value_.is_array()) node.refuse("is not an array");
    std::vector<Node> nodes;
    for (std::size_t i = 0; i < node.value_.size(); ++i) {
      nodes.emplace_back(node.value_[i], node.where_ + "[" + std::to_string(i) + "]");
    }
    return nodes;
  }
  [[nodiscard]] const Json& json() const noexcept { return value_; }
  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorCode::bad_format, where_ + " " + why);
  }

 private:
  const Json& value_;
  std::string where_;
};

ReportShape read_shape(const Node& node) {
  return {.name = node.text("name"),
          .input = node.integer("input"),
          .hidden = node.integer("hidden"),
          .layers = node.integer("layers"),
          .bidirectional = node.flag("bidirectional"),
          .steps = node.integer("steps"),
          .batch = node.integer("batch"),
          .flops = node.positive("flops"),
          .bytes = node.positive("bytes")};
}

ReportMeasurement read_measurement(const Node& node) {
  ReportMeasurement measurement;
  measurement.shape = node.text("shape");
  measurement.backend = node.text("backend");
  measurement.resolved = node.text("resolved");
  measurement.threads = static_cast<int>(node.integer("threads"));
  if (node.has("refusal")) {
    measurement.refusal = node.text("refusal");
    return measurement;
  }
  const Node seconds = node.at("seconds");
  measurement.low = seconds.positive("low");
  measurement.median = seconds.positive("median");
  measurement.high = seconds.positive("high");
  measurement.gflops = node.positive("gflops");
  measurement.least_seconds = node.number("least_seconds");
  measurement.roofline = node.number("roofline");
  measurement.agrees = node.flag("agrees");
  if (node.has("slow_state")) measurement.slow_state = node.flag("slow_state");
  if (node.has("round_trip_ns")) measurement.round_trip_ns = node.number("round_trip_ns");
  return measurement;
}

ReportTarget read_target(const Node& node) {
  ReportTarget target;
  target.shape = node.text("shape");
  target.threads = static_cast<int>(node.integer("threads"));
  target.xsimd = node.positive("xsimd");
  target.allowed_seconds = node.number("allowed_seconds");
  if (node.has("roofline_seconds")) target.roofline_seconds = node.number("roofline_seconds");
  for (const Node& criterion : node.list("criteria")) {
    target.criteria.push_back(
        {criterion.text("text"), criterion.positive("seconds"), criterion.flag("met")});
  }
  return target;
}

ReportLengths read_lengths(const Node& node) {
  return {.shape = node.text("shape"),
          .backend = node.text("backend"),
          .threads = static_cast<int>(node.integer("threads")),
          .padded = node.at("padded").positive("median"),
          .variable = node.at("variable").positive("median"),
          .share_of_steps = node.number("share_of_steps")};
}

ReportPrepare read_prepare(const Node& node) {
  return {.backend = node.text("backend"),
          .prepare_seconds = node.positive("prepare_seconds"),
          .memcpy_seconds = node.positive("memcpy_seconds"),
          .first_run = node.positive("first_run_seconds"),
          .hundredth_run = node.positive("hundredth_run_seconds"),
          .stream_bytes = node.number("stream_bytes"),
          .idle_cpu_share = node.number("idle_cpu_share")};
}

void read_versions(const Node& node, ReportData& data) {
  data.versions.emplace_back("Carousel", node.text("carousel"));
  data.versions.emplace_back("Compiler", node.text("compiler"));
  data.versions.emplace_back("Google Benchmark", node.text("benchmark"));
  const Node backends = node.at("backends");
  for (const auto& [id, description] : backends.json().items()) {
    if (description.is_string()) data.versions.emplace_back(id, description.get<std::string>());
  }
}

void read_machine(const Node& node, ReportData& data) {
  data.cpu = node.text("cpu");
  data.system = node.text("system");
  data.cores = node.integer("cores");
  data.memory_bytes = node.number("memory_bytes");
  data.l1d_bytes = node.number("l1d_bytes");
  data.l2_bytes = node.number("l2_bytes");
  data.l3_bytes = node.number("l3_bytes");
}

void read_roofline(const Node& node, ReportData& data) {
  data.roofline_isa = node.text("isa");
  data.flops_per_second = node.number("flops_per_second");
  if (node.has("peak_best")) data.peak_best = node.number("peak_best");
  for (const Node& level : node.list("levels")) {
    data.levels.push_back({level.text("level"), level.positive("bytes_per_second")});
  }
}

void check_names(const ReportData& data, const std::string& source) {
  for (const ReportMeasurement& measurement : data.measurements) {
    if (data.shape(measurement.shape) == nullptr) {
      throw Error(ErrorCode::bad_format, source + ": a measurement of '" + measurement.shape +
                                             "', which is not among the shapes");
    }
  }
}

Json parse_json(const std::string& text, const std::string& source) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw Error(ErrorCode::bad_format, source + ": is " + loading::json_fault(text, error.byte));
  } catch (const Json::out_of_range&) {
    throw Error(ErrorCode::bad_format, source + ": has a number beyond float64");
  }
}

void check_format(const Json& json, const std::string& source) {
  const bool ours =
      json.is_object() && json.contains("format") && json["format"] == "carousel-bench";
  if (!ours) throw Error(ErrorCode::bad_format, source + ": not a results file of carousel_bench");
  if (!json.contains("format_version") || json["format_version"] != 1) {
    throw Error(ErrorCode::bad_format,
                source + ": made by another version of carousel_bench; this one reads format 1");
  }
}

}  // namespace

ReportData parse_results(const std::string& text, const std::string& source) {
  const Json json = parse_json(text, source);
  check_format(json, source);
  const Node root(json, source + ": results");
  ReportData data;
  data.created = root.text("created");
  data.mode = root.text("mode");
  data.seconds = root.number("seconds");
  read_machine(root.at("machine"), data);
  read_versions(root.at("versions"), data);
  read_roofline(root.at("roofline"), data);
  for (const Node& node : root.list("shapes")) data.shapes.push_back(read_shape(node));
  for (const Node& node : root.list("measurements")) {
    data.measurements.push_back(read_measurement(node));
  }
  for (const Node& node : root.list("targets")) data.targets.push_back(read_target(node));
  for (const Node& node : root.list("lengths")) data.lengths.push_back(read_lengths(node));
  for (const Node& node : root.list("prepare")) {
    if (!node.has("refusal")) data.prepare.push_back(read_prepare(node));
  }
  check_names(data, source);
  return data;
}

ReportData read_results(const std::string& file) { return parse_results(read_text(file), file); }

}  // namespace carousel::cli
