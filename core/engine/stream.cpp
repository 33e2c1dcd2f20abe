// SPDX-License-Identifier: Apache-2.0
#include "aligned.hpp"
#include "float_env.hpp"
#include "network_data.hpp"
#include "tail.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace carousel {
namespace detail {

/// State of one layer and direction, inside the two arrays that hold them all.
struct StateSlot {
  float* h = nullptr;
  float* c = nullptr;
};

struct StreamData {
  StreamOptions options;
  AlignedFloats h;  // [L*D, batch, state_size] when all layers are alike
  AlignedFloats c;
  std::vector<std::array<StateSlot, 2>> slots;  // per layer
  std::vector<std::unique_ptr<Workspace>> workspaces;
  AlignedFloats embedded;                // [max_steps, batch, embedding_dim]
  std::array<AlignedFloats, 2> between;  // outputs of one layer, inputs of the next
  std::vector<std::int64_t> lengths;     // [batch], of the piece being worked on
};

}  // namespace detail

namespace {

using detail::NetworkData;
using detail::StreamData;

void check(const StreamOptions& options) {
  constexpr std::int64_t kMax = std::int64_t{1} << 32U;
  if (options.batch < 0 || options.batch > kMax) {
    throw Error("stream: batch is " + std::to_string(options.batch) + ", but must be in 0..2^32");
  }
  if (options.max_steps < 1 || options.max_steps > kMax) {
    throw Error("stream: max_steps is " + std::to_string(options.max_steps) +
                ", but must be in 1..2^32");
  }
}

void allocate_state(const NetworkData& network, StreamData& data) {
  std::int64_t h_size = 0;
  std::int64_t c_size = 0;
  for (const LayerPlan& plan : network.plans) {
    if (!plan.spec.recurrent()) continue;
    h_size += plan.spec.output_size() * data.options.batch;
    if (plan.spec.has_cell_state()) {
      c_size += plan.spec.directions() * plan.spec.hidden_size * data.options.batch;
    }
  }
  data.h = AlignedFloats(h_size);
  data.c = AlignedFloats(c_size);
  float* h = data.h.data();
  float* c = data.c.data();
  for (const LayerPlan& plan : network.plans) {
    auto& slots = data.slots.emplace_back();
    if (!plan.spec.recurrent()) continue;
    for (std::int64_t d = 0; d < plan.spec.directions(); ++d) {
      auto& slot = slots[static_cast<std::size_t>(d)];
      slot.h = h;
      h += plan.spec.state_size() * data.options.batch;
      if (!plan.spec.has_cell_state()) continue;
      slot.c = c;
      c += plan.spec.hidden_size * data.options.batch;
    }
  }
}

/// Sets every row of a state to the one row given, or to zero if that is empty.
void start_rows(const std::vector<float>& row, std::int64_t batch, std::int64_t width,
                float* state) noexcept {
  if (state == nullptr) return;
  if (row.empty()) {
    std::fill_n(state, batch * width, 0.0F);
    return;
  }
  for (std::int64_t b = 0; b < batch; ++b) std::ranges::copy(row, state + b * width);
}

void start(const NetworkData& network, StreamData& data) noexcept {
  if (network.initial.empty()) {
    std::ranges::fill(data.h.span(), 0.0F);
    std::ranges::fill(data.c.span(), 0.0F);
    return;
  }
  for (std::size_t l = 0; l < data.slots.size(); ++l) {
    const LayerSpec& spec = network.plans[l].spec;
    for (std::size_t d = 0; d < 2; ++d) {
      const detail::StateSlot& slot = data.slots[l][d];
      const detail::InitialState& initial = network.initial[l][d];
      start_rows(initial.h, data.options.batch, spec.state_size(), slot.h);
      start_rows(initial.c, data.options.batch, spec.hidden_size, slot.c);
    }
  }
}

void allocate_scratch(const NetworkData& network, StreamData& data) {
  const std::int64_t rows = data.options.batch * data.options.max_steps;
  if (network.embedding) {
    data.embedded = AlignedFloats(rows * network.embedding->embedding_dim);
  }
  for (std::size_t l = 0; l + 1 < network.layers.size(); ++l) {
    AlignedFloats& buffer = data.between[l % 2];
    const std::int64_t need = rows * network.plans[l].spec.output_size();
    if (static_cast<std::int64_t>(buffer.size()) < need) buffer = AlignedFloats(need);
  }
  for (const auto& layer : network.layers) {
    data.workspaces.push_back(
        layer->workspace({.batch = data.options.batch, .max_steps = data.options.max_steps}));
  }
  data.lengths.resize(static_cast<std::size_t>(data.options.batch));
}

template <class T>
Status check_run(const NetworkData& network, const StreamData& data, const SequenceView<const T>& x,
                 std::int64_t input_size, const SequenceView<float>& y,
                 std::span<const std::int64_t> lengths) noexcept {
  const std::int64_t batch = data.options.batch;
  if (x.steps < 0 || y.steps != x.steps) {
    return Status::failure("run: y must have as many steps as x, and not less than 0");
  }
  if (x.batch != batch || y.batch != batch) {
    return Status::failure("run: x and y must have the batch that the stream was made for");
  }
  if (x.features != input_size) {
    return Status::failure("run: x.features must be the network's input_size");
  }
  if (y.features != network.output_size()) {
    return Status::failure("run: y.features must be the network's output_size");
  }
  if (x.steps * batch > 0 && (x.data == nullptr || y.data == nullptr)) {
    return Status::failure("run: the data of x or y is null");
  }
  if (x.steps > data.options.max_steps && network.needs_whole_sequence()) {
    return Status::failure(
        "run: a network with a reverse direction takes at most max_steps steps (see "
        "StreamOptions)");
  }
  if (!lengths.empty() && std::cmp_not_equal(lengths.size(), batch)) {
    return Status::failure("run: lengths must be empty or have one entry per batch row");
  }
  for (const std::int64_t length : lengths) {
    if (length < 0 || length > x.steps) {
      return Status::failure("run: every length must be in 0..steps");
    }
  }
  return {};
}

/// Runs one piece of at most max_steps steps through all layers.
Status run_piece(const NetworkData& network, StreamData& data, SequenceView<const float> x,
                 SequenceView<float> y, const std::int64_t* lengths) noexcept {
  const std::size_t last = network.layers.size() - 1;
  for (std::size_t l = 0; l <= last; ++l) {
    const auto& slots = data.slots[l];
    const SequenceView<float> out = l == last
                                        ? y
                                        : steps_first(data.between[l % 2].data(), x.steps, x.batch,
                                                      network.plans[l].spec.output_size());
    const ForwardArgs args{.x = x,
                           .y = out,
                           .lengths = lengths,
                           .h = {slots[0].h, slots[1].h},
                           .c = {slots[0].c, slots[1].c}};
    if (Status status = network.layers[l]->forward(args, *data.workspaces[l]); !status) {
      return status;
    }
    x = out;
  }
  apply_tail(network.tail, y, lengths);
  return {};
}

/// The lengths that remain for the piece that starts at `first`; null when there are none.
const std::int64_t* piece_lengths(StreamData& data, std::span<const std::int64_t> lengths,
                                  std::int64_t first, std::int64_t count) noexcept {
  if (lengths.empty()) return nullptr;
  std::ranges::transform(lengths, data.lengths.begin(), [&](std::int64_t length) {
    return std::clamp<std::int64_t>(length - first, 0, count);
  });
  return data.lengths.data();
}

/// Calls `piece(first, count)` for consecutive stretches of at most max_steps.
template <class Piece>
Status for_each_piece(std::int64_t steps, std::int64_t max_steps, Piece&& piece) noexcept {
  for (std::int64_t first = 0; first < steps; first += max_steps) {
    if (Status status = piece(first, std::min(max_steps, steps - first)); !status) return status;
  }
  return {};
}

Status check_ids(const SequenceView<const std::int32_t>& ids, std::int64_t count,
                 std::span<const std::int64_t> lengths) noexcept {
  for (std::int64_t b = 0; b < ids.batch; ++b) {
    const std::int64_t steps = lengths.empty() ? ids.steps : lengths[static_cast<std::size_t>(b)];
    for (std::int64_t t = 0; t < steps; ++t) {
      const std::int32_t id = *ids.row(t, b);
      if (id < 0 || id >= count) {
        return Status::failure("run_ids: every id must be in 0..num_embeddings-1");
      }
    }
  }
  return {};
}

/// Looks ids up into [steps, batch, embedding_dim]; rows past a sequence's end are zero.
SequenceView<const float> embed(const Embedding& embedding, const AlignedFloats& out,
                                const SequenceView<const std::int32_t>& ids,
                                const std::int64_t* lengths) noexcept {
  const std::int64_t dim = embedding.embedding_dim;
  const SequenceView<float> rows = steps_first(out.data(), ids.steps, ids.batch, dim);
  for (std::int64_t t = 0; t < ids.steps; ++t) {
    for (std::int64_t b = 0; b < ids.batch; ++b) {
      if (lengths != nullptr && t >= lengths[b]) {
        std::fill_n(rows.row(t, b), dim, 0.0F);
      } else {
        std::copy_n(embedding.weight.data() + *ids.row(t, b) * dim, dim, rows.row(t, b));
      }
    }
  }
  return rows;
}

}  // namespace

