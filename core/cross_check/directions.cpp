// SPDX-License-Identifier: Apache-2.0
#include "directions.hpp"

#include <variant>

namespace carousel::detail {
namespace {

Direction direction_of(const RecurrentSpec& spec, std::int64_t d) noexcept {
  return d == 1 || spec.direction == Direction::reverse ? Direction::reverse : Direction::forward;
}

}  // namespace

std::vector<DirectionStates> directions_of(const LayerSpec& spec) {
  const std::size_t all = states(spec).size();
  const auto* recurrent = std::get_if<RecurrentSpec>(&spec);
  if (all == 0) return {};
  if (recurrent == nullptr) return {{0, all, Direction::forward}};
  const std::size_t count = recurrent->state_count();
  std::vector<DirectionStates> list;
  for (std::int64_t d = 0; d < recurrent->directions(); ++d) {
    list.push_back({static_cast<std::size_t>(d) * count, count, direction_of(*recurrent, d)});
  }
  return list;
}

OutputUnit output_unit(const LayerSpec& spec, std::int64_t feature) noexcept {
  const auto* recurrent = std::get_if<RecurrentSpec>(&spec);
  if (recurrent == nullptr) return {Direction::forward, feature};
  const std::int64_t width = recurrent->state_size();
  return {direction_of(*recurrent, feature / width), feature % width};
}

std::string_view base_name(std::string_view state) noexcept {
  constexpr std::string_view kReverse = "_reverse";
  return state.ends_with(kReverse) ? state.substr(0, state.size() - kReverse.size()) : state;
}

}  // namespace carousel::detail
