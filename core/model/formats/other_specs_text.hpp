// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "json_reader.hpp"

#include <carousel/spec.hpp>

/// \file
/// The fields of the kinds of layers around the recurrent ones; see spec_text.hpp. Specs are read
/// into one with its usual values.
namespace carousel::loading {

void write_spec(const ElementwiseSpec& spec, Json& json);
void write_spec(const ConvolutionSpec& spec, Json& json);
void write_spec(const NormalizationSpec& spec, Json& json);
void write_spec(const RearrangeSpec& spec, Json& json);
void write_spec(const ReduceFeaturesSpec& spec, Json& json);
void write_spec(const ReduceStepsSpec& spec, Json& json);
void write_spec(const SelectStepsSpec& spec, Json& json);
void write_spec(const RepeatStepsSpec& spec, Json& json);
void write_spec(const CastIdsSpec& spec, Json& json);

void read_spec(JsonReader& reader, ElementwiseSpec& spec);
void read_spec(JsonReader& reader, ConvolutionSpec& spec);
void read_spec(JsonReader& reader, NormalizationSpec& spec);
void read_spec(JsonReader& reader, RearrangeSpec& spec);
void read_spec(JsonReader& reader, ReduceFeaturesSpec& spec);
void read_spec(JsonReader& reader, ReduceStepsSpec& spec);
void read_spec(JsonReader& reader, SelectStepsSpec& spec);
void read_spec(JsonReader& reader, RepeatStepsSpec& spec);
void read_spec(JsonReader& reader, CastIdsSpec& spec);

}  // namespace carousel::loading
