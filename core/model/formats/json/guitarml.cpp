// SPDX-License-Identifier: Apache-2.0
// GuitarML's JSON, which Proteus and NeuralPi share: a recurrent module "rec" and a Linear "lin".
// https://github.com/GuitarML/Automated-GuitarAmpModelling
#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"
#include "load_json.hpp"

#include <array>
#include <cctype>

namespace carousel::loading {
namespace {

constexpr const char* kModule = "SimpleRNN";
constexpr const char* kPrefix = "rec.";
constexpr const char* kHead = "lin";

/// One statement of "model_data" about what the tensors say too.
struct Statement {
  const char* field;
  std::int64_t found;
};

/// "LSTM" as the table of cells has it.
std::string lower_case(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

void check_module(JsonReader& data) {
  (void)data.require("model");
  const std::string module = data.text("model");
  if (module == kModule) return;
  refuse(data.place(), formatted("has the model {}; only SimpleRNN is recurrent", quote(module)),
         ErrorCode::unsupported);
}

/// What "model_data" says must be what names and shapes of the tensors say.
void check_model_data(JsonReader& data, const Model& model) {
  const auto& spec = std::get<RecurrentSpec>(model.layers.front().spec);
  (void)data.require("unit_type");
  const std::string unit = data.text("unit_type");
  if (lower_case(unit) != name(spec.cell)) {
    refuse(data.place(), formatted("has the unit_type {}, but the tensors are those of a {}",
                                   quote(unit), traits(spec.cell).title));
  }
  const std::array statements{
      Statement{"input_size", spec.input_size},
      Statement{"hidden_size", spec.hidden_size},
      Statement{"output_size", model.output_size()},
      Statement{"num_layers", static_cast<std::int64_t>(model.layers.size()) - 1},
  };
  for (const auto& [field, found] : statements) {
    const std::int64_t told = data.integer(field, found);
    if (told == found) continue;
    refuse(data.place(), formatted("has {} {}, but the tensors have {}", field, told, found));
  }
}

}  // namespace

Model model_from_guitarml(const Json& json, const std::string& source, const LoadOptions& options) {
  refuse_naming_options(source, options);
  JsonReader data(json["model_data"], {.source = source, .key = {}, .path = "model_data"});
  check_module(data);
  const LoadOptions told{
      .prefix = kPrefix, .embedding = "", .head = kHead, .ignore_extra = options.ignore_extra};
  Model model = model_from_json_state_dict(json["state_dict"], source, told);
  check_model_data(data, model);
  add_skip(model, data.integer("skip", 0), "skip");
  return model;
}

}  // namespace carousel::loading
