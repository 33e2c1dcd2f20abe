// SPDX-License-Identifier: Apache-2.0
// noise_suppression MODEL FEATURES: RNNoise's network, frame by frame as a sound card would ask
// for it.
#include <carousel/carousel.hpp>
#include <carousel/npy.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr const char* kHelp =
    R"(noise_suppression MODEL FEATURES

Prints a line for each frame of 10 ms: the probability of voice, then the gain of each of the 22 bands.

  MODEL      rnnoise.safetensors, which convert_rnnoise.py makes of RNNoise's weights
  FEATURES   the 42 features of each frame: a .npy array [frames, 42]; -: numbers on standard input

Examples:
  noise_suppression rnnoise.safetensors features.npy
  compute_features | noise_suppression rnnoise.safetensors -
)";

/// Fills a frame with the next features, and says whether there were any.
using Features = std::function<bool(std::span<float> frame)>;

Features read_array(const std::string& file, std::int64_t size) {
  const auto array = std::make_shared<carousel::NpyArray>(carousel::read_npy(file));
  if (array->shape.size() != 2 || array->shape[1] != size) {
    throw std::runtime_error(file + ": must have the shape [frames, " + std::to_string(size) + "]");
  }
  return [array,
          values = std::span<const float>(array->floats(file))](std::span<float> frame) mutable {
    if (values.empty()) return false;
    std::ranges::copy(values.first(frame.size()), frame.begin());
    values = values.subspan(frame.size());
    return true;
  };
}

Features read_standard_input() {
  return [](std::span<float> frame) {
    for (std::size_t i = 0; i < frame.size(); ++i) {
      const int found = std::scanf("%f", &frame[i]);
      if (found == 1) continue;
      if (found == EOF && i == 0) return false;
      throw std::runtime_error(found == EOF
                                   ? "standard input ends within a frame"
                                   : "standard input: there is something that is no number");
    }
    return true;
  };
}

/// The network: everything is allocated beforehand, so `hear` may be called by an audio thread.
class Suppressor {
 public:
  explicit Suppressor(const std::string& file)
      : network_(carousel::prepare(carousel::load(file), {.batch = 1, .steps = 1})),
        stream_(network_.stream({.batch = 1, .max_steps = 1})),
        gains_(static_cast<std::size_t>(size_of(file, "gains"))) {
    if (size_of(file, "vad") != 1) throw std::runtime_error(file + ": vad must be one number");
  }

  /// Features of a frame.
  [[nodiscard]] std::int64_t size() const { return network_.input_size(); }
  [[nodiscard]] std::span<const float> gains() const { return gains_; }

  /// Takes the features of a frame, gives the probability of voice and sets the gains.
  [[nodiscard]] float hear(std::span<const float> features) {
    float voice = 0;
    const auto bands = static_cast<std::int64_t>(gains_.size());
    const carousel::NamedInput in{.name = network_.inputs().front().name,
                                  .x = carousel::unbatched(features.data(), 1, size())};
    const std::array outputs{
        carousel::NamedOutput{.name = "gains", .y = carousel::unbatched(gains_.data(), 1, bands)},
        carousel::NamedOutput{.name = "vad", .y = carousel::unbatched(&voice, 1, 1)}};
    const carousel::Status status = stream_.run({&in, 1}, outputs);
    if (!status) throw std::runtime_error(status.message());
    return voice;
  }

 private:
  [[nodiscard]] std::int64_t size_of(const std::string& file, std::string_view name) const {
    for (const carousel::NetworkOutput& output : network_.outputs()) {
      if (output.name == name) return output.size;
    }
    throw std::runtime_error(file + ": has no output '" + std::string(name) +
                             "'; convert_rnnoise.py makes a file that has");
  }

  carousel::Network network_;
  carousel::Stream stream_;
  std::vector<float> gains_;
};

void run(const std::string& model, const std::string& source) {
  Suppressor suppressor(model);
  const Features features =
      source == "-" ? read_standard_input() : read_array(source, suppressor.size());
  std::vector<float> frame(static_cast<std::size_t>(suppressor.size()));
  while (features(frame)) {
    std::printf("%.7f", static_cast<double>(suppressor.hear(frame)));
    for (const float gain : suppressor.gains()) std::printf(" %.7f", static_cast<double>(gain));
    std::printf("\n");
    std::fflush(stdout);  // somebody may be waiting for it
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc == 2 && std::string_view(argv[1]) == "--help") {
    std::fputs(kHelp, stdout);
    return 0;
  }
  if (argc != 3) throw std::runtime_error("needs MODEL and FEATURES; see --help");
  run(argv[1], argv[2]);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "noise_suppression: %s\n", error.what());
  return 2;
}
