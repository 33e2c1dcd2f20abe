// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/formatted.hpp"

#include <carousel/activation.hpp>
#include <carousel/error.hpp>

#include <cstdint>
#include <string>

/// Rules that several kinds of layers share.
namespace carousel::kinds {

/// Keeps every product of three sizes and an element width far from the limits of int64.
inline constexpr std::int64_t kMaxSize = std::int64_t{1} << 20U;

[[noreturn]] inline void refuse(const std::string& text) {
  throw Error(ErrorCode::invalid_argument, "layer spec: " + text);
}

inline void check_size(const char* field, std::int64_t value, std::int64_t least) {
  if (value >= least && value <= kMaxSize) return;
  refuse(formatted("{} is {}, but must be in {}..{}", field, value, least, kMaxSize));
}

/// A group of neighbouring features; 0 stands for all of them.
inline void check_group(std::int64_t group, std::int64_t size) {
  if (group == 0 || (group > 0 && size % group == 0)) return;
  refuse(formatted("group is {}, but must divide size, {}", group, size));
}

/// Throws unless the parameters of the function are finite.
void check_activation(const Activation& activation);

}  // namespace carousel::kinds
