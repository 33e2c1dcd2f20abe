// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/engine/run_text.hpp"
#include "core/model/formatted.hpp"
#include "core/model/own_errors.hpp"
#include "core/plugins/c_spec.hpp"

#include <carousel/carousel.h>
#include <carousel/error.hpp>
#include <carousel/network.hpp>
#include <carousel/view.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

// What the opaque handles of the C interface are.
struct carousel_model {
  carousel::Model model;
};

struct carousel_network {
  carousel::Network network;
  /// What the pointers of carousel_sequence_info point to, for each input and output.
  std::vector<std::vector<carousel_file_axis>> input_axes;
  std::vector<std::vector<carousel_file_axis>> output_axes;
};

namespace carousel::detail {
struct NetworkData;
}

/// Network::output_steps for a stream's runs: allocates nothing, and counts anew only when the
/// number of steps is another one.
class OutputSteps {
 public:
  /// `network` must outlive it.
  explicit OutputSteps(const carousel::Network& network);
  [[nodiscard]] std::int64_t operator()(std::int64_t steps, std::size_t output) noexcept;

 private:
  const carousel::detail::NetworkData* network_;
  std::int64_t counted_ = -1;  ///< The steps that the other members are about.
  std::vector<std::int64_t> inputs_;
  std::vector<std::int64_t> layers_;
};

struct carousel_stream {
  carousel::Network network;  ///< Keeps the names that the stream's users are given.
  carousel::Stream stream;
  std::int64_t batch;
  std::vector<std::string> state_names;  ///< Of `Stream::states`, ended by zeros.
  OutputSteps output_steps;
  std::size_t main_output;  ///< Index of the output of a run without names.
  /// Room for the arguments of a run by name.
  std::vector<carousel::NamedInput> inputs;
  std::vector<carousel::NamedOutput> outputs;
  carousel::detail::RunText::Memory fault_text{};
};

/// What all functions of the C interface share: errors, and structs whose size the caller states.
namespace carousel::c_api {

/// Throws an Error that is the caller's fault.
[[noreturn]] inline void refuse_argument(const std::string& text) {
  throw Error(ErrorCode::invalid_argument, text);
}

/// The status for an error: they have the same numbers.
[[nodiscard]] carousel_status status_of(ErrorCode code) noexcept;

/// Keeps a copy of `text` for carousel_last_error.
void set_error(const char* text) noexcept;
/// Keeps the pointer: for string literals. Allocates nothing.
void set_static_error(const char* text) noexcept;

/// Runs `work`, turning what it throws into a status: that of an Error follows from its code.
template <class Work>
carousel_status guarded(Work&& work) noexcept {
  try {
    with_own_errors(std::forward<Work>(work));
    return CAROUSEL_OK;
  } catch (const Error& error) {
    set_error(error.what());
    return status_of(error.code());
  } catch (...) {  // std::bad_alloc
    set_static_error("out of memory");
    return CAROUSEL_OUT_OF_MEMORY;
  }
}

/// The same for functions that return a number: `otherwise` where there is an error.
template <class T, class Work>
T guarded_number(T otherwise, Work&& work) noexcept {
  T result = otherwise;
  static_cast<void>(guarded([&] { result = work(); }));
  return result;
}

/// Throws Error "what is null".
inline void require(const void* pointer, const char* what) {
  if (pointer == nullptr) refuse_argument(std::string(what) + " is null");
}

/// Before an array from C is read: throws Error unless it has no more elements than any has, and
/// is there if it has any.
inline void require_array(const void* pointer, std::size_t count, const char* what) {
  if (count > CAROUSEL_MOST_COUNT) {
    refuse_argument(formatted("the count of {} is {}, but must be at most {}", what, count,
                              CAROUSEL_MOST_COUNT));
  }
  if (count > 0) require(pointer, what);
}

/// A size from C, such as a number of steps.
inline void require_not_negative(std::int64_t value, const char* what) {
  if (value >= 0) return;
  refuse_argument(formatted("{} is {}, but must not be negative", what, value));
}

/// An enumerator from C, where any number can stand in its place.
inline void require_enum(std::int32_t value, std::int32_t last, const char* what) {
  if (value >= 0 && value <= last) return;
  refuse_argument(formatted("{} is {}, but must be in 0..{}", what, value, last));
}

inline void require_struct_size(std::size_t found, std::size_t expected, const char* what) {
  // 0.2 is the first version with these structs: a smaller one is a mistake, not an older caller.
  // A later version's struct is larger, but not by much.
  if (found >= expected && found <= c_types::kMostStructBytes) return;
  refuse_argument(formatted("{}: struct_size is {}, but must be the size of the struct, {}", what,
                            found, expected));
}

/// The caller's struct as this version knows it; all zero when `from` is null. A larger struct
/// comes from a caller who knows a later version, and may not use what this one lacks.
template <class T>
T read_struct(const T* from, const char* what) {
  T result{};
  if (from == nullptr) return result;
  require_struct_size(from->struct_size, sizeof(T), what);
  if (c_types::uses_members_past(from, from->struct_size, sizeof(T))) {
    refuse_argument(
        formatted("{}: uses members that Carousel {} does not know", what, carousel_version()));
  }
  std::memcpy(&result, from, sizeof(T));
  return result;
}

/// Fills in the caller's struct, as far as this version knows it.
template <class T>
void write_struct(T from, T* to, const char* what) {
  require(to, what);
  require_struct_size(to->struct_size, sizeof(T), what);
  from.struct_size = to->struct_size;
  std::memcpy(to, &from, sizeof(T));
}

/// Strides of zero both: dense, steps first.
template <class T>
SequenceView<T> sequence(T* data, std::int64_t steps, std::int64_t batch, std::int64_t features,
                         std::int64_t step_stride, std::int64_t batch_stride) noexcept {
  if (step_stride == 0 && batch_stride == 0) return steps_first(data, steps, batch, features);
  return {data, steps, batch, features, step_stride, batch_stride};
}

/// Axes from C. Throws Error for a null pointer and a kind that there is not.
[[nodiscard]] std::vector<FileAxis> axes_from_c(const carousel_file_axis* axes, std::size_t count);
[[nodiscard]] std::vector<carousel_file_axis> axes_to_c(const std::vector<FileAxis>& axes);

/// Sets the caller's handle to null, to be filled in on success.
template <class Handle>
void require_result(Handle** result, const char* what) {
  require(static_cast<const void*>(result), what);
  *result = nullptr;
}

}  // namespace carousel::c_api
