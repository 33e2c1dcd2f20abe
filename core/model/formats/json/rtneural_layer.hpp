// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "array.hpp"

#include <carousel/model.hpp>

#include <string>
#include <vector>

/// \file
/// One layer of RTNeural's JSON. A new type of layer is a function in rtneural_layer.cpp and a line
/// in its table.
namespace carousel::loading {

/// What a layer of the file is read from.
class RTNeuralLayer {
 public:
  /// `input` is how many features the layer before it gives.
  RTNeuralLayer(const Json& json, const JsonPlace& place, std::int64_t input);

  [[nodiscard]] const JsonPlace& place() const { return reader_.place(); }
  [[nodiscard]] std::int64_t input() const { return input_; }
  /// The features that the layer gives: the last number of its shape.
  [[nodiscard]] std::int64_t output() const { return output_; }
  [[nodiscard]] std::string type() { return reader_.text("type"); }
  [[nodiscard]] std::string activation() { return reader_.text("activation"); }
  /// A field with numbers; the fallback where it is absent.
  [[nodiscard]] std::int64_t integer(const char* field, std::int64_t fallback) {
    return reader_.integer(field, fallback);
  }
  [[nodiscard]] float real(const char* field, float fallback) {
    return reader_.real(field, fallback);
  }
  [[nodiscard]] std::vector<std::int64_t> integers(const char* field) {
    return reader_.find(field) == nullptr ? std::vector<std::int64_t>{} : reader_.integers(field);
  }

  /// Throws Error unless the layer has `least` to `most` arrays; returns how many.
  std::size_t require_arrays(std::size_t least, std::size_t most);
  /// The array `index` of its weights, which must have that shape.
  [[nodiscard]] JsonArray array(std::size_t index, const std::vector<std::int64_t>& shape) const;
  /// The same for one that may have several shapes.
  [[nodiscard]] JsonArray array(std::size_t index) const;

 private:
  [[nodiscard]] JsonPlace place_of(std::size_t index) const;

  JsonReader reader_;
  const Json* weights_;  ///< Null: none.
  std::int64_t input_;
  std::int64_t output_;
};

/// Appends the layers that it stands for: itself, and its activation function if it has one. Throws
/// Error naming a type of layer or function that Carousel does not have.
void append_layers(RTNeuralLayer& layer, std::vector<ModelLayer>& layers);

/// The last dimension of a shape of Keras, [null, null, 8]: a size. Throws Error for anything else.
[[nodiscard]] std::int64_t last_dimension(JsonReader& reader, const char* field);

}  // namespace carousel::loading
