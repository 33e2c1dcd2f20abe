// SPDX-License-Identifier: Apache-2.0
#include "other_specs_text.hpp"

#include <array>
#include <cmath>
#include <string_view>
#include <vector>

namespace carousel::loading {
namespace {

/// The values of an enumeration whose last one is `last`.
template <auto last>
constexpr auto all_to() {
  using Enum = decltype(last);
  std::array<Enum, static_cast<std::size_t>(last) + 1> all{};
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = static_cast<Enum>(k);
  return all;
}

constexpr auto kOperations = all_to<ElementwiseOperation::greater>();
constexpr auto kReductions = all_to<ReduceOperation::l2>();
constexpr auto kPaddings = all_to<PaddingMode::edge>();
constexpr auto kConstants = all_to<ElementwiseSpec::Constant::second>();

std::string_view constant_name(ElementwiseSpec::Constant constant) {
  switch (constant) {
    case ElementwiseSpec::Constant::none: return "none";
    case ElementwiseSpec::Constant::first: return "first";
    case ElementwiseSpec::Constant::second: return "second";
  }
  return "?";
}

/// Writes and reads the same fields, those that are not as usual only.
class Writer {
 public:
  explicit Writer(Json& json) : json_(json) {}

  template <class T>
  void operator()(const char* field, const T& value, const T& usual) const {
    if (value != usual) json_[field] = value;
  }

 private:
  Json& json_;
};

class Reader {
 public:
  explicit Reader(JsonReader& reader) : reader_(reader) {}

  void operator()(const char* field, std::int64_t& value, std::int64_t usual) const {
    value = reader_.integer(field, usual);
  }
  void operator()(const char* field, bool& value, bool usual) const {
    value = reader_.boolean(field, usual);
  }
  void operator()(const char* field, float& value, float usual) const {
    value = reader_.real(field, usual);
  }

