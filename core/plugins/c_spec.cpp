// SPDX-License-Identifier: Apache-2.0
#include "core/plugins/c_spec.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace carousel::c_types {
namespace {

static_assert(static_cast<int>(Direction::bidirectional) == CAROUSEL_BIDIRECTIONAL);
static_assert(static_cast<int>(ActivationKind::log_softmax) == CAROUSEL_LOG_SOFTMAX - 1);
static_assert(static_cast<int>(GateCoupling::input_from_forget) == CAROUSEL_INPUT_FROM_FORGET);
static_assert(static_cast<int>(Precision::float32) == CAROUSEL_FLOAT32);
static_assert(static_cast<int>(Precision::int8) == CAROUSEL_INT8);
static_assert(static_cast<int>(ErrorCode::invalid_argument) == CAROUSEL_INVALID_ARGUMENT);
static_assert(static_cast<int>(ErrorCode::plugin_failed) == CAROUSEL_PLUGIN_FAILED);

/// What stands behind a carousel_layer_kind. A recurrent kind without a cell is one that this
/// Carousel knows by name only.
struct Kind {
  const char* name;
  bool recurrent = false;
  std::optional<Cell> cell = std::nullopt;
};
constexpr std::array<Kind, CAROUSEL_LAYER_KIND_END> kKinds{{
    {"LSTM", true, Cell::lstm},
    {"GRU", true, Cell::gru},
    {"RNN", true, Cell::rnn},
    {"dense"},
    {"embedding"},
    {"activation"},
    {"concatenate"},
    {"sLSTM", true, Cell::slstm},
}};
static_assert(std::ranges::count_if(kKinds, [](const Kind& k) { return k.cell.has_value(); }) ==
              kCellCount);

[[noreturn]] void refuse(const std::string& text, ErrorCode code = ErrorCode::invalid_argument) {
  throw Error(code, "spec: " + text);
}

/// An enumerator from C, where any number can stand in its place.
void require_enum(std::int32_t value, std::int32_t last, const char* what) {
  if (value >= 0 && value <= last) return;
  refuse(std::string(what) + " is " + std::to_string(value) + ", but must be in 0.." +
         std::to_string(last));
}

const Kind& kind_at(std::int32_t kind) {
  require_enum(kind, CAROUSEL_LAYER_KIND_END - 1, "kind");
  const Kind& found = kKinds.at(static_cast<std::size_t>(kind));
  if (!found.recurrent || found.cell) return found;
  refuse(std::string("this version of Carousel does not run ") + found.name + " layers (kind " +
             std::to_string(kind) + ")",
         ErrorCode::unsupported);
}

// --- To C ---

carousel_activation to_c(const Activation& f) noexcept {
  return {static_cast<std::int32_t>(f.kind) + 1, f.alpha, f.beta};
}

void fill(carousel_layer_spec& c, const RecurrentSpec& spec) noexcept {
  // A cell that does not exist becomes CAROUSEL_LAYER_KIND_END, which is no kind.
  const auto same = [&](const Kind& kind) { return kind.cell == spec.cell; };
  const auto kind = std::ranges::find_if(kKinds, same);
  const std::size_t functions = kind == kKinds.end() ? 0 : traits(spec.cell).activation_count;
  c.kind = static_cast<std::int32_t>(kind - kKinds.begin());
  c.direction = static_cast<std::int32_t>(spec.direction);
  c.input_size = spec.input_size;
  c.hidden_size = spec.hidden_size;
  c.proj_size = spec.proj_size;
  c.bias = spec.bias;
  c.peephole = spec.peephole;
  c.coupling = static_cast<std::int32_t>(spec.coupling);
  c.linear_before_reset = c.kind == CAROUSEL_GRU && spec.linear_before_reset;
  c.clip = spec.clip;
  c.cell_clip = spec.cell_clip;
  c.layer_norm = spec.layer_norm;
  c.layer_norm_epsilon = spec.layer_norm ? spec.layer_norm_epsilon : 0.0F;
  c.heads = c.kind == CAROUSEL_SLSTM ? spec.heads : 0;
  for (std::size_t d = 0; d < static_cast<std::size_t>(spec.directions()); ++d) {
    for (std::size_t k = 0; k < functions; ++k) {
      c.activations[d][k] = to_c(spec.activations[d][k]);
    }
  }
}

void fill(carousel_layer_spec& c, const DenseSpec& spec) noexcept {
  c.kind = CAROUSEL_DENSE;
  c.input_size = spec.input_size;
  c.output_size = spec.output_size;
  c.bias = spec.bias;
}

void fill(carousel_layer_spec& c, const EmbeddingSpec& spec) noexcept {
  c.kind = CAROUSEL_EMBEDDING;
  c.input_size = spec.num_embeddings;
  c.output_size = spec.embedding_dim;
}

void fill(carousel_layer_spec& c, const ActivationSpec& spec) noexcept {
  c.kind = CAROUSEL_ACTIVATION;
  c.input_size = spec.size;
  c.output_size = spec.size;
  c.activations[0][0] = to_c(spec.function);
  if (spec.group_size() != spec.size) c.kind = CAROUSEL_LAYER_KIND_END;  // groups are unknown to C
}

void fill(carousel_layer_spec& c, const ConcatenateSpec& spec) noexcept {
  c.kind = CAROUSEL_CONCATENATE;
  c.input_sizes = spec.sizes.data();
  c.input_count = static_cast<std::int64_t>(spec.sizes.size());
}

/// Other kinds have no name in C.
template <class Spec>
void fill(carousel_layer_spec& c, const Spec&) noexcept {
  c.kind = CAROUSEL_LAYER_KIND_END;
}

// --- From C ---

Activation from_c(const carousel_activation& given, const Activation& usual) {
  require_enum(given.kind, CAROUSEL_LOG_SOFTMAX, "activation kind");
  if (given.kind == CAROUSEL_ACTIVATION_DEFAULT) return usual;
  return {static_cast<ActivationKind>(given.kind - 1), given.alpha, given.beta};
}

/// An epsilon alone would be ignored silently.
const carousel_layer_spec& normalizing(const carousel_layer_spec& c) {
  if (!c.layer_norm) refuse("layer_norm_epsilon must be zero without layer_norm");
  return c;
}

RecurrentSpec recurrent(const carousel_layer_spec& c, Cell cell) {
  require_enum(c.direction, CAROUSEL_BIDIRECTIONAL, "direction");
  require_enum(c.coupling, CAROUSEL_INPUT_FROM_FORGET, "coupling");
  RecurrentSpec spec = make_spec(cell, c.input_size, c.hidden_size,
                                 static_cast<Direction>(c.direction), c.proj_size, c.bias);
  spec.peephole = c.peephole;
  spec.coupling = static_cast<GateCoupling>(c.coupling);
  if (c.kind == CAROUSEL_GRU) spec.linear_before_reset = c.linear_before_reset;
  spec.clip = c.clip;
  spec.cell_clip = c.cell_clip;
  spec.layer_norm = c.layer_norm;
  if (c.layer_norm_epsilon != 0.0F) spec.layer_norm_epsilon = normalizing(c).layer_norm_epsilon;
  if (c.heads != 0) spec.heads = c.heads;
  for (std::size_t d = 0; d < 2; ++d) {
    for (std::size_t k = 0; k < 3; ++k) {
      spec.activations[d][k] = from_c(c.activations[d][k], spec.activations[d][k]);
    }
  }
  return spec;
}

ActivationSpec activation(const carousel_layer_spec& c) {
  if (c.activations[0][0].kind == CAROUSEL_ACTIVATION_DEFAULT) {
    refuse("activations[0][0] has no kind: an activation layer has no default function");
  }
  if (c.output_size != c.input_size && c.output_size != 0) {
    refuse("output_size of an activation layer is " + std::to_string(c.output_size) +
           ", but must be its input_size, " + std::to_string(c.input_size));
  }
  return {from_c(c.activations[0][0], {}), c.input_size};
}

ConcatenateSpec concatenate(const carousel_layer_spec& c) {
  // More than any valid concatenation has; the sizes are not read before this is known.
  constexpr std::int64_t kMost = 1024;
  if (c.input_count < 0 || c.input_count > kMost) {
    refuse("input_count is " + std::to_string(c.input_count) + ", but must be in 0.." +
           std::to_string(kMost));
  }
  if (c.input_count > 0 && c.input_sizes == nullptr) refuse("input_sizes is null");
  return {{c.input_sizes, c.input_sizes + c.input_count}};
}

/// Kinds of layers as bits.
constexpr unsigned bit(carousel_layer_kind kind) { return 1U << static_cast<unsigned>(kind); }
constexpr unsigned kRecurrent = [] {
  unsigned bits = 0;
  for (std::size_t k = 0; k < kKinds.size(); ++k) bits |= kKinds[k].recurrent ? 1U << k : 0U;
  return bits;
}();
constexpr unsigned kOneInput =
    kRecurrent | bit(CAROUSEL_DENSE) | bit(CAROUSEL_EMBEDDING) | bit(CAROUSEL_ACTIVATION);

/// A member of carousel_layer_spec, and the kinds that have it. Which cells have what is for
/// `validate` to say.
struct Member {
  const char* name;
  unsigned kinds;
  bool (*used)(const carousel_layer_spec& c);
};

bool uses_activations(const carousel_layer_spec& c, std::size_t first) {
  for (std::size_t k = first; k < 6; ++k) {
    if (c.activations[k / 3][k % 3].kind != CAROUSEL_ACTIVATION_DEFAULT) return true;
  }
  return false;
}

using Spec = const carousel_layer_spec&;
constexpr std::array kMembers{
    Member{"direction", kRecurrent, [](Spec c) { return c.direction != 0; }},
    Member{"input_size", kOneInput, [](Spec c) { return c.input_size != 0; }},
    Member{"hidden_size", kRecurrent, [](Spec c) { return c.hidden_size != 0; }},
    Member{"proj_size", kRecurrent, [](Spec c) { return c.proj_size != 0; }},
    Member{"output_size", kOneInput & ~kRecurrent, [](Spec c) { return c.output_size != 0; }},
    Member{"bias", kRecurrent | bit(CAROUSEL_DENSE), [](Spec c) { return c.bias; }},
    Member{"peephole", kRecurrent, [](Spec c) { return c.peephole; }},
    Member{"linear_before_reset", kRecurrent, [](Spec c) { return c.linear_before_reset; }},
    Member{"layer_norm", kRecurrent, [](Spec c) { return c.layer_norm; }},
    Member{"layer_norm_epsilon", kRecurrent, [](Spec c) { return c.layer_norm_epsilon != 0; }},
    Member{"heads", kRecurrent, [](Spec c) { return c.heads != 0; }},
    Member{"coupling", kRecurrent, [](Spec c) { return c.coupling != 0; }},
    Member{"clip", kRecurrent, [](Spec c) { return c.clip != 0; }},
    Member{"cell_clip", kRecurrent, [](Spec c) { return c.cell_clip != 0; }},
    Member{"activations[0][0]", kRecurrent | bit(CAROUSEL_ACTIVATION),
           [](Spec c) { return uses_activations(c, 0); }},
    Member{"activations past [0][0]", kRecurrent, [](Spec c) { return uses_activations(c, 1); }},
    Member{"input_sizes", bit(CAROUSEL_CONCATENATE),
           [](Spec c) { return c.input_sizes != nullptr; }},
    Member{"input_count", bit(CAROUSEL_CONCATENATE), [](Spec c) { return c.input_count != 0; }},
};

/// What would be ignored silently is refused.
void require_own_members(const carousel_layer_spec& c, const Kind& kind) {
  for (const Member& member : kMembers) {
    const bool own = (member.kinds >> static_cast<unsigned>(c.kind) & 1U) != 0;
    if (own || !member.used(c)) continue;
    refuse(std::string(member.name) + " must be zero: " + kind.name + " layers have none");
  }
}

}  // namespace

