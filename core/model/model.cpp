// SPDX-License-Identifier: Apache-2.0
#include <carousel/model.hpp>

#include "core/model/formats/state_dict.hpp"
#include "core/model/formats/text.hpp"

#include <algorithm>
#include <cmath>

namespace carousel {
namespace {

using loading::Slot;

[[noreturn]] void invalid(const Model& model, const std::string& where, const std::string& text) {
  loading::fail(model.source.empty() ? "model" : model.source, where + ": " + text);
}

void validate_spec(const Model& model, const std::string& where, const LayerSpec& spec) {
  try {
    validate(spec);
  } catch (const Error& error) {
    invalid(model, where, error.what());
  }
}

void require_size(const Model& model, const std::string& where, const std::string& tensor,
                  const std::vector<std::int64_t>& shape, std::size_t found) {
  const std::optional<std::int64_t> expected = loading::element_count(shape);
  if (!expected || static_cast<std::size_t>(*expected) != found) {
    invalid(model, where,
            tensor + " must have shape " + loading::shape_text(shape) + " (" +
                (expected ? std::to_string(*expected) : "too many") + " values), found " +
                std::to_string(found) + " values");
  }
}

/// Arrays that the spec does not call for must be absent: a backend would silently ignore them.
void require_unused_empty(const Model& model, const std::string& where, const LayerSpec& spec,
                          const DirectionWeights& weights, bool direction_used) {
  using W = DirectionWeights;
  std::vector<Slot> used = direction_used ? loading::slots(spec) : std::vector<Slot>{};
  if (direction_used) std::ranges::copy(loading::optional_slots(spec), std::back_inserter(used));
  struct Named {
    const char* name;
    std::vector<float> W::*values;
  };
  for (const Named& array :
       {Named{"weight_ih", &W::weight_ih}, Named{"weight_hh", &W::weight_hh},
        Named{"bias_ih", &W::bias_ih}, Named{"bias_hh", &W::bias_hh},
        Named{"weight_hr", &W::weight_hr}, Named{"peephole", &W::peephole},
        Named{"initial_h", &W::initial_h}, Named{"initial_c", &W::initial_c}}) {
    const bool expected = std::any_of(
        used.begin(), used.end(), [&](const Slot& slot) { return slot.values == array.values; });
    if (!expected && !(weights.*array.values).empty()) {
      invalid(model, where,
              std::string(array.name) + " must be empty for " + describe(spec) + ", found " +
                  std::to_string((weights.*array.values).size()) + " values");
    }
  }
}

void validate_layer(const Model& model, const std::string& where, const ModelLayer& layer,
                    std::int64_t input_size) {
  validate_spec(model, where, layer.spec);
  if (layer.spec.input_size != input_size) {
    invalid(model, where,
            "input_size must be " + std::to_string(input_size) +
                ", the width of what comes before it, found " +
                std::to_string(layer.spec.input_size));
  }
  const std::vector<Slot> used = loading::slots(layer.spec);
  const std::vector<Slot> optional = loading::optional_slots(layer.spec);
  for (std::size_t d = 0; d < layer.directions.size(); ++d) {
    const bool direction_used = static_cast<std::int64_t>(d) < layer.spec.directions();
    const std::string side = where + (d == 0 ? "" : ", second direction");
    for (const Slot& slot : direction_used ? used : std::vector<Slot>{}) {
      require_size(model, side, std::string(slot.name), slot.shape,
                   (layer.directions[d].*slot.values).size());
    }
    for (const Slot& slot : direction_used ? optional : std::vector<Slot>{}) {
      const std::size_t found = (layer.directions[d].*slot.values).size();
      if (found > 0) require_size(model, side, std::string(slot.name), slot.shape, found);
    }
    require_unused_empty(model, side, layer.spec, layer.directions[d], direction_used);
  }
}

void validate_embedding(const Model& model, const Embedding& embedding) {
  if (embedding.num_embeddings < 1 || embedding.embedding_dim < 1) {
    invalid(model, "embedding",
            "sizes must be at least 1, found " +
                loading::shape_text({{embedding.num_embeddings, embedding.embedding_dim}}));
  }
  require_size(model, "embedding", "weight", {embedding.num_embeddings, embedding.embedding_dim},
               embedding.weight.size());
}

}  // namespace

std::string_view name(Tail tail) noexcept {
  switch (tail) {
    case Tail::none: return "none";
    case Tail::sigmoid: return "sigmoid";
    case Tail::tanh: return "tanh";
    case Tail::relu: return "relu";
    case Tail::softmax: return "softmax";
    case Tail::log_softmax: return "log_softmax";
  }
  return "?";
}

std::int64_t Model::input_size() const {
  return embedding ? 1 : layers.empty() ? 0 : layers.front().spec.input_size;
}

std::int64_t Model::output_size() const {
  if (head) {
    return head->spec.output_size();
  }
  return layers.empty() ? 0 : layers.back().spec.output_size();
}

std::int64_t Model::parameter_count() const {
  std::int64_t count = embedding ? embedding->num_embeddings * embedding->embedding_dim : 0;
  for (const ModelLayer& layer : layers) {
    count += layer.spec.parameter_count();
  }
  return count + (head ? head->spec.parameter_count() : 0);
}

double Model::flops_per_row() const {
  double flops = head ? head->spec.flops_per_row() : 0.0;
  for (const ModelLayer& layer : layers) {
    flops += layer.spec.flops_per_row();
  }
  return flops;
}

void validate(const Model& model) {
  if (model.layers.empty()) {
    invalid(model, "layers", "a model needs at least one recurrent layer");
  }
  std::int64_t width = model.layers.front().spec.input_size;
  if (model.embedding) {
    validate_embedding(model, *model.embedding);
    width = model.embedding->embedding_dim;
  }
  for (std::size_t k = 0; k < model.layers.size(); ++k) {
    const std::string where = "layer " + std::to_string(k);
    if (!model.layers[k].spec.recurrent()) {
      invalid(model, where, "must be recurrent; a linear layer can only be the head");
    }
    validate_layer(model, where, model.layers[k], width);
    width = model.layers[k].spec.output_size();
  }
  if (model.head) {
    if (model.head->spec.recurrent()) {
      invalid(model, "head", "must be a linear layer, found " + describe(model.head->spec));
    }
    validate_layer(model, "head", *model.head, width);
  }
}

std::vector<NonFiniteTensor> find_non_finite(const Model& model) {
  std::vector<NonFiniteTensor> found;
  for (const loading::NamedArray& array : loading::named_arrays(model)) {
    const auto count = std::count_if(array.values.begin(), array.values.end(),
                                     [](float value) { return !std::isfinite(value); });
    if (count > 0) {
      found.push_back({array.name, count});
    }
  }
  return found;
}

}  // namespace carousel
