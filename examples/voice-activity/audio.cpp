// SPDX-License-Identifier: Apache-2.0
#include "audio.hpp"

#include <sndfile.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

static_assert(std::endian::native == std::endian::little, "WAV files are little-endian");

namespace {

constexpr const char* kInput = "standard input";

void check_format(const std::string& name, int channels, int found, int rate) {
  if (channels == 1 && found == rate) return;
  throw std::runtime_error(name + ": has " + std::to_string(channels) + " channels of " +
                           std::to_string(found) + " Hz, but must have 1 of " +
                           std::to_string(rate) + " Hz: sox " + name + " -r " +
                           std::to_string(rate) + " -c 1 mono.wav");
}

/// Whether standard input has filled `bytes`.
bool read_bytes(void* bytes, std::size_t count) {
  return std::fread(bytes, 1, count, stdin) == count;
}

[[noreturn]] void refuse(const std::string& text) {
  throw std::runtime_error(std::string(kInput) + ": " + text);
}

std::uint32_t read_number() {
  std::uint32_t number = 0;
  if (!read_bytes(&number, sizeof number)) refuse("ends within the header of a WAV file");
  return number;
}

/// The header after "RIFF", up to the samples. The length of what is recorded right now is not
/// known when its header is written, so it is not looked at.
void read_wav_header(int rate) {
  struct Format {
    std::uint16_t code, channels;
    std::uint32_t rate, bytes_per_second;
    std::uint16_t block, bits;
  } format{};
  std::array<char, 4> name{};
  (void)read_number();
  if (!read_bytes(name.data(), 4) || std::memcmp(name.data(), "WAVE", 4) != 0) {
    refuse("begins like a WAV file and is none");
  }
  while (read_bytes(name.data(), 4)) {
    std::uint32_t left = read_number();
    if (std::memcmp(name.data(), "data", 4) == 0) {
      if (format.code != 1 || format.bits != 16) refuse("must be 16-bit PCM: arecord -f S16_LE");
      return check_format(kInput, format.channels, static_cast<int>(format.rate), rate);
    }
    if (std::memcmp(name.data(), "fmt ", 4) == 0 && left >= sizeof format) {
      if (!read_bytes(&format, sizeof format)) break;
      left -= sizeof format;
    }
    for (left += left % 2; left > 0; --left) (void)std::getchar();
  }
  refuse("ends within the header of a WAV file");
}

}  // namespace

Audio open_sound(const std::string& file, int rate) {
  SF_INFO info{};
  const std::shared_ptr<SNDFILE> sound(sf_open(file.c_str(), SFM_READ, &info), &sf_close);
  if (sound == nullptr) throw std::runtime_error(file + ": " + sf_strerror(nullptr));
  check_format(file, info.channels, info.samplerate, rate);
  return [sound](std::span<float> samples) {
    const sf_count_t count =
        sf_read_float(sound.get(), samples.data(), static_cast<sf_count_t>(samples.size()));
    return static_cast<std::size_t>(count);
  };
}

Audio open_standard_input(int rate) {
  std::array<std::int16_t, 2> first{};
  std::size_t held = std::fread(first.data(), 2, first.size(), stdin);
  if (held == 2 && std::memcmp(first.data(), "RIFF", 4) == 0) {
    read_wav_header(rate);
    held = 0;
  }
  return [first, held](std::span<float> samples) mutable {
    std::vector<std::int16_t> numbers(samples.size());
    std::copy_n(first.begin(), held, numbers.begin());
    const std::size_t count =
        held + std::fread(numbers.data() + held, 2, numbers.size() - held, stdin);
    held = 0;
    for (std::size_t i = 0; i < count; ++i) samples[i] = static_cast<float>(numbers[i]) / 32768.0F;
    return count;
  };
}
