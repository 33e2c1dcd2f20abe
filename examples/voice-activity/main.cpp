// SPDX-License-Identifier: Apache-2.0
// voice_activity MODEL SOUND: where in a sound somebody speaks, by the network of Silero VAD.
#include "audio.hpp"
#include "segments.hpp"

#include <carousel/carousel.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr const char* kHelp =
    R"(voice_activity MODEL SOUND [--threshold P] [--probabilities]

Prints a line for each piece of speech: its start and end in seconds, and the mean probability.

  MODEL             silero_vad.onnx of github.com/snakers4/silero-vad (v5 or v6)
  SOUND             a WAV file (or FLAC, ...) of one channel and 16000 Hz; -: standard input, raw 16-bit
                    samples or a WAV file, as it is being recorded
  --threshold P     speech begins at this probability (default: 0.5) and ends 0.15 below it
  --probabilities   print start and probability of each chunk of 32 ms instead

Examples:
  voice_activity silero_vad.onnx talk.wav
  voice_activity silero_vad.onnx talk.wav --threshold 0.7
  arecord -q -f S16_LE -r 16000 -c 1 | voice_activity silero_vad.onnx -
)";

constexpr int kRate = 16000;
constexpr std::int64_t kContext = 64;  // samples of the chunk before, in front of each chunk
constexpr std::int64_t kChunk = 512;

struct Settings {
  std::vector<std::string> files;
  double threshold = 0.5;
  bool probabilities = false;
  bool help = false;
};

double parse_threshold(const char* text) {
  char* end = nullptr;
  const double value = text == nullptr ? 0 : std::strtod(text, &end);
  if (text == nullptr || end == text || *end != '\0' || !(value > 0 && value < 1)) {
    throw std::runtime_error("--threshold needs a number between 0 and 1");
  }
  return value;
}

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help") {
      settings.help = true;
    } else if (word == "--probabilities") {
      settings.probabilities = true;
    } else if (word == "--threshold") {
      settings.threshold = parse_threshold(++i < argc ? argv[i] : nullptr);
    } else if (word.size() > 1 && word.front() == '-') {
      throw std::runtime_error("there is no option " + std::string(word) + "; see --help");
    } else {
      settings.files.emplace_back(word);
    }
  }
  if (!settings.help && settings.files.size() != 2) {
    throw std::runtime_error("needs MODEL and SOUND; see --help");
  }
  return settings;
}

/// The detector: everything is allocated beforehand, so `hear` may be called by an audio thread.
class Detector {
 public:
  explicit Detector(const std::string& file)
      : network_(carousel::prepare(load(file), {.batch = 1, .steps = 1})),
        stream_(network_.stream({.batch = 1, .max_steps = 1})),
        frame_(kContext + kChunk) {
    if (network_.input_size() != kContext + kChunk || network_.output_size() != 1) {
      throw std::runtime_error(file + ": takes " + std::to_string(network_.input_size()) +
                               " samples and gives " + std::to_string(network_.output_size()) +
                               " numbers; Silero VAD takes 576 and gives 1");
    }
  }

  /// Where the next chunk is to be put.
  [[nodiscard]] std::span<float> chunk() noexcept { return std::span(frame_).subspan(kContext); }

  /// The probability that there is speech in it. Inputs and outputs for the state are left out, so
  /// that it stays in the stream.
  [[nodiscard]] double hear() {
    float probability = 0;
    const carousel::NamedInput in{
        .name = network_.inputs().front().name,
        .x = carousel::unbatched<const float>(frame_.data(), 1, kContext + kChunk)};
    const carousel::NamedOutput out{.name = network_.outputs().front().name,
                                    .y = carousel::unbatched(&probability, 1, 1)};
    const carousel::Status status = stream_.run({&in, 1}, {&out, 1});
    if (!status) throw std::runtime_error(status.message());
    std::copy(frame_.end() - kContext, frame_.end(), frame_.begin());
    return probability;
  }

 private:
  /// The graph asks at which rate it is used, and leaves open how many samples a chunk has.
  static carousel::Model load(const std::string& file) {
    return carousel::load(file, {.input_shapes = {{"input", {1, kContext + kChunk}}},
                                 .input_values = {{"sr", kRate}}});
  }

  carousel::Network network_;
  carousel::Stream stream_;
  std::vector<float> frame_;
};

void print(const std::optional<Segment>& segment) {
  if (!segment) return;
  std::printf("%9.3f %9.3f  %.3f\n", static_cast<double>(segment->start) / kRate,
              static_cast<double>(segment->end) / kRate, segment->probability);
  std::fflush(stdout);  // somebody may be waiting for it
}

void run(const Settings& settings) {
  Detector detector(settings.files[0]);
  const std::string& sound = settings.files[1];
  const Audio audio = sound == "-" ? open_standard_input(kRate) : open_sound(sound, kRate);
  Segments segments(kRate, kChunk, settings.threshold);
  std::int64_t heard = 0;
  for (std::size_t count = kChunk; count == kChunk;) {
    const std::span<float> chunk = detector.chunk();
    count = audio(chunk);
    if (count == 0) break;
    std::fill(chunk.begin() + static_cast<std::ptrdiff_t>(count), chunk.end(), 0.0F);
    const double probability = detector.hear();
    if (settings.probabilities) {
      std::printf("%9.3f  %.7f\n", static_cast<double>(heard) / kRate, probability);
    }
    heard += static_cast<std::int64_t>(count);
    const std::optional<Segment> segment = segments.add(probability);
    if (!settings.probabilities) print(segment);
  }
  if (!settings.probabilities) print(segments.finish(heard));
}

}  // namespace

int main(int argc, char** argv) try {
  const Settings settings = parse(argc, argv);
  if (settings.help) {
    std::fputs(kHelp, stdout);
  } else {
    run(settings);
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "voice_activity: %s\n", error.what());
  return 2;
}
