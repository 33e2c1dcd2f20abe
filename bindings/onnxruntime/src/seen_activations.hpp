// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace carousel::onnxruntime {

/// What the attribute `activations` is in the nodes of an operator. ONNX Runtime shows lists of
/// texts when it infers shapes, but not when it makes kernels, and names no node when it infers
/// shapes: the shapes of W and R tell which node it was.
class SeenActivations {
 public:
  using Shape = std::vector<std::int64_t>;
  using Names = std::vector<std::string>;

  /// Empty names: a node without the attribute.
  void add(Shape w, Shape r, Names names);

  /// What nodes with such weights have. Throws Error (unsupported) naming `where` if none was seen,
  /// or several that differ.
  [[nodiscard]] Names of(const Shape& w, const Shape& r, const std::string& where) const;

 private:
  mutable std::mutex mutex_;  ///< Several sessions may be made at the same time.
  std::map<std::pair<Shape, Shape>, std::set<Names>> seen_;
};

}  // namespace carousel::onnxruntime
