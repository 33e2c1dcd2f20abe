// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

/// Speech from `start` to `end`, in samples.
struct Segment {
  std::int64_t start = 0;
  std::int64_t end = 0;
  double probability = 0;  ///< Mean of its chunks.
};

/// Makes segments of the probabilities of chunks, with the rules and figures of Silero VAD: speech
/// begins with a chunk of at least `threshold`, and ends with the first of a series of chunks that
/// lasts 100 ms without reaching the threshold again and begins 0.15 below it. What is no longer
/// than 250 ms does not count; the rest is given 30 ms more at either end.
class Segments {
 public:
  Segments(std::int64_t rate, std::int64_t chunk, double threshold);

  /// Takes the next chunk; gives a segment when it has ended for good.
  std::optional<Segment> add(double probability);
  /// The segment in which the sound ends after so many samples, if it ends in one.
  std::optional<Segment> finish(std::int64_t samples);

 private:
  struct Mean {
    double sum = 0;
    std::int64_t count = 0;
  };
  [[nodiscard]] std::optional<Segment> close(std::int64_t end, const Mean& mean,
                                             std::int64_t pad_end);

  std::int64_t chunk_, least_speech_, least_silence_, pad_;
  double begin_, end_;         // thresholds
  std::int64_t at_ = 0;        // samples so far
  std::int64_t start_ = -1;    // of the speech; negative: none
  std::int64_t silence_ = -1;  // where what may be its end begins
  Mean mean_, before_silence_;
};