 private:
  JsonReader& reader_;
};

/// Calls `visit` with each plain field of a spec and its usual value.
template <class Spec, class Visit>
void visit_fields(Spec&& spec, const ConvolutionSpec& usual, Visit&& visit) {
  visit("in_channels", spec.in_channels, std::int64_t{-1});
  visit("out_channels", spec.out_channels, std::int64_t{-1});
  visit("kernel_size", spec.kernel_size, std::int64_t{-1});
  visit("length", spec.length, usual.length);
  visit("stride", spec.stride, usual.stride);
  visit("dilation", spec.dilation, usual.dilation);
  visit("groups", spec.groups, usual.groups);
  visit("pad_begin", spec.pad_begin, usual.pad_begin);
  visit("pad_end", spec.pad_end, usual.pad_end);
  visit("causal", spec.causal, usual.causal);
  visit("transposed", spec.transposed, usual.transposed);
  visit("output_padding", spec.output_padding, usual.output_padding);
  visit("bias", spec.bias, usual.bias);
}

template <class Spec, class Visit>
void visit_fields(Spec&& spec, const NormalizationSpec& usual, Visit&& visit) {
  visit("size", spec.size, usual.size);
  visit("group", spec.group, usual.group);
  visit("center", spec.center, usual.center);
  visit("epsilon", spec.epsilon, usual.epsilon);
  visit("scale", spec.scale, usual.scale);
  visit("bias", spec.bias, usual.bias);
}

template <class Spec, class Visit>
void visit_fields(Spec&& spec, const SelectStepsSpec& usual, Visit&& visit) {
  visit("size", spec.size, usual.size);
  visit("first", spec.first, usual.first);
  visit("end", spec.end, usual.end);
  visit("stride", spec.stride, usual.stride);
  visit("lengths", spec.lengths, usual.lengths);
}

}  // namespace

// --- Elementwise ---

void write_spec(const ElementwiseSpec& spec, Json& json) {
  json["operation"] = name(spec.operation);
  json["size"] = spec.size;
  if (spec.constant != ElementwiseSpec::Constant::none) {
    json["constant"] = constant_name(spec.constant);
  }
}

void read_spec(JsonReader& reader, ElementwiseSpec& spec) {
  reader.require("operation");
  spec.operation = reader.word("operation", kOperations, kNameOf);
  spec.size = reader.integer("size", 0);
  spec.constant = reader.word("constant", kConstants, constant_name);
}

// --- Convolutions ---

void write_spec(const ConvolutionSpec& spec, Json& json) {
  visit_fields(spec, ConvolutionSpec(), Writer(json));
  if (spec.padding != PaddingMode::zeros) json["padding"] = name(spec.padding);
}

void read_spec(JsonReader& reader, ConvolutionSpec& spec) {
  visit_fields(spec, ConvolutionSpec(), Reader(reader));
  spec.padding = reader.word("padding", kPaddings, kNameOf);
}

// --- Normalizations ---

void write_spec(const NormalizationSpec& spec, Json& json) {
  visit_fields(spec, NormalizationSpec(), Writer(json));
}

void read_spec(JsonReader& reader, NormalizationSpec& spec) {
  visit_fields(spec, NormalizationSpec(), Reader(reader));
}

// --- Rearrangements: "runs" are three numbers each, first, count and stride ---

void write_spec(const RearrangeSpec& spec, Json& json) {
  json["input_size"] = spec.input_size;
  std::vector<std::int64_t> numbers;
  for (const FeatureRun& run : spec.runs) {
    numbers.insert(numbers.end(), {run.first, run.count, run.stride});
  }
  json["runs"] = numbers;
  // JSON has no numbers for these.
  if (std::isfinite(spec.filler)) {
    if (spec.filler != 0.0F) json["filler"] = spec.filler;
  } else {
    json["filler"] = std::isnan(spec.filler) ? "nan" : spec.filler > 0 ? "inf" : "-inf";
  }
}

void read_spec(JsonReader& reader, RearrangeSpec& spec) {
  spec.input_size = reader.integer("input_size", 0);
  const std::vector<std::int64_t> numbers = reader.integers("runs");
  if (numbers.size() % 3 != 0) {
    reader.refuse_field("runs", "three numbers for each run", reader.require("runs"));
  }
  for (std::size_t k = 0; k < numbers.size(); k += 3) {
    spec.runs.push_back({numbers[k], numbers[k + 1], numbers[k + 2]});
  }
  spec.filler = reader.any_real("filler", 0.0F);
}

// --- Reductions ---

void write_spec(const ReduceFeaturesSpec& spec, Json& json) {
  json["operation"] = name(spec.operation);
  json["size"] = spec.size;
  if (spec.group != 0) json["group"] = spec.group;
}

void read_spec(JsonReader& reader, ReduceFeaturesSpec& spec) {
  reader.require("operation");
  spec.operation = reader.word("operation", kReductions, kNameOf);
  spec.size = reader.integer("size", 0);
  spec.group = reader.integer("group", 0);
}

void write_spec(const ReduceStepsSpec& spec, Json& json) {
  json["operation"] = name(spec.operation);
  json["size"] = spec.size;
  if (spec.lengths) json["lengths"] = true;
}

void read_spec(JsonReader& reader, ReduceStepsSpec& spec) {
  reader.require("operation");
  spec.operation = reader.word("operation", kReductions, kNameOf);
  spec.size = reader.integer("size", 0);
  spec.lengths = reader.boolean("lengths", false);
}

// --- Steps ---

void write_spec(const SelectStepsSpec& spec, Json& json) {
  visit_fields(spec, SelectStepsSpec(), Writer(json));
}

void read_spec(JsonReader& reader, SelectStepsSpec& spec) {
  visit_fields(spec, SelectStepsSpec(), Reader(reader));
}

void write_spec(const RepeatStepsSpec& spec, Json& json) {
  json["size"] = spec.size;
  json["count"] = spec.count;
}

void read_spec(JsonReader& reader, RepeatStepsSpec& spec) {
  spec.size = reader.integer("size", 0);
  spec.count = reader.integer("count", 1);
}

// --- Ids ---

void write_spec(const CastIdsSpec&, Json&) {}

void read_spec(JsonReader&, CastIdsSpec&) {}

}  // namespace carousel::loading
