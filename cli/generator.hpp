// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "vocabulary.hpp"

#include <carousel/network.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace carousel::cli {

struct GenerateSettings {
  std::int64_t characters = 400;
  double temperature = 0.8;  ///< 0: always the likeliest character
  std::uint64_t seed = 1;
};

struct Generated {
  std::string text;        ///< without the prompt
  double seconds = 0;      ///< spent in the network and in sampling, the prompt included
  std::int64_t steps = 0;  ///< steps of the network in that time
};

/// An index drawn from softmax(logits / temperature), `uniform` in [0, 1) deciding. With
/// temperature 0, or logits that are not numbers, the largest.
[[nodiscard]] std::size_t sample(std::span<const float> logits, double temperature, double uniform);

/// Continues `prompt` (not empty), calling `emit` (unless empty) with each new character.
[[nodiscard]] Generated generate(const Network& network, const Vocabulary& vocabulary,
                                 const std::vector<std::int32_t>& prompt,
                                 const GenerateSettings& settings,
                                 const std::function<void(const std::string&)>& emit = {});

}  // namespace carousel::cli
