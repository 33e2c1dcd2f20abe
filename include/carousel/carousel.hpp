// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What an application needs to load, prepare and run networks:
/// \code
/// auto model   = carousel::load("vad.safetensors");
/// auto network = carousel::prepare(model, {.backend = "auto", .threads = 1});
/// auto stream  = network.stream({.batch = 1, .max_steps = 64});
/// auto status  = stream.run(x, y);
/// \endcode
/// Further headers are for those who need more: backend.hpp (the list of backends, writing one),
/// cross_check.hpp, wisdom.hpp, npy.hpp, cpu.hpp, plugin.hpp.

#include <carousel/error.hpp>    // IWYU pragma: export
#include <carousel/model.hpp>    // IWYU pragma: export
#include <carousel/network.hpp>  // IWYU pragma: export
#include <carousel/plan.hpp>     // IWYU pragma: export
#include <carousel/stream.hpp>   // IWYU pragma: export
#include <carousel/view.hpp>     // IWYU pragma: export
