// SPDX-License-Identifier: Apache-2.0
#include "run_state.hpp"

#include "array_checks.hpp"
#include "format.hpp"

#include <carousel/error.hpp>
#include <carousel/npy.hpp>

#include <algorithm>

namespace carousel::cli {
namespace {

template <class Use>
void for_each_row(const SequenceView<float>& view, Use&& use) {
  for (std::int64_t k = 0; k < view.steps; ++k) {
    for (std::int64_t b = 0; b < view.batch; ++b) use(view.row(k, b));
  }
}

void read_one(const SequenceView<float>& view, const std::vector<std::int64_t>& shape,
              const std::string& what, const std::string& file) {
  const NpyArray array = read_npy(file);
  if (array.is_integer() || array.shape != shape) {
    refuse_array(what, "floats " + format_shape(shape), array);
  }
  auto next = array.floats(what).begin();
  for_each_row(view, [&](float* row) {
    std::copy_n(next, view.features, row);
    next += view.features;
  });
}

std::vector<float> values_of(const SequenceView<float>& view) {
  std::vector<float> values;
  for_each_row(view,
               [&](const float* row) { values.insert(values.end(), row, row + view.features); });
  return values;
}

}  // namespace

std::string StateFiles::full_name(const NamedState& state) const {
  const LayerPlan& layer = network_.layers()[static_cast<std::size_t>(state.layer)];
  return layer.name + "." + std::string(state.name);
}

StateFiles::Part StateFiles::stacked(const SequenceView<float>& view) const {
  if (batched_) return {view, {view.steps, batch_, view.features}};
  return {view, {view.steps, view.features}};
}

StateFiles::Part StateFiles::part_h(const std::string& flag) {
  try {
    return stacked(stream_.state().h);
  } catch (const Error& error) {
    throw Error(error.code(), flag + ": " + error.what());
  }
}

StateFiles::Part StateFiles::part_c(const std::string& flag) {
  static_cast<void>(part_h(flag));
  const SequenceView<float> c = stream_.state().c;
  if (c.steps == 0) {
    throw Error(ErrorCode::invalid_argument, flag + ": this network has no cell state");
  }
  return stacked(c);
}

StateFiles::Part StateFiles::part_named(const NamedFile& file) {
  std::vector<std::string> names;
  for (const NamedState& state : stream_.states()) {
    names.push_back(full_name(state));
    if (names.back() != file.name) continue;
    if (batched_) return {state.values, {batch_, state.values.features}};
    return {state.values, {state.values.features}};
  }
  throw Error(ErrorCode::invalid_argument,
              file.what + ": no layer has a state '" + file.name + "'; " +
                  (names.empty() ? "the network has none" : "there are " + join(names)));
}

void StateFiles::read(const StateOptions& options) {
  const auto take = [](const Part& part, const std::string& what, const std::string& file) {
    read_one(part.view, part.shape, what, file);
  };
  if (!options.h0.empty()) take(part_h("--h0"), "--h0 " + options.h0, options.h0);
  if (!options.c0.empty()) take(part_c("--c0"), "--c0 " + options.c0, options.c0);
  for (const NamedFile& file : options.initial) take(part_named(file), file.what, file.file);
}

void StateFiles::require(const StateOptions& options) {
  if (!options.hn.empty()) static_cast<void>(part_h("--hn"));
  if (!options.cn.empty()) static_cast<void>(part_c("--cn"));
  for (const NamedFile& file : options.final) static_cast<void>(part_named(file));
}

void StateFiles::write(const StateOptions& options, OutputFiles& writer) {
  const auto give = [&writer](const Part& part, const std::string& file) {
    writer.add_array(file, part.shape, values_of(part.view));
  };
  if (!options.hn.empty()) give(part_h("--hn"), options.hn);
  if (!options.cn.empty()) give(part_c("--cn"), options.cn);
  for (const NamedFile& file : options.final) give(part_named(file), file.file);
}

}  // namespace carousel::cli
