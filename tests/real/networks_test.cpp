// SPDX-License-Identifier: Apache-2.0
// Trained networks from outside, on every backend: see ../shared/real/README.md.
#include "core/verify/conformance/problem.hpp"
#include "real/real_folder.hpp"
#include "support/every_backend.hpp"

#include <carousel/compare.hpp>
#include <carousel/network.hpp>
#include <carousel/npy.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

namespace carousel::testing_support {
namespace {

class RealNetwork : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Backends, RealNetwork, testing::ValuesIn(runnable_ids()), id_as_test_name);

/// The precisions that decide what float32 decides, of those that the backend has.
std::vector<Precision> faithful_precisions(const std::string& id) {
  const Backend& backend = *select_backends(id).front();
  std::vector<Precision> list;
  for (const Precision precision : precisions()) {
    if (backend.supports(make_spec(Cell::lstm, 8, 8), precision)) list.push_back(precision);
  }
  return list;
}

// --- Thai word segmentation ---

/// The code points of a UTF-8 text, each as the bytes it has there.
std::vector<std::string> code_points(const std::string& text) {
  std::vector<std::string> points;
  for (const char byte : text) {
    const bool continues = (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
    if (continues && !points.empty()) {
      points.back() += byte;
    } else {
      points.emplace_back(1, byte);
    }
  }
  return points;
}

/// A bar before each code point whose most likely class begins a word (B or S), and one at the end.
std::string segmentation(const std::vector<std::string>& points, const std::vector<float>& scores,
                         const std::string& classes) {
  std::string text;
  const auto width = static_cast<std::ptrdiff_t>(classes.size());
  auto row = scores.begin();
  for (const std::string& point : points) {
    const auto best = static_cast<std::size_t>(std::max_element(row, row + width) - row);
    if (classes[best] == 'B' || classes[best] == 'S') text += '|';
    text += point;
    row += width;
  }
  return text + '|';
}

void expect_segmentations(const std::string& id, Precision precision) {
  const auto folder = real_folder() / "thai-segmentation";
  std::ifstream stream(folder / "cases.json");
  const nlohmann::json data = nlohmann::json::parse(stream);
  const Network network = prepare(load(folder / "model.safetensors"),
                                  {.backend = id, .steps = 100, .precision = precision});
  ASSERT_TRUE(network.takes_ids());
  const std::int32_t unknown = data.at("unknown_id");
  int matched = 0;
  for (const auto& entry : data.at("cases")) {
    const std::vector<std::string> points = code_points(entry.at("text"));
    std::vector<std::int32_t> ids;
    ids.reserve(points.size());
    for (const std::string& point : points)
      ids.push_back(data.at("vocabulary").value(point, unknown));
    const auto steps = static_cast<std::int64_t>(ids.size());
    std::vector<float> scores(static_cast<std::size_t>(steps * network.output_size()));
    Stream one = network.stream({.batch = 1, .max_steps = steps});
    const Status status = one.run_ids(unbatched<const std::int32_t>(ids.data(), steps, 1),
                                      unbatched(scores.data(), steps, network.output_size()));
    ASSERT_TRUE(static_cast<bool>(status)) << status.message();
    const std::string found = segmentation(points, scores, data.at("classes"));
    const auto expected = entry.at("expected").get<std::string>();
    if (precision != Precision::int8) {
      EXPECT_EQ(found, expected);
    }
    if (found == expected) ++matched;
  }
  std::printf("%s, %s: %d segmentations match\n", id.c_str(), name(precision).data(), matched);
  // In int8 two texts have another boundary, on every backend: what the rounding costs.
  EXPECT_GE(matched, precision == Precision::int8 ? 44 : 46);
}

TEST_P(RealNetwork, SegmentsThai) {
  CAROUSEL_NEEDS_REAL("thai-segmentation/cases.json");
  for (const Precision precision : faithful_precisions(GetParam())) {
    expect_segmentations(GetParam(), precision);
  }
}

// --- Silero voice activity detector ---

struct Silero {
  Silero() : model(load(folder / "lstm.safetensors")) {}

  [[nodiscard]] std::vector<float> read(const char* name) const {
    return read_npy(folder / name).floats(name);
  }

  std::filesystem::path folder = real_folder() / "silero-vad";
  Model model;
  std::vector<float> x = read("features.npy");
  std::vector<float> y = read("lstm_out.npy");
  std::vector<float> probability = read("probability.npy");
};

constexpr std::int64_t kSteps = 1875;
constexpr std::int64_t kWidth = 128;

std::vector<float> run_silero(const Silero& data, const std::string& id, std::int64_t chunk,
                              Precision precision = Precision::float32) {
  const Network network =
      prepare(data.model, {.backend = id, .steps = chunk, .precision = precision});
  Stream stream = network.stream({.batch = 1, .max_steps = std::min<std::int64_t>(chunk, 64)});
  std::vector<float> y(data.y.size());
  const auto in = unbatched<const float>(data.x.data(), kSteps, kWidth);
  const auto out = unbatched(y.data(), kSteps, kWidth);
  for (std::int64_t t = 0; t < kSteps; t += chunk) {
    const std::int64_t count = std::min(chunk, kSteps - t);
    const Status status = stream.run(in.slice(t, count), out.slice(t, count));
    EXPECT_TRUE(static_cast<bool>(status)) << status.message();
  }
  return y;
}

/// sigmoid(head_weight . relu(h) + head_bias) per step
std::vector<double> probabilities(const Silero& data, const std::vector<float>& h) {
  const std::vector<float> weight = data.read("head_weight.npy");
  const std::vector<float> bias = data.read("head_bias.npy");
  std::vector<double> result;
  for (auto row = h.begin(); row != h.end(); row += kWidth) {
    double sum = bias.at(0);
    for (std::size_t k = 0; k < weight.size(); ++k) {
      sum += static_cast<double>(weight[k]) *
             std::max(0.0, static_cast<double>(row[static_cast<std::ptrdiff_t>(k)]));
    }
    result.push_back(1.0 / (1.0 + std::exp(-sum)));
  }
  return result;
}

TEST_P(RealNetwork, DetectsVoiceAsSileroDoes) {
  CAROUSEL_NEEDS_REAL("silero-vad/lstm.safetensors");
  const Silero data;
  ASSERT_EQ(data.x.size(), static_cast<std::size_t>(kSteps * kWidth));
  ASSERT_EQ(data.y.size(), data.x.size());
  const std::vector<float> whole = run_silero(data, GetParam(), kSteps);
  const std::vector<float> single = run_silero(data, GetParam(), 1);
  const Agreement at_once = compare(whole, data.y, 2e-5);
  const Agreement streamed = compare(single, data.y, 2e-5);
  const Agreement voice = compare(data.probability, probabilities(data, single), 2e-5);
  std::printf("%s: largest error %.2g at once, %.2g streamed, %.2g of the probability\n",
              GetParam().c_str(), at_once.max_abs, streamed.max_abs, voice.max_abs);
  EXPECT_TRUE(at_once.ok) << at_once.max_abs;
  EXPECT_TRUE(streamed.ok) << streamed.max_abs;
  EXPECT_TRUE(voice.ok) << voice.max_abs;
  const std::vector<std::string> promised = deterministic_ids();
  if (std::ranges::find(promised, GetParam()) != promised.end()) {
    EXPECT_EQ(first_different_bit(whole, single), -1);
  }
}

/// The largest change of a probability, by precision, as measured with a margin.
double most_change(Precision precision) {
  switch (precision) {
    case Precision::float16: return 1e-3;
    case Precision::bfloat16: return 4e-3;
    case Precision::int8: return 4e-2;
    default: return 2e-5;
  }
}

TEST_P(RealNetwork, DetectsTheSameVoiceInOtherPrecisions) {
  CAROUSEL_NEEDS_REAL("silero-vad/lstm.safetensors");
  const Silero data;
  for (const Precision precision : faithful_precisions(GetParam())) {
    const auto found = probabilities(data, run_silero(data, GetParam(), kSteps, precision));
    double largest = 0;
    int flips = 0;
    for (std::size_t k = 0; k < found.size(); ++k) {
      largest = std::max(largest, std::fabs(found[k] - double{data.probability[k]}));
      if ((found[k] > 0.5) != (data.probability[k] > 0.5F)) ++flips;
    }
    std::printf("%s, %s: probability changes by at most %.2g, %d decisions\n", GetParam().c_str(),
                name(precision).data(), largest, flips);
    EXPECT_LE(largest, most_change(precision));
    EXPECT_EQ(flips, 0);
  }
}

// --- The project's own language model ---

struct LanguageModel {
  std::filesystem::path folder = CAROUSEL_SOURCE_DIR "/models";
  Model model = load(folder / "charlm.safetensors");
  std::vector<std::int32_t> ids = encode();

  [[nodiscard]] std::vector<std::int32_t> encode() const {
    const std::vector<std::string> symbols =
        nlohmann::json::parse(model.metadata.at("carousel.vocab"));
    std::ifstream stream(folder / "heldout.txt", std::ios::binary);
    std::vector<std::int32_t> found;
    for (char letter = 0; stream.get(letter);) {
      const auto symbol = std::ranges::find(symbols, std::string(1, letter));
      found.push_back(static_cast<std::int32_t>(symbol - symbols.begin()));
    }
    return found;
  }
};

std::vector<float> logits_of(const LanguageModel& lm, const std::string& id) {
  const Network network = prepare(lm.model, {.backend = id});
  Stream stream = network.stream();
  const auto steps = static_cast<std::int64_t>(lm.ids.size());
  std::vector<float> logits(static_cast<std::size_t>(steps * network.output_size()));
  const Status status = stream.run_ids(unbatched<const std::int32_t>(lm.ids.data(), steps, 1),
                                       unbatched(logits.data(), steps, network.output_size()));
  EXPECT_TRUE(static_cast<bool>(status)) << status.message();
  return logits;
}

/// -log2 of the probability that a row of logits gives to `id`.
double bits(std::span<const float> logits, std::int32_t id) {
  const double top = *std::ranges::max_element(logits);
  double sum = 0.0;
  for (const float logit : logits) sum += std::exp(logit - top);
  return (std::log(sum) + top - logits[static_cast<std::size_t>(id)]) / std::log(2.0);
}

double bits_per_char(const LanguageModel& lm, const std::vector<float>& logits) {
  const std::size_t width = logits.size() / lm.ids.size();
  double total = 0.0;
  for (std::size_t t = 0; t + 1 < lm.ids.size(); ++t) {
    total += bits(std::span(logits).subspan(t * width, width), lm.ids[t + 1]);
  }
  return total / static_cast<double>(lm.ids.size() - 1);
}

TEST_P(RealNetwork, ReadsEnglishAsPyTorchDoes) {
  LanguageModel lm;
  const NpyArray recorded = read_npy(lm.folder / "heldout_logits.npy");
  const std::vector<float>& expected = recorded.floats("heldout_logits.npy");
  ASSERT_GE(expected.size(), 1000U);
  // The whole text takes the scalar backend most of a minute in a debug build.
  const bool whole_text = GetParam() != "scalar";
  if (!whole_text) lm.ids.resize(static_cast<std::size_t>(recorded.shape.at(0)));
  const std::vector<float> logits = logits_of(lm, GetParam());
  ASSERT_LE(expected.size(), logits.size());
  const std::vector<float> start(logits.begin(),
                                 logits.begin() + static_cast<std::ptrdiff_t>(expected.size()));
  const Agreement agreement = compare(start, expected, 2e-4);
  EXPECT_TRUE(agreement.ok) << "largest error " << agreement.max_abs;
  if (!whole_text) return;
  const double found = bits_per_char(lm, logits);
  std::printf("%s: %.6f bits per character, largest error of a logit %.2g\n", GetParam().c_str(),
              found, agreement.max_abs);
  EXPECT_NEAR(found, std::stod(lm.model.metadata.at("carousel.heldout_slice_bits_per_char")), 2e-5);
}

}  // namespace
}  // namespace carousel::testing_support
