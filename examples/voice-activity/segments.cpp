// SPDX-License-Identifier: Apache-2.0
#include "segments.hpp"

#include <algorithm>

Segments::Segments(std::int64_t rate, std::int64_t chunk, double threshold)
    : chunk_(chunk),
      least_speech_(rate * 250 / 1000),
      least_silence_(rate * 100 / 1000),
      pad_(rate * 30 / 1000),  // two of them are shorter than a silence, so segments never meet
      begin_(threshold),
      end_(std::max(threshold - 0.15, 0.01)) {}

std::optional<Segment> Segments::close(std::int64_t end, const Mean& mean, std::int64_t pad_end) {
  const Segment segment{.start = std::max<std::int64_t>(0, start_ - pad_),
                        .end = end + pad_end,
                        .probability = mean.sum / static_cast<double>(mean.count)};
  const bool counts = end - start_ > least_speech_;
  start_ = silence_ = -1;
  return counts ? std::optional(segment) : std::nullopt;
}

std::optional<Segment> Segments::add(double probability) {
  const std::int64_t here = at_;
  at_ += chunk_;
  if (start_ < 0) {
    if (probability < begin_) return std::nullopt;
    start_ = here;
    mean_ = {};
  }
  if (probability >= begin_) silence_ = -1;
  if (probability < end_) {
    if (silence_ < 0) {
      silence_ = here;
      before_silence_ = mean_;
    }
    if (here - silence_ >= least_silence_) return close(silence_, before_silence_, pad_);
  }
  mean_.sum += probability;
  ++mean_.count;
  return std::nullopt;
}

std::optional<Segment> Segments::finish(std::int64_t samples) {
  if (start_ < 0) return std::nullopt;
  return close(samples, mean_, 0);
}
