// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "module_places.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// \file
/// Where the modules with one matrix stand: before, between or after the recurrent layers.
namespace carousel::loading {

/// One way to read a state dict; modules by their number, in the order in which they run.
struct Reading {
  std::optional<std::size_t> table;  ///< The embedding, which the network begins with.
  std::vector<std::size_t> before;
  std::vector<std::size_t> between;
  std::vector<std::size_t> after;

  friend bool operator==(const Reading&, const Reading&) = default;
};

/// The only reading that names, shapes, the order of the file and the options leave, of those that
/// give a place to as many modules as can have one. Throws Error (invalid_argument) with two
/// readings and how to choose where there are more; (unsupported) naming the modules where several
/// Linear modules follow each other, or one stands between recurrent modules: what functions are
/// between them, a state dict does not tell. `left_out`: the recurrent modules that are not taken.
[[nodiscard]] Reading find_reading(const TensorReader& reader,
                                   const std::vector<MatrixModule>& modules, const Stack& stack,
                                   const std::vector<std::string>& left_out,
                                   const LoadOptions& options);

/// The module that the network begins with, if it is none of the recurrent ones.
[[nodiscard]] std::optional<std::size_t> first_of(const Reading& reading);

// --- What to say of readings; see reading_text.cpp ---

/// Throws Error: there are these and perhaps more.
[[noreturn]] void refuse_several_readings(const TensorReader& reader,
                                          const std::vector<MatrixModule>& modules,
                                          const std::vector<Reading>& readings);

[[noreturn]] void refuse_too_many(const TensorReader& reader);

/// "name one with the option head (--head), or '' for none"
[[nodiscard]] std::string option_text(const std::string& option);

/// Throws Error where the reading has modules between which there may be functions.
void refuse_unknown_functions(const TensorReader& reader, const std::vector<MatrixModule>& modules,
                              const Reading& reading);

}  // namespace carousel::loading
