// SPDX-License-Identifier: Apache-2.0
#pragma once

// What JavaScript calls: functions like those of carousel.h, whose arguments are 32-bit numbers and
// addresses, since a 64-bit number would cost JavaScript a BigInt for each call and a struct its
// layout. Options and descriptions are JSON. A function that fails returns null or false, and
// carousel_last_error says why.

#include <carousel/carousel.h>
#include <carousel/network.hpp>

#include <emscripten.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include <span>

#define CAROUSEL_WASM_EXPORT extern "C" EMSCRIPTEN_KEEPALIVE

struct wasm_network {
  carousel::Network network;
  std::map<std::string, std::string> metadata;  ///< of the model's file
};

/// A stream with the memory of its sequences.
struct wasm_stream;

/// Loads a model from memory and prepares it.
CAROUSEL_WASM_EXPORT wasm_network* wasm_load(const void* bytes, std::size_t size,
                                             const char* options);
/// Inputs, outputs, layers and metadata; to be freed.
CAROUSEL_WASM_EXPORT char* wasm_describe(const wasm_network* network);
CAROUSEL_WASM_EXPORT void wasm_network_free(wasm_network* network);

CAROUSEL_WASM_EXPORT wasm_stream* wasm_stream_new(const wasm_network* network, std::int32_t batch,
                                                  std::int32_t max_steps);
/// The memory of an input, floats or ids, [steps, batch, features].
CAROUSEL_WASM_EXPORT void* wasm_stream_input(wasm_stream* stream, std::size_t index);
/// The memory of an output, [output steps, batch, features], and how many steps a run gives it.
CAROUSEL_WASM_EXPORT float* wasm_stream_output(wasm_stream* stream, std::size_t index);
CAROUSEL_WASM_EXPORT std::int32_t wasm_stream_output_steps(wasm_stream* stream, std::size_t index,
                                                           std::int32_t steps);
/// [batch]
CAROUSEL_WASM_EXPORT std::int32_t* wasm_stream_lengths(wasm_stream* stream);
/// Whether an input is part of the runs from now on. All are at first that must be.
CAROUSEL_WASM_EXPORT void wasm_stream_give(wasm_stream* stream, std::size_t input, bool given);
/// Runs what is in the inputs' memory. Allocates nothing.
CAROUSEL_WASM_EXPORT bool wasm_stream_run(wasm_stream* stream, std::int32_t steps,
                                          bool use_lengths);
/// Names, layers and sizes of the states; to be freed.
CAROUSEL_WASM_EXPORT char* wasm_stream_describe(wasm_stream* stream);
char* describe_states(std::span<const carousel::NamedState> states);
/// The state itself, [batch, size].
CAROUSEL_WASM_EXPORT float* wasm_stream_state(wasm_stream* stream, std::size_t index);
CAROUSEL_WASM_EXPORT void wasm_stream_reset(wasm_stream* stream);
CAROUSEL_WASM_EXPORT void wasm_stream_free(wasm_stream* stream);
