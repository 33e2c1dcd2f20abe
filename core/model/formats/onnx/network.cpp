// SPDX-License-Identifier: Apache-2.0
#include "network.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace carousel::loading::onnx {
namespace {

bool is_identity(const std::vector<std::int64_t>& source, std::int64_t size) {
  if (static_cast<std::int64_t>(source.size()) != size) return false;
  for (std::size_t k = 0; k < source.size(); ++k) {
    if (source[k] != static_cast<std::int64_t>(k)) return false;
  }
  return true;
}

/// Whether the list takes only features of one part of those that a layer joins; then it is made
/// relative to that part.
std::optional<std::size_t> only_part(const ConcatenateSpec& spec,
                                     std::vector<std::int64_t>& source) {
  const auto taken = std::ranges::find_if(source, [](auto at) { return at >= 0; });
  if (taken == source.end()) return std::nullopt;
  std::int64_t begin = 0;
  for (std::size_t part = 0; part < spec.sizes.size(); ++part) {
    const std::int64_t end = begin + spec.sizes[part];
    if (*taken < end) {
      const bool all = std::ranges::all_of(
          source, [&](std::int64_t at) { return at < 0 || (at >= begin && at < end); });
      if (!all) return std::nullopt;
      for (std::int64_t& at : source) at = at < 0 ? at : at - begin;
      return part;
    }
    begin = end;
  }
  return std::nullopt;
}

bool has_filler(const std::vector<std::int64_t>& source) {
  return std::ranges::any_of(source, [](std::int64_t at) { return at < 0; });
}

bool same_bits(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

}  // namespace

std::vector<FeatureRun> runs_of(const std::vector<std::int64_t>& source) {
  std::vector<FeatureRun> runs;
  for (std::size_t k = 0; k < source.size();) {
    FeatureRun run{source[k], 1, 1};
    std::size_t next = k + 1;
    if (source[k] < 0) {
      while (next < source.size() && source[next] < 0) ++next;
    } else if (next < source.size() && source[next] >= 0) {
      run.stride = source[next] - source[k];
      while (next < source.size() && source[next] >= 0 &&
             source[next] - source[next - 1] == run.stride) {
        ++next;
      }
    }
    run.count = static_cast<std::int64_t>(next - k);
    if (run.count == 1) run.stride = 1;
    runs.push_back(run);
    k = next;
  }
  return runs;
}

std::vector<std::int64_t> positions_of(const RearrangeSpec& spec) {
  std::vector<std::int64_t> positions;
  for (const FeatureRun& run : spec.runs) {
    for (std::int64_t k = 0; k < run.count; ++k) {
      positions.push_back(run.first < 0 ? Network::kFiller : run.first + k * run.stride);
    }
  }
  return positions;
}

std::size_t Network::add_input(const std::string& name, std::vector<Axis> axes, ElementType type,
                               std::int64_t size) {
  Flow flow;
  flow.kind = Flow::Kind::input;
  flow.where = name;
  flow.size = size;
  flow.axes = std::move(axes);
  flow.type = type;
  flows_.push_back(std::move(flow));
  return flows_.size() - 1;
}

std::size_t Network::add_layer(const std::string& where, ModelLayer layer,
                               std::vector<std::size_t> parents) {
  try {
    validate(layer.spec);
  } catch (const Error& error) {
    throw Refusal(error.what());
  }
  Flow flow;
  flow.where = where;
  flow.size = output_size(layer.spec);
  flow.layer = std::move(layer);
  flow.parents = std::move(parents);
  flows_.push_back(std::move(flow));
  return flows_.size() - 1;
}

std::size_t Network::cast_ids(const std::string& where, std::size_t input) {
  for (std::size_t k = input; k < flows_.size(); ++k) {
    const bool casts = std::holds_alternative<CastIdsSpec>(flows_[k].layer.spec);
    if (casts && flows_[k].parents == std::vector{input}) return k;
  }
  const std::size_t made = add_layer(where, {.spec = CastIdsSpec{}}, {input});
  flows_[made].size = flows_[input].size;
  return made;
}

void Network::mark_stream(std::size_t flow) {
  std::vector<std::size_t> open{flow};
  std::vector<bool> seen(flows_.size(), false);
  while (!open.empty()) {
    const std::size_t at = open.back();
    open.pop_back();
    if (seen[at]) continue;
    seen[at] = true;
    Flow& found = flows_[at];
    if (found.kind == Flow::Kind::input) found.streams = true;
    if (found.kind != Flow::Kind::layer || changes_steps(found.layer.spec)) continue;
    open.insert(open.end(), found.parents.begin(), found.parents.end());
  }
}

std::size_t Network::add_state(std::size_t layer, const std::string& state, std::int64_t size) {
  Flow flow;
  flow.kind = Flow::Kind::state;
  flow.where = flows_[layer].where;
  flow.size = size;
  flow.of = layer;
  flow.state = state;
  flows_.push_back(std::move(flow));
  return flows_.size() - 1;
}

std::size_t Network::rearranged(const std::string& where, std::size_t flow,
                                std::vector<std::int64_t> source, float filler) {
  while (flows_[flow].kind == Flow::Kind::layer) {
    const Flow& from = flows_[flow];
    if (const auto* moved = std::get_if<RearrangeSpec>(&from.layer.spec)) {
      const std::vector<std::int64_t> before = positions_of(*moved);
      const bool fills = has_filler(before);
      if (fills && has_filler(source) && !same_bits(moved->filler, filler)) break;
      if (fills) filler = moved->filler;
      for (std::int64_t& at : source) at = at < 0 ? at : before[static_cast<std::size_t>(at)];
      flow = from.parents.front();
    } else if (const auto* joined = std::get_if<ConcatenateSpec>(&from.layer.spec);
               joined != nullptr && !from.mixes_steps) {
      const std::optional<std::size_t> part = only_part(*joined, source);
      if (!part) break;
      flow = from.parents[*part];
    } else {
      break;
    }
  }
  if (is_identity(source, flows_[flow].size)) return flow;
  RearrangeSpec spec{flows_[flow].size, runs_of(source), filler};
  return add_layer(where, {.spec = std::move(spec)}, {flow});
}

std::optional<std::vector<std::int64_t>> Network::parts_of_one(
    const std::vector<std::size_t>& flows, std::size_t& base) const {
  std::vector<std::int64_t> positions;
  for (std::size_t k = 0; k < flows.size(); ++k) {
    const Flow& flow = flows_[flows[k]];
    const auto* moved =
        flow.kind == Flow::Kind::layer ? std::get_if<RearrangeSpec>(&flow.layer.spec) : nullptr;
    if (moved == nullptr) return std::nullopt;
    if (k == 0) base = flow.parents.front();
    const std::vector<std::int64_t> part = positions_of(*moved);
    if (flow.parents.front() != base || has_filler(part)) return std::nullopt;
    positions.insert(positions.end(), part.begin(), part.end());
  }
  return positions;
}

std::size_t Network::joined(const std::string& where, const std::vector<std::size_t>& flows) {
  std::size_t base = 0;
  if (auto positions = parts_of_one(flows, base)) {
    return rearranged(where, base, std::move(*positions));
  }
  ConcatenateSpec spec;
  for (const std::size_t flow : flows) spec.sizes.push_back(flows_[flow].size);
  return add_layer(where, {.spec = std::move(spec)}, flows);
}

}  // namespace carousel::loading::onnx
