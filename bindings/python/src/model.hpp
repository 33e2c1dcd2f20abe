// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bindings.hpp"

#include <carousel/model.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace carousel::python {

/// In which order the axes of x and y stand in a call.
enum class Order : std::uint8_t {
  steps_first,  ///< [steps, batch, features]
  batch_first,  ///< [batch, steps, features]
  other,        ///< The model's file has another one, so that nothing can be assumed.
};

/// A model as Python has it.
struct PythonModel {
  std::shared_ptr<const Model> model;
  /// What the PyTorch module said; not given: the file's order counts.
  std::optional<bool> batch_first{};

  explicit PythonModel(Model from) : model(std::make_shared<const Model>(std::move(from))) {}
  [[nodiscard]] Order order() const;
};

/// What is said of an input and of an output.
[[nodiscard]] py::object port_of(const ModelInput& input, std::int64_t id_count, bool optional);
[[nodiscard]] py::object port_of(std::string_view name, std::int64_t size,
                                 std::span<const FileAxis> axes);

/// How many ids there are for an input that takes ids; 0 where no embedding says it.
[[nodiscard]] std::int64_t id_count(const Model& model, std::string_view input);

}  // namespace carousel::python
