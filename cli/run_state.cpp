// SPDX-License-Identifier: Apache-2.0
#include "run_state.hpp"

#include "workload.hpp"

#include "format.hpp"

#include <carousel/npy.hpp>

#include <algorithm>

namespace carousel::cli {
namespace {

std::int64_t element_count(const SequenceView<float>& view) {
  return view.steps * view.batch * view.features;
}

}  // namespace

SequenceView<float> StateFiles::view_h(const std::string& flag) {
  try {
    return stream_.state().h;
  } catch (const Error& error) {
    throw Error(flag + ": " + error.what());
  }
}

SequenceView<float> StateFiles::view_c(const std::string& flag) {
  view_h(flag);
  const SequenceView<float> c = stream_.state().c;
  if (c.steps == 0) throw Error(flag + ": this network has no cell state");
  return c;
}

std::vector<std::int64_t> StateFiles::shape(const SequenceView<float>& view) const {
  if (batched_) return {view.steps, batch_, view.features};
  return {view.steps, view.features};
}

void StateFiles::read_one(const SequenceView<float>& view, const std::string& what,
                          const std::string& file) const {
  const NpyArray array = read_npy(file);
  const std::string name = what + " " + file;
  if (array.is_integer() || array.shape != shape(view)) {
    refuse_array(name, "floats " + format_shape(shape(view)), array);
  }
  std::ranges::copy(array.floats(name), view.data);
}

void StateFiles::write_one(const SequenceView<float>& view, const std::string& file) const {
  write_npy(file, shape(view), {view.data, static_cast<std::size_t>(element_count(view))});
}

void StateFiles::read(const std::string& h_file, const std::string& c_file) {
  if (!h_file.empty()) read_one(view_h("--h0"), "--h0", h_file);
  if (!c_file.empty()) read_one(view_c("--c0"), "--c0", c_file);
}

void StateFiles::require(const std::string& h_file, const std::string& c_file) {
  if (!h_file.empty()) view_h("--hn");
  if (!c_file.empty()) view_c("--cn");
}

void StateFiles::write(const std::string& h_file, const std::string& c_file) {
  if (!h_file.empty()) write_one(view_h("--hn"), h_file);
  if (!c_file.empty()) write_one(view_c("--cn"), c_file);
}

}  // namespace carousel::cli
