// SPDX-License-Identifier: Apache-2.0
#include "npy_header.hpp"

#include "text.hpp"

#include "core/model/formatted.hpp"

#include <charconv>
#include <set>

namespace carousel::loading {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr std::size_t kMaxRank = 64;  // NumPy's limit

/// Parses the one shape of Python dictionary that NumPy writes:
/// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class DictParser {
 public:
  DictParser(std::string_view text, std::string_view source) : text_(text), source_(source) {}

  NpyHeader parse() {
    expect('{');
    while (!accept('}')) {
      entry();
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (at_ != text_.size()) {
      error("text after the dictionary");
    }
    for (const char* key : {"descr", "fortran_order", "shape"}) {
      if (!seen_.contains(key)) {
        fail(source_, formatted("npy header: the key {} is missing", quote(key)));
      }
    }
    return header_;
  }

 private:
  void entry() {
    const std::string key = string();
    if (!seen_.insert(key).second) {
      fail(source_, "npy header: duplicate key " + quote(key));
    }
    expect(':');
    if (key == "descr") {
      descr();
    } else if (key == "fortran_order") {
      header_.fortran_order = boolean();
    } else if (key == "shape") {
      header_.shape = tuple();
    } else {
      fail(source_, "npy header: unknown key " + quote(key));
    }
  }

  void descr() {
    skip_space();
    if (peek() == '[') {
      fail(source_, "npy header: structured dtypes are not supported", ErrorCode::unsupported);
    }
    header_.descr = string();
  }

  std::string string() {
    skip_space();
    const char quote_mark = peek();
    if (quote_mark != '\'' && quote_mark != '"') {
      error("expected a string");
    }
    const std::size_t start = ++at_;
    while (peek() != quote_mark) {
      // Nothing that belongs into a header needs an escape.
      if (at_ == text_.size() || peek() == '\\') {
        error("unterminated string or escape");
      }
      ++at_;
    }
    return std::string(text_.substr(start, at_++ - start));
  }

  bool boolean() {
    skip_space();
    for (const std::string_view word : {"True", "False"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return word == "True";
      }
    }
    error("expected True or False");
  }

  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> values;
    expect('(');
    bool comma = true;  // needed before the next value, and after a single one
    while (!accept(')')) {
      if (!comma || values.size() == kMaxRank) {
        error(comma ? "more than 64 dimensions" : "expected ',' or ')'");
      }
      values.push_back(integer());
      comma = accept(',');
    }
    if (values.size() == 1 && !comma) {
      error("shape must be a tuple: (3,) rather than (3)");
    }
    return values;
  }

  std::int64_t integer() {
    skip_space();
    if (peek() == '-') {
      error("negative dimension");
    }
    std::int64_t value = 0;
    const char* last = text_.data() + text_.size();
    const auto [end, code] = std::from_chars(text_.data() + at_, last, value);
    if (code != std::errc()) {
      error(code == std::errc::result_out_of_range ? "dimension too large (overflow)"
                                                   : "expected a non-negative integer");
    }
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void skip_space() {
    while (peek() == ' ' || peek() == '\n' || peek() == '\t' || peek() == '\r') {
      ++at_;
    }
  }

  bool accept(char c) {
    skip_space();
    if (peek() != c) {
      return false;
    }
    ++at_;
    return true;
  }

  void expect(char c) {
    if (!accept(c)) {
      error(formatted("expected '{}'", c));
    }
  }

  [[noreturn]] void error(const std::string& text) const {
    fail(source_, formatted("npy header: {} at byte {} of {}", text, at_, quote(text_)));
  }

  std::string_view text_;
  std::string_view source_;
  std::size_t at_ = 0;
  std::set<std::string> seen_;
  NpyHeader header_;
};

std::size_t little_endian(std::span<const std::byte> bytes) {
  std::size_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8U | std::to_integer<std::size_t>(bytes[i]);
  }
  return value;
}

/// Checks magic and version; returns the width of the length field.
std::size_t length_width(std::span<const std::byte> bytes, std::string_view source) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(kMagic)) {
    fail(source, "not a .npy file: it does not start with the bytes \\x93NUMPY");
  }
  if (bytes.size() < kMagic.size() + 2) {
    fail(source, "npy file cut short in its version");
  }
  const int major = std::to_integer<int>(bytes[kMagic.size()]);
  const int minor = std::to_integer<int>(bytes[kMagic.size() + 1]);
  if (major < 1 || major > 3 || minor != 0) {
    fail(source,
         formatted("npy version {}.{} is unknown; versions 1.0, 2.0 and 3.0 are", major, minor),
         ErrorCode::unsupported);
  }
  return major == 1 ? 2 : 4;
}

/// Where the dictionary stands that the header is.
struct DictPlace {
  std::size_t start;
  std::size_t length;
};

DictPlace place_of_dict(std::span<const std::byte> bytes, std::string_view source) {
  const std::size_t width = length_width(bytes, source);
  const std::size_t start = kMagic.size() + 2 + width;
  if (bytes.size() < start) {
    fail(source, "npy file cut short in its header length");
  }
  return {start, little_endian(bytes.subspan(start - width, width))};
}

}  // namespace

std::size_t npy_header_size(std::span<const std::byte> bytes, std::string_view source) {
  const DictPlace dict = place_of_dict(bytes, source);
  return dict.start + dict.length;
}

NpyHeader parse_npy_header(std::span<const std::byte> bytes, std::string_view source) {
  const auto [start, length] = place_of_dict(bytes, source);
  if (length > bytes.size() - start) {
    fail(source, formatted("npy header length {} exceeds the {} bytes that follow it", length,
                           bytes.size() - start));
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + start, length);
  NpyHeader header = DictParser(text, source).parse();
  header.data_offset = start + length;
  return header;
}

std::string npy_header(std::span<const std::int64_t> shape) {
  std::string dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    dict += std::to_string(shape[i]) + (shape.size() == 1 ? "," : i + 1 < shape.size() ? ", " : "");
  }
  dict += "), }";
  constexpr std::size_t before = kMagic.size() + 4;
  dict.append(63 - (before + dict.size()) % 64, ' ');
  dict += '\n';
  std::string header(kMagic);
  header +=
      {'\1', '\0', static_cast<char>(dict.size() & 0xFFU), static_cast<char>(dict.size() >> 8U)};
  return header + dict;
}

}  // namespace carousel::loading
