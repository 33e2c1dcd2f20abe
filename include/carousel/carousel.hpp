// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Everything an application needs:
/// \code
/// auto model   = carousel::load("vad.safetensors");
/// auto network = carousel::prepare(model, {.backend = "auto", .threads = 1});
/// auto stream  = network.stream({.batch = 1, .max_steps = 64});
/// auto status  = stream.run(x, y);
/// \endcode

#include <carousel/backend.hpp>  // IWYU pragma: export
#include <carousel/cpu.hpp>      // IWYU pragma: export
#include <carousel/error.hpp>    // IWYU pragma: export
#include <carousel/model.hpp>    // IWYU pragma: export
#include <carousel/network.hpp>  // IWYU pragma: export
#include <carousel/npy.hpp>      // IWYU pragma: export
#include <carousel/plan.hpp>     // IWYU pragma: export
#include <carousel/spec.hpp>     // IWYU pragma: export
#include <carousel/stream.hpp>   // IWYU pragma: export
#include <carousel/view.hpp>     // IWYU pragma: export
#include <carousel/wisdom.hpp>   // IWYU pragma: export