Stream::Stream(std::shared_ptr<const detail::NetworkData> network, const StreamOptions& options)
    : network_(std::move(network)), data_(std::make_unique<StreamData>()) {
  check(options);
  data_->options = options;
  allocate_state(*network_, *data_);
  allocate_scratch(*network_, *data_);
  start(*network_, *data_);
}

Stream::Stream(Stream&&) noexcept = default;
Stream& Stream::operator=(Stream&&) noexcept = default;
Stream::~Stream() = default;

Status Stream::run(SequenceView<const float> x, SequenceView<float> y,
                   std::span<const std::int64_t> lengths) noexcept {
  if (network_->embedding) {
    return Status::failure("run: this network starts with an embedding; use run_ids");
  }
  const std::int64_t input_size = network_->layer_input_size();
  if (Status status = check_run(*network_, *data_, x, input_size, y, lengths); !status) {
    return status;
  }
  const FlushDenormals flush;
  return for_each_piece(x.steps, data_->options.max_steps, [&](std::int64_t t, std::int64_t n) {
    const std::int64_t* piece = piece_lengths(*data_, lengths, t, n);
    return run_piece(*network_, *data_, x.slice(t, n), y.slice(t, n), piece);
  });
}

Status Stream::run_ids(SequenceView<const std::int32_t> ids, SequenceView<float> y,
                       std::span<const std::int64_t> lengths) noexcept {
  if (!network_->embedding) {
    return Status::failure("run_ids: this network has no embedding; use run");
  }
  if (Status status = check_run(*network_, *data_, ids, 1, y, lengths); !status) return status;
  const Embedding& embedding = *network_->embedding;
  if (Status status = check_ids(ids, embedding.num_embeddings, lengths); !status) return status;
  const FlushDenormals flush;
  return for_each_piece(ids.steps, data_->options.max_steps, [&](std::int64_t t, std::int64_t n) {
    const std::int64_t* piece = piece_lengths(*data_, lengths, t, n);
    const auto x = embed(embedding, data_->embedded, ids.slice(t, n), piece);
    return run_piece(*network_, *data_, x, y.slice(t, n), piece);
  });
}

