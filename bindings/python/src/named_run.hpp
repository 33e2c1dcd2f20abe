// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arrays.hpp"
#include "bindings.hpp"

#include <carousel/file_axes.hpp>
#include <carousel/model.hpp>
#include <carousel/network.hpp>
#include <carousel/stream.hpp>

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace carousel::python {

/// What the axes of an array given by name are.
enum class Axes : std::uint8_t {
  of_file,  ///< Those of the model's file.
  frames,   ///< [steps, batch, features], of ids [steps, batch].
};

/// The inputs of a run by name, as a dict of arrays has them.
class NamedArrays {
 public:
  /// Throws Error naming the input, the axis, and what was expected and found.
  NamedArrays(std::span<const ModelInput> inputs, const py::dict& given, Axes axes);

  [[nodiscard]] const RunSize& size() const noexcept { return size_; }
  /// What a run is given. Valid for the lifetime of this.
  [[nodiscard]] std::span<const NamedInput> views() const noexcept { return views_; }

 private:
  struct One {
    const ModelInput* input;
    std::vector<FileAxis> axes;
    py::array array;
  };
  void add_view(const One& one);

  RunSize size_;
  std::vector<One> all_;
  std::vector<NamedInput> views_;
  std::deque<std::vector<float>> floats_;  ///< Of arrays whose frames are not in one piece.
  std::deque<std::vector<std::int32_t>> ids_;
};

/// Runs the stream without Python's lock; the outputs by name, in the file's order of axes.
[[nodiscard]] py::dict run_named(const Network& network, Stream& stream, const NamedArrays& arrays,
                                 std::span<const std::int64_t> lengths);

}  // namespace carousel::python
