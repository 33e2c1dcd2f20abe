// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the pieces of C++ in docs/ are compiled with.
#undef NDEBUG  // their assertions are the test
#include <carousel/backend.hpp>
#include <carousel/carousel.hpp>
#include <carousel/compare.hpp>
#include <carousel/cpu.hpp>
#include <carousel/cross_check.hpp>
#include <carousel/npy.hpp>
#include <carousel/wisdom.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace doc_blocks {

/// The variables of every piece: an LSTM of 8 inputs and 16 units (the file "lstm.safetensors"), a
/// stream of two rows, x [64, 2, 8] and y [64, 2, 16].
using Block = void (*)(const carousel::Model&, const carousel::Network&, carousel::Stream&,
                       carousel::SequenceView<const float>, carousel::SequenceView<float>);

/// Adds a piece to those that main runs.
bool add(const char* name, Block block);

std::vector<std::byte> read_bytes(const std::string& file);

}  // namespace doc_blocks

/// Called after a piece's last statement: one that gives up early has failed.
extern "C" void reached_end();

using doc_blocks::read_bytes;

#define CAROUSEL_DOC_BLOCK(page, number)                                                           \
  static void page##_##number(const carousel::Model&, const carousel::Network&, carousel::Stream&, \
                              carousel::SequenceView<const float>, carousel::SequenceView<float>); \
  [[maybe_unused]] static const bool added_##page##_##number =                                     \
      doc_blocks::add(#page " " #number, &page##_##number);                                        \
  static void page##_##number([[maybe_unused]] const carousel::Model& model,                       \
                              [[maybe_unused]] const carousel::Network& network,                   \
                              [[maybe_unused]] carousel::Stream& stream,                           \
                              [[maybe_unused]] carousel::SequenceView<const float> x,              \
                              [[maybe_unused]] carousel::SequenceView<float> y)
