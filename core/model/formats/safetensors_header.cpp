// SPDX-License-Identifier: Apache-2.0
#include "safetensors_header.hpp"

#include "json_fault.hpp"
#include "text.hpp"

#include "core/model/formatted.hpp"

#include <nlohmann/json.hpp>

#include <set>

namespace carousel::loading::safetensors {
namespace {

constexpr std::size_t kMaxRank = 64;  // NumPy's limit; bounds memory on hostile headers
constexpr std::string_view kMetadataKey = "__metadata__";

/// Receives the events of nlohmann's SAX parser, which is not recursive; a state machine with one
/// state per place in the grammar, so nesting deeper than the format's is refused where it starts.
class HeaderBuilder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  HeaderBuilder(std::string_view json, std::string_view source) : json_(json), source_(source) {}

  Header take() { return std::move(header_); }

  bool null() { return wrong("null"); }
  bool boolean(bool value) { return wrong(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) { return wrong(std::to_string(value)); }
  bool number_float(number_float_t /*value*/, const string_t& text) { return wrong(text); }
  bool binary(binary_t& /*value*/) { return wrong("binary data"); }

  bool number_unsigned(number_unsigned_t value) {
    if (state_ == State::shape) {
      if (entry().shape.size() == kMaxRank) {
        fail_entry(formatted("shape has more than {} dimensions", kMaxRank));
      }
      entry().shape.push_back(value);
      return true;
    }
    if (state_ == State::offsets) {
      if (entry().data_offsets.size() == 2) {
        fail_entry("data_offsets must be exactly two numbers, found more");
      }
      entry().data_offsets.push_back(value);
      return true;
    }
    return wrong(std::to_string(value));
  }

  bool string(string_t& value) {
    if (state_ == State::metadata_value) {
      header_.metadata[key_] = std::move(value);
      state_ = State::metadata;
      return true;
    }
    if (state_ == State::dtype) {
      set_dtype(value);
      state_ = State::entry;
      return true;
    }
    return wrong("the string " + quote(value));
  }

  bool start_object(std::size_t /*size*/) {
    switch (state_) {
      case State::start: state_ = State::header; return true;
      case State::metadata_start: state_ = State::metadata; return true;
      case State::entry_start: state_ = State::entry; return true;
      default: return wrong("an object");
    }
  }

  bool key(string_t& value) {
    switch (state_) {
      case State::header: header_key(value); break;
      case State::metadata:
        if (header_.metadata.contains(value)) {
          fail(source_, formatted("duplicate key {} in __metadata__", quote(value)));
        }
        key_ = value;
        state_ = State::metadata_value;
        break;
      default: entry_key(value); break;
    }
    return true;
  }

  bool end_object() {
    if (state_ == State::entry) {
      finish_entry();
    }
    state_ = state_ == State::header ? State::done : State::header;
    return true;
  }

  bool start_array(std::size_t /*size*/) {
    switch (state_) {
      case State::shape_start: state_ = State::shape; return true;
      case State::offsets_start: state_ = State::offsets; return true;
      default: return wrong("an array");
    }
  }

  bool end_array() {
    if (state_ == State::offsets && entry().data_offsets.size() != 2) {
      fail_entry(formatted("data_offsets must be exactly two numbers, found {}",
                           entry().data_offsets.size()));
    }
    state_ = State::entry;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& error) {
    if (dynamic_cast<const nlohmann::json::out_of_range*>(&error) != nullptr) {
      fail(source_, "the header has a number beyond float64");
    }
    fail(source_, formatted("the header is {}", json_fault(json_, position)));
  }

 private:
  enum class State {
    start,
    header,
    metadata_start,
    metadata,
    metadata_value,
    entry_start,
    entry,
    dtype,
    shape_start,
    shape,
    offsets_start,
    offsets,
    done,
  };

  HeaderEntry& entry() { return header_.entries.back(); }

  [[noreturn]] void fail_entry(const std::string& text) {
    fail(source_, formatted("tensor {}: {}", quote(entry().name), text));
  }

  void header_key(const std::string& name) {
    if (!names_.insert(name).second) {
      fail(source_, formatted("duplicate key {} in the header", quote(name)));
    }
    if (name == kMetadataKey) {
      state_ = State::metadata_start;
      return;
    }
    header_.entries.push_back({});
    entry().name = name;
    fields_.clear();
    state_ = State::entry_start;
  }

  void entry_key(const std::string& field) {
    if (!fields_.insert(field).second) {
      fail_entry("duplicate key " + quote(field));
    }
    if (field == "dtype") {
      state_ = State::dtype;
    } else if (field == "shape") {
      state_ = State::shape_start;
    } else if (field == "data_offsets") {
      state_ = State::offsets_start;
    } else {
      fail_entry(
          formatted("unknown field {}; known are dtype, shape and data_offsets", quote(field)));
    }
  }

  void set_dtype(const std::string& text) {
    const std::optional<DType> dtype = dtype_from_name(text);
    if (!dtype) {
      fail_entry("unknown dtype " + quote(text));
    }
    entry().dtype = *dtype;
  }

  void finish_entry() {
    for (const char* field : {"dtype", "shape", "data_offsets"}) {
      if (!fields_.contains(field)) {
        fail_entry(formatted("the field {} is missing", quote(field)));
      }
    }
  }

  /// A value of a kind that the grammar does not have at this place.
  [[noreturn]] bool wrong(const std::string& found) {
    const std::string suffix = ", found " + found;
    switch (state_) {
      case State::metadata_start:
        fail(source_, "__metadata__ must be an object of strings" + suffix);
      case State::metadata_value:
        fail(source_, formatted("__metadata__ {} must be a string{}", quote(key_), suffix));
      case State::entry_start: fail_entry("must be an object" + suffix);
      case State::dtype: fail_entry("dtype must be a string" + suffix);
      case State::shape_start:
      case State::shape: fail_entry("shape must be an array of non-negative integers" + suffix);
      case State::offsets_start:
      case State::offsets:
        fail_entry("data_offsets must be an array of two non-negative integers" + suffix);
      default: fail(source_, "the header must be a JSON object" + suffix);
    }
  }

  std::string_view json_;
  std::string_view source_;
  Header header_;
  State state_ = State::start;
  std::string key_;               ///< Of the metadata value that comes next.
  std::set<std::string> names_;   ///< Keys of the header seen so far.
  std::set<std::string> fields_;  ///< Fields of the current entry seen so far.
};

}  // namespace

Header parse_header(std::string_view json, std::string_view source) {
  // nlohmann's lexer takes a NUL byte for the end of the text and would ignore what follows.
  if (const std::size_t nul = json.find('\0'); nul != json.npos) {
    fail(source, formatted("the header is not JSON at byte {}: NUL byte", nul));
  }
  HeaderBuilder builder(json, source);
  nlohmann::json::sax_parse(json.begin(), json.end(), &builder);
  return builder.take();
}

}  // namespace carousel::loading::safetensors
