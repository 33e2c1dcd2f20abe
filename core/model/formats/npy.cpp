// SPDX-License-Identifier: Apache-2.0
#include <carousel/npy.hpp>

#include "core/model/formatted.hpp"
#include "core/model/half.hpp"
#include "core/model/narrow.hpp"
#include "core/model/own_errors.hpp"
#include "files.hpp"
#include "npy_header.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

namespace carousel {
namespace loading {
namespace {

/// Signed integers, unsigned ones, floats, bool: the kind and width of one element.
struct ElementType {
  char kind;  ///< 'f', 'i', 'u' or 'b'
  std::size_t size;
};

ElementType element_type(const std::string& descr, std::string_view source) {
  const std::string named = "npy dtype " + quote(descr);
  if (descr.size() < 2) {
    fail(source, named + " is unknown");
  }
  if (descr[0] == '>') {
    fail(source, named + " is big-endian, which is not supported", ErrorCode::unsupported);
  }
  constexpr std::array<std::string_view, 12> supported{"f2", "f4", "f8", "i1", "i2", "i4",
                                                       "i8", "u1", "u2", "u4", "u8", "b1"};
  const std::string_view type = std::string_view(descr).substr(1);
  for (const std::string_view candidate : supported) {
    if (type != candidate) {
      continue;
    }
    const auto size = static_cast<std::size_t>(type[1] - '0');
    // '|' says that byte order does not matter.
    if (descr[0] == '<' || descr[0] == '=' || (descr[0] == '|' && size == 1)) {
      return {type[0], size};
    }
  }
  fail(source, named + " is not supported; f2, f4, f8, i1 to i8, u1 to u8 and b1 are",
       ErrorCode::unsupported);
}

std::size_t require_size(const NpyHeader& header, ElementType type, std::size_t found,
                         std::string_view source) {
  // As NumPy does, which has no array of no elements either whose other sizes are beyond any array.
  std::vector<std::int64_t> sizes = header.shape;
  std::ranges::replace(sizes, 0, 1);
  sizes.push_back(static_cast<std::int64_t>(type.size));
  if (!element_count(sizes)) {
    fail(source, formatted("npy shape {} overflows", shape_text(header.shape)));
  }
  const auto count = static_cast<std::size_t>(element_count(header.shape).value_or(0));
  if (count * type.size != found) {
    fail(source, formatted("npy shape {} of '{}' needs {} bytes of data, found {}",
                           shape_text(header.shape), header.descr, count * type.size, found));
  }
  return count;
}

/// Visits the elements of a stored array in C order: calls `element(offset)` with the index of each
/// in the file.
template <class Element>
void for_each_in_c_order(const NpyHeader& header, std::size_t count, Element element) {
  if (!header.fortran_order) {
    for (std::size_t i = 0; i < count; ++i) {
      element(i);
    }
    return;
  }
  // In Fortran order the first index is the fastest. Count up in C order, last index fastest.
  const std::size_t rank = header.shape.size();
  std::vector<std::size_t> stride(rank, 1);
  for (std::size_t d = 1; d < rank && count > 0; ++d) {
    stride[d] = stride[d - 1] * static_cast<std::size_t>(header.shape[d - 1]);
  }
  std::vector<std::int64_t> index(rank, 0);
  std::size_t offset = 0;
  for (std::size_t i = 0; i < count; ++i) {
    element(offset);
    for (std::size_t d = rank; d-- > 0;) {
      offset += stride[d];
      if (++index[d] < header.shape[d]) {
        break;
      }
      offset -= stride[d] * static_cast<std::size_t>(header.shape[d]);
      index[d] = 0;
    }
  }
}

/// One stored array on its way to float or int64.
struct Source {
  const NpyHeader& header;
  std::span<const std::byte> data;
  std::size_t count;
  std::string_view name;
};

template <class Stored, class Result, class Convert>
std::vector<Result> convert(const Source& source, Convert to_result) {
  std::vector<Result> values;
  values.reserve(source.count);
  for_each_in_c_order(source.header, source.count, [&](std::size_t i) {
    Stored stored;  // data in a file need not be aligned
    std::memcpy(&stored, source.data.data() + i * sizeof(Stored), sizeof(Stored));
    values.push_back(to_result(stored));
  });
  return values;
}

/// Throws where the size of the file is another than its header tells, if that is in its head.
void check_head(std::span<const std::byte> head, std::uintmax_t size, std::string_view source) {
  const std::size_t end = npy_header_size(head, source);
  if (end > head.size() && head.size() < size) return;
  const NpyHeader header = parse_npy_header(head, source);
  const ElementType type = element_type(header.descr, source);
  (void)require_size(header, type, static_cast<std::size_t>(size) - header.data_offset, source);
}

std::vector<float> to_floats(const Source& source, std::size_t size) {
  switch (size) {
    case 2: return convert<std::uint16_t, float>(source, float_from_half);
    case 4: return convert<float, float>(source, [](float value) { return value; });
    default: break;
  }
  std::size_t index = 0;
  return convert<double, float>(source, [&](double value) {
    if (is_beyond_float32(value)) {
      fail(source.name, "npy " + beyond_float32_text(index, value), ErrorCode::unsupported);
    }
    ++index;
    return static_cast<float>(value);
  });
}

template <class Stored>
std::vector<std::int64_t> widen(const Source& source) {
  return convert<Stored, std::int64_t>(source, [&](Stored value) {
    if constexpr (sizeof(Stored) == 8 && !std::numeric_limits<Stored>::is_signed) {
      if (value > static_cast<Stored>(std::numeric_limits<std::int64_t>::max())) {
        fail(source.name, formatted("npy value {} exceeds int64", value), ErrorCode::unsupported);
      }
    }
    return static_cast<std::int64_t>(value);
  });
}

std::vector<std::int64_t> to_integers(const Source& source, ElementType type) {
  const bool is_signed = type.kind == 'i';
  switch (type.size) {
    case 1: return is_signed ? widen<std::int8_t>(source) : widen<std::uint8_t>(source);
    case 2: return is_signed ? widen<std::int16_t>(source) : widen<std::uint16_t>(source);
    case 4: return is_signed ? widen<std::int32_t>(source) : widen<std::uint32_t>(source);
    default: return is_signed ? widen<std::int64_t>(source) : widen<std::uint64_t>(source);
  }
}

}  // namespace
}  // namespace loading

const std::vector<float>& NpyArray::floats(const std::string& what) const {
  if (const auto* floats = std::get_if<std::vector<float>>(&values)) {
    return *floats;
  }
  throw Error(ErrorCode::invalid_argument, what + ": expected an array of floats, found integers");
}

const std::vector<std::int64_t>& NpyArray::integers(const std::string& what) const {
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&values)) {
    return *integers;
  }
  throw Error(ErrorCode::invalid_argument, what + ": expected an array of integers, found floats");
}

