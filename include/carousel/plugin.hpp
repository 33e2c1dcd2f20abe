// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>
#include <carousel/export.h>
#include <carousel/plugin.h>

#include <cstddef>

/// \file
/// For authors of plug-ins in C++: implement `Backend`, `Layer` and `Workspace`, and have the table
/// of plugin.h made of them:
/// \code
/// CAROUSEL_EXPORT_BACKEND(my_backend())
/// \endcode
/// The plug-in links Carousel, preferably the static one: nothing of it is shared with the host.
namespace carousel {

/// What `carousel_backend_plugin` returns: the table of a plug-in that does what the backend does
/// which `make` returns. That has to live as long as the process. `name` stands for its id where it
/// is not empty. No exception leaves this or a function of the table: where `make` throws, or where
/// this was called before with another backend (one plug-in is one backend), the result is null and
/// `error`, of `error_size` bytes, says why.
[[nodiscard]] CAROUSEL_API const carousel_plugin* export_backend(const Backend& (*make)(),
                                                                 const char* name, char* error,
                                                                 std::size_t error_size) noexcept;

}  // namespace carousel

/// Defines the entry of a plug-in; `backend` is an expression, a `const Backend&`.
#define CAROUSEL_EXPORT_BACKEND(backend) CAROUSEL_EXPORT_BACKEND_AS("", backend)

/// The same under another name than the backend's id.
#define CAROUSEL_EXPORT_BACKEND_AS(name, backend)                                               \
  const carousel_plugin* carousel_backend_plugin(const carousel_plugin_host*, char* error,      \
                                                 size_t error_size) {                           \
    return carousel::export_backend([]() -> const carousel::Backend& { return backend; }, name, \
                                    error, error_size);                                         \
  }
