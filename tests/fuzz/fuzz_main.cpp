// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "fuzz_entry.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  carousel::testing::CAROUSEL_FUZZ_ENTRY(std::as_bytes(std::span(data, size)));
  return 0;
}
