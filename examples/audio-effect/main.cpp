// SPDX-License-Identifier: Apache-2.0
// audio_effect MODEL IN.wav OUT.wav [TARGET.wav] [--block N] [--most-esr E]: a sound through an
// LSTM that imitates an amplifier, block by block as a sound card would ask for it.
#include <carousel/carousel.hpp>

#include <sndfile.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// Samples of one channel.
struct Sound {
  std::vector<float> samples;
  int rate = 0;
};

using File = std::unique_ptr<SNDFILE, decltype(&sf_close)>;

Sound read(const std::string& name) {
  SF_INFO info{};
  const File file(sf_open(name.c_str(), SFM_READ, &info), &sf_close);
  if (file == nullptr) throw std::runtime_error(name + ": " + sf_strerror(nullptr));
  if (info.channels != 1) throw std::runtime_error(name + ": must have one channel");
  Sound sound{.samples = std::vector<float>(static_cast<std::size_t>(info.frames)),
              .rate = info.samplerate};
  sf_read_float(file.get(), sound.samples.data(), info.frames);
  return sound;
}

void write(const std::string& name, const Sound& sound) {
  SF_INFO info{};
  info.samplerate = sound.rate;
  info.channels = 1;
  info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  const File file(sf_open(name.c_str(), SFM_WRITE, &info), &sf_close);
  const auto count = static_cast<sf_count_t>(sound.samples.size());
  if (file == nullptr || sf_write_float(file.get(), sound.samples.data(), count) != count) {
    throw std::runtime_error(name + ": " + sf_strerror(file.get()));
  }
}

/// The effect: all there is to put into a plug-in's processing callback.
class Amp {
 public:
  /// Loads and allocates: not for the audio thread.
  Amp(const std::string& model, std::int64_t block)
      : network_(carousel::prepare(carousel::load(model), {.batch = 1, .steps = block})),
        stream_(network_.stream({.batch = 1, .max_steps = block})) {
    if (network_.input_size() != 1 || network_.output_size() != 1) {
      throw std::runtime_error(model + ": must have one input and one output");
    }
  }

  /// For the audio thread: never throws, allocates, locks or calls the operating system.
  void process(const float* in, float* out, std::int64_t count) noexcept {
    if (!stream_.run(carousel::unbatched(in, count, 1), carousel::unbatched(out, count, 1))) {
      std::fill_n(out, count, 0.0F);  // silence rather than noise
    }
  }

  [[nodiscard]] const std::string& backend() const { return network_.layers()[0].backend; }

 private:
  carousel::Network network_;
  carousel::Stream stream_;
};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Energy of the error as a share of the energy of the target.
double error_to_signal(const Sound& sound, const Sound& target) {
  if (sound.samples.size() != target.samples.size()) {
    throw std::runtime_error("the target has another length than the input");
  }
  double error = 0.0, signal = 0.0;
  for (std::size_t i = 0; i < sound.samples.size(); ++i) {
    const double wanted = target.samples[i];
    const double difference = wanted - sound.samples[i];
    error += difference * difference;
    signal += wanted * wanted;
  }
  return error / signal;
}

struct Settings {
  std::vector<std::string> files;
  std::int64_t block = 64;
  double most_esr = 1e30;
};

Settings parse(int argc, char** argv) {
  Settings settings;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--block") {
      settings.block = std::max(1, std::atoi(value));
      ++i;
    } else if (word == "--most-esr") {
      settings.most_esr = std::atof(value);
      ++i;
    } else {
      settings.files.emplace_back(word);
    }
  }
  if (settings.files.size() != 3 && settings.files.size() != 4) {
    throw std::runtime_error(
        "usage: audio_effect MODEL IN.wav OUT.wav [TARGET.wav] [--block N] [--most-esr E]");
  }
  return settings;
}

bool run(const Settings& settings) {
  const auto& files = settings.files;
  Amp amp(files[0], settings.block);
  const Sound in = read(files[1]);
  Sound out{.samples = std::vector<float>(in.samples.size()), .rate = in.rate};

  double total = 0.0, worst = 0.0;
  const auto length = static_cast<std::int64_t>(in.samples.size());
  for (std::int64_t at = 0; at < length; at += settings.block) {
    const double start = now();
    amp.process(in.samples.data() + at, out.samples.data() + at,
                std::min(settings.block, length - at));
    const double took = now() - start;
    total += took;
    worst = std::max(worst, took);
  }
  write(files[2], out);

  const double seconds = static_cast<double>(length) / in.rate;
  const double period = static_cast<double>(settings.block) / in.rate;
  std::printf("%s: %.2f s of sound in %.3f s, %.1f times real time\n", amp.backend().c_str(),
              seconds, total, seconds / total);
  std::printf("blocks of %lld samples: worst %.0f us of the %.0f us there are\n",
              static_cast<long long>(settings.block), worst * 1e6, period * 1e6);
  if (files.size() < 4) return true;
  const double esr = error_to_signal(out, read(files[3]));
  std::printf("error-to-signal ratio: %.4f\n", esr);
  return esr <= settings.most_esr;
}

}  // namespace

int main(int argc, char** argv) try {
  return run(parse(argc, argv)) ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "audio_effect: %s\n", error.what());
  return 1;
}
