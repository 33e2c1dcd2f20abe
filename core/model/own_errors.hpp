// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <string>
#include <utility>

/// The one place where exceptions of the standard library and of the libraries below (JSON,
/// Protocol Buffers, oneDNN, backends of the application) become an Error. Public functions that
/// reach such code run in `with_own_errors`, so that nothing but Error and std::bad_alloc leaves
/// them. Where more is known, such as which file a text is from, the caller says so earlier.
namespace carousel {

/// To be called in a catch block: throws what is being handled if it is an Error or std::bad_alloc,
/// else an Error that stands for it.
[[noreturn]] void rethrow_as_own();

/// To be called in a catch block: what is being handled, for people.
[[nodiscard]] std::string handled_text();

/// What a function of the application threw: it leaves `with_own_errors` as it was.
struct ThrownByApplication {
  std::exception_ptr exception;
};

/// To be called in a catch block: throws what is being handled as the application's.
[[noreturn]] void rethrow_as_applications();

/// Calls a function that the application has given, such as one that is told of progress. To be
/// used inside `with_own_errors` only.
template <class Function, class... Arguments>
void call_application(const Function& function, Arguments&&... arguments) {
  try {
    function(std::forward<Arguments>(arguments)...);
  } catch (...) {
    rethrow_as_applications();
  }
}

/// Calls `work` and returns what it does. Inside another one it must not call functions of the
/// application, whose exceptions the outer one would take for ours.
template <class Work>
decltype(auto) with_own_errors(Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (...) {
    rethrow_as_own();
  }
}

}  // namespace carousel
