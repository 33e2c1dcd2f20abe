// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "graph_node.hpp"

#include <cstddef>
#include <set>
#include <vector>

namespace carousel::onnxruntime {

/// A recurrent node and the nodes around it that only change the order or number of its axes, for
/// which Carousel needs no time: a Transpose before it, and Squeeze, Transpose and Reshape behind
/// it.
struct FusedNode {
  std::vector<Ort::ConstNode> nodes;  ///< All, in the order in which they would run.
  RecurrentNode recurrent;            ///< With the inputs, outputs and axes of the whole.
};

/// Ids of nodes that may be taken.
using NodeIds = std::set<std::size_t>;
[[nodiscard]] NodeIds ids_of(const std::vector<Ort::ConstNode>& nodes);

/// What `available` has of a recurrent node's neighbours, with the node. Throws Error as read_node
/// does.
[[nodiscard]] FusedNode fuse(const Ort::ConstNode& node, const NodeIds& available);

}  // namespace carousel::onnxruntime