void Stream::reset() noexcept { start(*network_, *data_); }

StateView Stream::state() {
  const auto& plans = network_->plans;
  const LayerSpec& first = plans.front().spec;
  std::int64_t slots = 0;
  for (const LayerPlan& plan : plans) {
    if (!plan.spec.recurrent()) continue;
    if (plan.spec.state_size() != first.state_size() ||
        plan.spec.hidden_size != first.hidden_size || plan.spec.cell != first.cell) {
      throw Error("state: the layers differ in size; use layer_state");
    }
    slots += plan.spec.directions();
  }
  const std::int64_t batch = data_->options.batch;
  StateView view;
  view.h = steps_first(data_->h.data(), slots, batch, first.state_size());
  if (first.has_cell_state()) {
    view.c = steps_first(data_->c.data(), slots, batch, first.hidden_size);
  }
  return view;
}

StateView Stream::layer_state(std::int64_t layer, std::int64_t direction) {
  const auto& plans = network_->plans;
  if (layer < 0 || std::cmp_greater_equal(layer, plans.size())) {
    throw Error("layer_state: layer " + std::to_string(layer) + " of a network with " +
                std::to_string(plans.size()));
  }
  const LayerSpec& spec = plans[static_cast<std::size_t>(layer)].spec;
  if (!spec.recurrent() || direction < 0 || direction >= spec.directions()) {
    throw Error("layer_state: layer " + std::to_string(layer) + " (" + describe(spec) +
                ") has no state for direction " + std::to_string(direction));
  }
  const auto& slot =
      data_->slots[static_cast<std::size_t>(layer)][static_cast<std::size_t>(direction)];
  StateView view;
  view.h = steps_first(slot.h, 1, data_->options.batch, spec.state_size());
  if (spec.has_cell_state()) {
    view.c = steps_first(slot.c, 1, data_->options.batch, spec.hidden_size);
  }
  return view;
}

std::size_t Stream::memory_bytes() const noexcept {
  std::size_t bytes = sizeof(Stream) + sizeof(StreamData) + data_->h.bytes() + data_->c.bytes() +
                      data_->embedded.bytes() + data_->between[0].bytes() +
                      data_->between[1].bytes() + data_->lengths.size() * sizeof(std::int64_t) +
                      data_->slots.size() * sizeof(data_->slots[0]);
  for (const auto& workspace : data_->workspaces) bytes += workspace->memory_bytes();
  return bytes;
}

}  // namespace carousel
