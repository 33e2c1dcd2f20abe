// SPDX-License-Identifier: Apache-2.0
// make_sound SECONDS SEED DRY.wav WET.wav: a made-up guitar, and the same through a made-up
// amplifier that the network is to imitate. In earnest, these two files are recordings of a device.
#include <sndfile.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

namespace {

constexpr int kRate = 44100;
using Sound = std::vector<float>;

/// Adds a plucked string (Karplus & Strong 1983) to `sound`, from sample `start` on.
void pluck(Sound& sound, std::size_t start, double frequency, double loudness,
           std::mt19937& random) {
  std::vector<double> string(static_cast<std::size_t>(kRate / frequency));
  for (double& sample : string) sample = loudness * (random() % 2 == 0 ? 1.0 : -1.0);
  const double damping = 0.4985;
  for (std::size_t i = start, k = 0; i < sound.size() && i < start + 3 * kRate; ++i) {
    const std::size_t next = (k + 1) % string.size();
    sound[i] += static_cast<float>(string[k]);
    string[k] = damping * (string[k] + string[next]);
    k = next;
  }
}

/// Single notes and chords of two, soft and loud, between E2 and E5.
Sound play(double seconds, std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto between = [&](double low, double high) {
    return low + (high - low) * static_cast<double>(random()) / static_cast<double>(random.max());
  };
  Sound sound(static_cast<std::size_t>(seconds * kRate));
  for (std::size_t start = 0; start < sound.size();) {
    const double root = 82.41 * std::exp2(std::floor(between(0, 24)) / 12.0);
    const double loudness = std::exp(between(std::log(0.05), std::log(0.5)));
    pluck(sound, start, root, loudness, random);
    if (random() % 3 == 0) pluck(sound, start, root * 1.5, loudness, random);
    start += static_cast<std::size_t>(between(0.1, 0.6) * kRate);
  }
  for (float& sample : sound) sample = std::clamp(sample, -1.0F, 1.0F);
  return sound;
}

/// A filter's coefficient for a time constant or a corner frequency.
double smoothing(double seconds) { return 1.0 - std::exp(-1.0 / (seconds * kRate)); }
double corner(double hertz) { return smoothing(1.0 / (2.0 * 3.141592653589793 * hertz)); }

/// High-pass, a supply that sags under load, an asymmetric valve, low-pass.
Sound amplify(const Sound& dry) {
  Sound wet;
  wet.reserve(dry.size());
  double low = 0.0, load = 0.0, tone = 0.0;
  for (const double sample : dry) {
    low += corner(80.0) * (sample - low);
    const double bright = sample - low;
    const double level = std::abs(bright);
    load += smoothing(level > load ? 0.002 : 0.06) * (level - load);
    const double valve = std::tanh(8.0 * bright / (1.0 + 2.0 * load) + 0.3) - std::tanh(0.3);
    tone += corner(5000.0) * (valve - tone);
    wet.push_back(static_cast<float>(0.6 * tone));
  }
  return wet;
}

bool write(const char* file, const Sound& sound) {
  SF_INFO info{};
  info.samplerate = kRate;
  info.channels = 1;
  info.format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
  SNDFILE* out = sf_open(file, SFM_WRITE, &info);
  const auto count = static_cast<sf_count_t>(sound.size());
  const bool ok = out != nullptr && sf_write_float(out, sound.data(), count) == count;
  if (!ok) std::fprintf(stderr, "make_sound: %s: %s\n", file, sf_strerror(out));
  sf_close(out);
  return ok;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: make_sound SECONDS SEED DRY.wav WET.wav\n", stderr);
    return 2;
  }
  const Sound dry = play(std::atof(argv[1]), static_cast<std::uint32_t>(std::atol(argv[2])));
  return write(argv[3], dry) && write(argv[4], amplify(dry)) ? 0 : 1;
}