namespace {

NpyArray read_npy_array(std::span<const std::byte> bytes, std::string_view source) {
  const loading::NpyHeader header = loading::parse_npy_header(bytes, source);
  const loading::ElementType type = loading::element_type(header.descr, source);
  const std::span<const std::byte> data = bytes.subspan(header.data_offset);
  const std::size_t count = loading::require_size(header, type, data.size(), source);
  const loading::Source stored{header, data, count, source};
  NpyArray array;
  array.shape = header.shape;
  if (type.kind == 'f') {
    array.values = loading::to_floats(stored, type.size);
  } else {
    array.values = loading::to_integers(stored, type);
  }
  return array;
}

}  // namespace

NpyArray read_npy(std::span<const std::byte> bytes, std::string_view source) {
  return with_own_errors([&] { return read_npy_array(bytes, source); });
}

NpyArray read_npy(const std::filesystem::path& file) {
  return with_own_errors([&] {
    const std::string source = file.string();
    const auto check = [&](std::span<const std::byte> head, std::uintmax_t size) {
      loading::check_head(head, size, source);
    };
    return read_npy_array(loading::read_file(file, check), source);
  });
}

void write_npy(const std::filesystem::path& file, std::span<const std::int64_t> shape,
               std::span<const float> values) {
  with_own_errors([&] {
    const NpyFile one{file, {shape.begin(), shape.end()}, values};
    write_npy({&one, 1});
  });
}

}  // namespace carousel
