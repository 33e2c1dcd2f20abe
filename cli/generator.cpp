// SPDX-License-Identifier: Apache-2.0
#include "generator.hpp"

#include "random.hpp"
#include "timing.hpp"

#include <algorithm>
#include <cmath>

namespace carousel::cli {
namespace {

/// Runs one id; leaves the logits of what comes next.
void feed(Stream& stream, std::int32_t id, std::vector<float>& logits) {
  const auto outputs = static_cast<std::int64_t>(logits.size());
  const Status status = stream.run_ids(steps_first<const std::int32_t>(&id, 1, 1, 1),
                                       steps_first(logits.data(), 1, 1, outputs));
  if (!status) throw Error(ErrorCode::invalid_argument, status.message());
}

}  // namespace

std::size_t sample(std::span<const float> logits, double temperature, double uniform) {
  const auto largest = std::max_element(logits.begin(), logits.end());
  const auto best = static_cast<std::size_t>(largest - logits.begin());
  if (!(temperature > 0)) return best;
  std::vector<double> weights(logits.size());
  double sum = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    weights[i] =
        std::exp((static_cast<double>(logits[i]) - static_cast<double>(*largest)) / temperature);
    sum += weights[i];
  }
  double left = uniform * sum;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    left -= weights[i];
    if (left < 0) return i;
  }
  return best;
}

Generated generate(const Network& network, const Vocabulary& vocabulary,
                   const std::vector<std::int32_t>& prompt, const GenerateSettings& settings,
                   const std::function<void(const std::string&)>& emit) {
  Stream stream = network.stream({.batch = 1, .max_steps = 1});
  std::vector<float> logits(static_cast<std::size_t>(network.output_size()));
  Random random(settings.seed);
  Generated result;
  double start = now();
  for (const std::int32_t id : prompt) feed(stream, id, logits);
  result.steps = static_cast<std::int64_t>(prompt.size());
  for (std::int64_t n = 0; n < settings.characters; ++n) {
    const std::size_t next = sample(logits, settings.temperature, random.uniform());
    result.text += vocabulary.symbol(next);
    feed(stream, static_cast<std::int32_t>(next), logits);
    ++result.steps;
    if (!emit) continue;
    result.seconds += now() - start;
    emit(vocabulary.symbol(next));
    start = now();
  }
  result.seconds += now() - start;
  return result;
}

}  // namespace carousel::cli
