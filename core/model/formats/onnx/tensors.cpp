// SPDX-License-Identifier: Apache-2.0
#include "tensors.hpp"

#include <cstring>
#include <limits>
#include <string>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

using schema::TensorProto;

[[noreturn]] void wrong_size(const Array& array, std::size_t expected, std::size_t found) {
  throw Malformed(formatted("has the shape {}, which needs {} values, but {} are there",
                            shape_text(array.shape), expected, found));
}

template <class Stored, class Field>
void copy_field(const Field& field, std::size_t count, Array& array) {
  const auto found = static_cast<std::size_t>(field.size());
  if (found != count) wrong_size(array, count, found);
  for (std::size_t i = 0; i < count; ++i) {
    const auto stored = static_cast<Stored>(field.Get(static_cast<int>(i)));
    std::memcpy(array.data.data() + i * sizeof(Stored), &stored, sizeof(Stored));
  }
}

/// The typed fields: small types share int32_data, float16 as bit patterns.
void copy_fields(const TensorProto& tensor, std::size_t count, Array& array) {
  switch (array.type) {
    case ElementType::f32: return copy_field<float>(tensor.float_data(), count, array);
    case ElementType::f64: return copy_field<double>(tensor.double_data(), count, array);
    case ElementType::i64: return copy_field<std::int64_t>(tensor.int64_data(), count, array);
    case ElementType::i32: return copy_field<std::int32_t>(tensor.int32_data(), count, array);
    case ElementType::f16:
    case ElementType::bf16:
    case ElementType::u16:
    case ElementType::i16: return copy_field<std::uint16_t>(tensor.int32_data(), count, array);
    case ElementType::i8:
    case ElementType::u8:
    case ElementType::boolean: return copy_field<std::uint8_t>(tensor.int32_data(), count, array);
  }
}

void copy_raw(const std::string& raw, std::size_t count, Array& array) {
  const std::size_t bytes = count * width(array.type);
  if (raw.size() != bytes) {
    throw Malformed(formatted("has the shape {}, which needs {} bytes, but {} are there",
                              shape_text(array.shape), bytes, raw.size()));
  }
  if (bytes > 0) std::memcpy(array.data.data(), raw.data(), bytes);
}

/// What the message itself holds: an upper bound before anything is allocated for its shape.
std::size_t stored_values(const TensorProto& tensor, ElementType type) {
  if (tensor.has_raw_data()) return tensor.raw_data().size() / width(type);
  const int stored = tensor.float_data_size() + tensor.double_data_size() +
                     tensor.int64_data_size() + tensor.int32_data_size();
  return static_cast<std::size_t>(stored);
}

}  // namespace

ElementType element_type(std::int64_t data_type) {
  switch (data_type) {
    case TensorProto::FLOAT: return ElementType::f32;
    case TensorProto::DOUBLE: return ElementType::f64;
    case TensorProto::FLOAT16: return ElementType::f16;
    case TensorProto::BFLOAT16: return ElementType::bf16;
    case TensorProto::INT64: return ElementType::i64;
    case TensorProto::INT32: return ElementType::i32;
    case TensorProto::INT16: return ElementType::i16;
    case TensorProto::INT8: return ElementType::i8;
    case TensorProto::UINT16: return ElementType::u16;
    case TensorProto::UINT8: return ElementType::u8;
    case TensorProto::BOOL: return ElementType::boolean;
    default: break;
  }
  throw Refusal(formatted("has the ONNX element type {}, which is not supported", data_type));
}

Array read_tensor(const TensorProto& tensor, const std::optional<std::filesystem::path>& folder,
                  Budget& budget) {
  Array array;
  array.type = element_type(tensor.data_type());
  array.shape.assign(tensor.dims().begin(), tensor.dims().end());
  if (tensor.has_segment()) throw Refusal("is stored in segments, which is not supported");
  const auto count = static_cast<std::size_t>(checked_count(array.shape));
  if (count > std::numeric_limits<std::size_t>::max() / 16) {
    throw Malformed(formatted("the shape {} has too many elements", shape_text(array.shape)));
  }
  const std::size_t bytes = count * width(array.type);
  if (tensor.data_location() == TensorProto::EXTERNAL) {
    read_external(tensor, folder, bytes, budget, array.data);
    return array;
  }
  if (count > stored_values(tensor, array.type)) {
    wrong_size(array, count, stored_values(tensor, array.type));
  }
  budget.take(bytes);
  allocate(array.data, bytes);
  if (tensor.has_raw_data()) {
    copy_raw(tensor.raw_data(), count, array);
  } else {
    copy_fields(tensor, count, array);
  }
  return array;
}

}  // namespace carousel::loading::onnx