std::int32_t kind_of(const LayerSpec& spec) noexcept {
  return std::visit(
      [](const auto& s) {
        carousel_layer_spec c{};
        fill(c, s);
        return c.kind;
      },
      spec);
}

carousel_layer_spec to_c(const LayerSpec& spec) noexcept {
  carousel_layer_spec c{};
  c.struct_size = sizeof c;
  std::visit([&](const auto& s) { fill(c, s); }, spec);
  return c;
}

LayerSpec from_c(const carousel_layer_spec& c) {
  const Kind& kind = kind_at(c.kind);
  require_own_members(c, kind);
  switch (c.kind) {
    case CAROUSEL_DENSE: return DenseSpec{c.input_size, c.output_size, c.bias};
    case CAROUSEL_EMBEDDING: return EmbeddingSpec{c.input_size, c.output_size};
    case CAROUSEL_ACTIVATION: return activation(c);
    case CAROUSEL_CONCATENATE: return concatenate(c);
    default: return recurrent(c, kind.cell.value());
  }
}

carousel_layer_spec usual_spec(std::int32_t kind) {
  const Kind& known = kind_at(kind);
  carousel_layer_spec c{};
  c.struct_size = sizeof c;
  c.kind = kind;
  c.bias = known.recurrent || kind == CAROUSEL_DENSE;
  c.linear_before_reset = kind == CAROUSEL_GRU;
  return c;
}

Precision precision_from_c(std::int32_t precision, const char* what) {
  std::string known;
  for (const Precision one : precisions()) {
    const auto number = static_cast<std::int32_t>(one);
    if (precision == number) return one;
    known +=
        (known.empty() ? "" : ", ") + std::to_string(number) + " (" + std::string(name(one)) + ")";
  }
  throw Error(ErrorCode::unsupported, std::string(what) + ": precision is " +
                                          std::to_string(precision) +
                                          ", which is not supported; there are " + known);
}

bool uses_members_past(const void* object, std::size_t size, std::size_t known) noexcept {
  const auto* bytes = static_cast<const unsigned char*>(object);
  return known < size &&
         std::any_of(bytes + known, bytes + size, [](unsigned char byte) { return byte != 0; });
}

}  // namespace carousel::c_types
