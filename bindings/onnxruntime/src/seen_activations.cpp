// SPDX-License-Identifier: Apache-2.0
#include "seen_activations.hpp"

#include "recurrent_node.hpp"

namespace carousel::onnxruntime {

void SeenActivations::add(Shape w, Shape r, Names names) {
  const std::lock_guard lock(mutex_);
  seen_[{std::move(w), std::move(r)}].insert(std::move(names));
}

SeenActivations::Names SeenActivations::of(const Shape& w, const Shape& r,
                                           const std::string& where) const {
  const std::lock_guard lock(mutex_);
  const auto found = seen_.find({w, r});
  if (found == seen_.end()) {
    refuse_node(where,
                "its attribute 'activations' cannot be known: ONNX Runtime has not inferred "
                "shapes for it");
  }
  if (found->second.size() > 1) {
    refuse_node(where,
                "its attribute 'activations' cannot be known: nodes with weights of the same "
                "shapes have others; the execution provider has no such limit");
  }
  return *found->second.begin();
}

}  // namespace carousel::onnxruntime
