// SPDX-License-Identifier: Apache-2.0
#include <report/results_file.hpp>
#include <report/sections.hpp>
#include <report/svg.hpp>

#include <carousel/error.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace carousel::cli {
namespace {

using Json = nlohmann::ordered_json;

Json measurement(const char* backend, const char* resolved, int threads, double seconds) {
  return {{"shape", "s<1>"},
          {"backend", backend},
          {"resolved", resolved},
          {"threads", threads},
          {"seconds", {{"low", seconds * 0.9}, {"median", seconds}, {"high", seconds * 1.2}}},
          {"gflops", 1e-6 / seconds},
          {"least_seconds", 4e-6},
          {"roofline", 4e-6 / seconds},
          {"agrees", true}};
}

Json results() {
  const Json criterion = {{"text", "≤ 0.70 × ort"}, {"seconds", 9e-6}, {"met", false}};
  const Json target = {{"shape", "s<1>"},
                       {"threads", 1},
                       {"xsimd", 12.3e-6},
                       {"allowed_seconds", 9e-6},
                       {"criteria", Json::array({criterion})}};
  const Json shape = {
      {"name", "s<1>"}, {"input", 8}, {"hidden", 8},   {"layers", 1}, {"bidirectional", false},
      {"steps", 4},     {"batch", 2}, {"flops", 1000}, {"bytes", 500}};
  return {{"format", "carousel-bench"},
          {"format_version", 1},
          {"created", "2026-01-02T03:04:05Z"},
          {"mode", "quick"},
          {"seconds", 12.0},
          {"machine",
           {{"cpu", "A & B \"CPU\""},
            {"system", "Linux"},
            {"cores", 2},
            {"memory_bytes", 8e9},
            {"l1d_bytes", 32768},
            {"l2_bytes", 1048576},
            {"l3_bytes", 33554432}}},
          {"versions",
           {{"carousel", "0.1"},
            {"compiler", "g++"},
            {"benchmark", "1.7"},
            {"backends", {{"onednn", "oneDNN 2.6.3 (CPU)"}}}}},
          {"roofline",
           {{"isa", "avx2"},
            {"flops_per_second", 1e11},
            {"levels", Json::array({{{"level", "L1"}, {"bytes_per_second", 2e11}}})}}},
          {"shapes", Json::array({shape})},
          {"measurements", Json::array({measurement("xsimd", "xsimd:avx2", 1, 12.3e-6),
                                        measurement("onednn", "onednn", 1, 24.6e-6),
                                        measurement("xsimd", "xsimd:avx2", 2, 10.25e-6)})},
          {"targets", Json::array({target})},
          {"lengths", Json::array()},
          {"prepare", Json::array()}};
}

std::string page(const Json& json) { return report_page(parse_results(json.dump(), "r.json")); }

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string error_of(const std::string& text) {
  try {
    static_cast<void>(parse_results(text, "r.json"));
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Report, HasTheFigures) {
  const std::string html = page(results());
  EXPECT_TRUE(contains(html, "12.3 µs"));
  EXPECT_TRUE(contains(html, "24.6 µs"));
  EXPECT_TRUE(contains(html, ">0.50</text>")) << "the ratio, in the heat map";
  EXPECT_TRUE(contains(html, "1.20 times as fast with 2 threads"));
  EXPECT_TRUE(contains(html, "0 of 1"));
  EXPECT_TRUE(contains(html, "missed: ≤ 0.70 × ort"));
  EXPECT_TRUE(contains(html, "took 1.37 × that"));
  EXPECT_TRUE(contains(html, "oneDNN 2.6.3"));
}

/// With two sizes, with and without a batch, beside a shape that the picture leaves out.
Json results_by_size() {
  Json json = results();
  json["shapes"] = Json::array();
  json["measurements"] = Json::array();
  for (const std::int64_t hidden : {64, 16}) {
    for (const std::int64_t batch : {1, 16, 3}) {
      const std::string name = "h" + std::to_string(hidden) + "b" + std::to_string(batch);
      Json shape = results()["shapes"][0];
      shape["name"] = name;
      shape["input"] = shape["hidden"] = hidden;
      shape["batch"] = batch;
      json["shapes"].push_back(shape);
      const auto add = [&](const char* backend, const char* resolved, int threads, double seconds) {
        json["measurements"].push_back(measurement(backend, resolved, threads, seconds));
        json["measurements"].back()["shape"] = name;
      };
      const double slower = batch == 3 ? 9 : 1.5 + 0.5 * (hidden == 16) + 0.25 * (batch == 1);
      add("xsimd", "xsimd:avx2", 1, 1e-5);
      add("xsimd", "xsimd:avx2", 2, 1e-6);
      add("onnxruntime", "onnxruntime", 1, slower * 1e-5);
      add("onednn", "onednn", 1, (slower + 4) * 1e-5);
    }
  }
  json["versions"]["backends"]["onnxruntime"] = "ONNX Runtime 1.30.0";
  return json;
}

std::string picture(const Json& json) {
  return speed_picture(parse_results(json.dump(), "r.json"));
}

TEST(SpeedPicture, HasTheRatiosOfOneThreadByHiddenSize) {
  const std::string svg = picture(results_by_size());
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
  EXPECT_TRUE(contains(svg, "<title>h64b1: 1.75 times as fast as ONNX Runtime</title>"));
  EXPECT_TRUE(contains(svg, "<title>h16b1: 6.25 times as fast as oneDNN</title>"));
  EXPECT_TRUE(contains(svg, "<title>h16b16: 2.00 times as fast as ONNX Runtime</title>"));
  EXPECT_FALSE(contains(svg, "h16b3")) << "a batch that has no panel";
  EXPECT_LT(svg.find(">16</text>"), svg.find(">64</text>")) << "small ones first";
  EXPECT_TRUE(
      contains(svg, "A &amp; B &quot;CPU&quot;, xsimd:avx2; float32, one thread; 2026-01-02"));
  EXPECT_TRUE(contains(svg, ">as ONNX Runtime 1.30.0 (geometric mean: 1.85)</text>"));
  EXPECT_TRUE(contains(svg, ">as oneDNN 2.6.3 (geometric mean: 5.87)</text>"));
  EXPECT_TRUE(contains(svg, "prefers-color-scheme: dark"));
}

TEST(SpeedPicture, LeavesOutWhatIsMissingOrWrong) {
  Json json = results_by_size();
  for (Json& one : json["measurements"]) {
    if (one["backend"] == "onednn") one["agrees"] = false;
  }
  const std::string svg = picture(json);
  EXPECT_FALSE(contains(svg, "times as fast as oneDNN<"));
  EXPECT_TRUE(contains(svg, "16 sequences at once"));
  EXPECT_THROW(static_cast<void>(picture(results())), Error) << "neither batch was measured";
}

TEST(Report, TellsWhichDemandsAllowLessThanTheRoofline) {
  Json json = results();
  EXPECT_FALSE(contains(page(json), "× that, the roofline")) << "a file of an older version";
  json["targets"][0]["roofline_seconds"] = 10e-6;
  EXPECT_TRUE(contains(page(json), "took 1.37 × that, the roofline 10.0 µs"));
}

TEST(Report, TellsTheDistanceOfCoresOnlyWhereItWasMeasured) {
  Json json = results();
  json["measurements"][0]["slow_state"] = true;
  EXPECT_TRUE(contains(page(json), "slow state<"));
  json["measurements"][0]["round_trip_ns"] = 340.2;
  EXPECT_TRUE(contains(page(json), "slow state, 340 ns<"));
}

TEST(Report, HasMeasuredPeers) {
  Json json = results();
  json["versions"]["backends"]["onnxruntime"] = "ONNX Runtime 1.21.0";
  json["measurements"].push_back(measurement("onnxruntime", "onnxruntime", 1, 20.5e-6));
  json["measurements"].push_back(measurement("onnxruntime", "onnxruntime", 2, 10.25e-6));
  const std::string html = page(json);
  EXPECT_TRUE(contains(html, "ONNX Runtime 1.21.0"));
  EXPECT_TRUE(contains(html, "<i class=\"b-onnxruntime\"></i>onnxruntime"));
  EXPECT_TRUE(contains(html, "20.5 µs"));
  EXPECT_TRUE(contains(html, ">0.60</text>")) << "the ratio to it, in the heat map";
  EXPECT_TRUE(contains(html, "onnxruntime: 2.00 times as fast with 2 threads"));
}

TEST(Report, LevelsThatAreNearlyTheSameShareALabel) {
  Json json = results();
  const auto levels = [&json](double far, double dram) {
    json["roofline"]["levels"] = Json::array({{{"level", "L2"}, {"bytes_per_second", 6e10}},
                                              {{"level", "far L3"}, {"bytes_per_second", far}},
                                              {{"level", "DRAM"}, {"bytes_per_second", dram}}});
    return page(json);
  };
  const std::string near = levels(16.4e9, 15.9e9);
  EXPECT_TRUE(contains(near, ">far L3 16, DRAM 16 GB/s</text>"));
  EXPECT_TRUE(contains(near, ">L2 60 GB/s</text>"));
  const std::string apart = levels(32e9, 8e9);
  EXPECT_TRUE(contains(apart, ">far L3 32 GB/s</text>"));
  EXPECT_TRUE(contains(apart, ">DRAM 8 GB/s</text>"));
}

TEST(Report, TellsThePeaksMedianAndItsBest) {
  Json json = results();
  EXPECT_FALSE(contains(page(json), "at best"));
  json["roofline"]["peak_best"] = 1.2e11;
  EXPECT_TRUE(contains(page(json), "100 GFLOP/s"));
  EXPECT_TRUE(contains(page(json), "median; at best 120"));
}

TEST(Report, CallsRivalsEngines) {
  const std::string html = page(results());
  EXPECT_TRUE(contains(html, "time of the best other engine, 1 thread"));
  EXPECT_FALSE(contains(html, "other backend"));
}

TEST(Report, EscapesNames) {
  const std::string html = page(results());
  EXPECT_TRUE(contains(html, "s&lt;1&gt;"));
  EXPECT_FALSE(contains(html, "s<1>"));
  EXPECT_TRUE(contains(html, "A &amp; B &quot;CPU&quot;"));
  EXPECT_EQ(escape("<a href='x'>&\""), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;");
}

TEST(Report, NeedsNothingFromOutside) {
  const std::string html = page(results());
  for (const char* outside : {"<script", "http://", "https://", "<link", "url(", "@import"}) {
    EXPECT_FALSE(contains(html, outside)) << outside;
  }
}

TEST(Report, LeavesOutWhatWasNotMeasured) {
  Json empty = results();
  empty["measurements"] = Json::array();
  empty["targets"] = Json::array();
  const std::string html = page(empty);
  EXPECT_FALSE(contains(html, "Roofline"));
  EXPECT_FALSE(contains(html, "Every shape"));
  EXPECT_TRUE(contains(html, "</html>"));
}

TEST(Report, ShowsRefusals) {
  Json json = results();
  json["measurements"][1] = {{"shape", "s<1>"},
                             {"backend", "onednn"},
                             {"resolved", ""},
                             {"threads", 1},
                             {"refusal", "no <such> thing"}};
  const std::string html = page(json);
  EXPECT_TRUE(contains(html, "no &lt;such&gt; thing"));
}

TEST(Report, SaysWhatIsWrongWithAFile) {
  EXPECT_TRUE(error_of("{").starts_with("r.json: is not complete JSON (byte 2)"));
  EXPECT_EQ(error_of("[]"), "r.json: not a results file of carousel_bench");
  EXPECT_EQ(error_of("{\"format\": \"other\"}"), "r.json: not a results file of carousel_bench");
  Json newer = results();
  newer["format_version"] = 2;
  EXPECT_EQ(error_of(newer.dump()),
            "r.json: made by another version of carousel_bench; this one reads format 1");
  Json broken = results();
  broken["measurements"][1]["seconds"].erase("median");
  EXPECT_EQ(error_of(broken.dump()), "r.json: results.measurements[1].seconds has no \"median\"");
  broken = results();
  broken["measurements"][0]["gflops"] = "fast";
  EXPECT_EQ(error_of(broken.dump()), "r.json: results.measurements[0].gflops is not a number");
  broken = results();
  broken["shapes"][0]["flops"] = 0;
  EXPECT_EQ(error_of(broken.dump()), "r.json: results.shapes[0].flops is not positive");
  broken = results();
  broken["measurements"][2]["shape"] = "other";
  EXPECT_EQ(error_of(broken.dump()),
            "r.json: a measurement of 'other', which is not among the shapes");
}

TEST(Report, RefusesAMissingFile) {
  try {
    static_cast<void>(read_results("/nonexistent/results.json"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with("/nonexistent/results.json: cannot read: "));
  }
}

}  // namespace
}  // namespace carousel::cli
