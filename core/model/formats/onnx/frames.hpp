// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "operators.hpp"

/// \file
/// Tensors of the network with their features in another order, or others of them.
namespace carousel::loading::onnx {

/// For each index along an axis that is made of these features: where it stands in the frame that
/// is read, or rather how far from the frame's first feature; Network::kFiller: nowhere.
struct AxisMap {
  Axis atoms;
  std::vector<std::int64_t> offsets;
};

/// Where each feature of a frame with that layout stands; each atom of the layout is in one of the
/// axes. Throws Refusal when the frame is huge.
[[nodiscard]] std::vector<std::int64_t> frame_positions(const Atoms& atoms, const Axis& layout,
                                                        const std::vector<AxisMap>& axes);

/// How far each index along an axis, made of features, moves in a frame with that layout.
[[nodiscard]] std::vector<std::int64_t> axis_offsets(const Atoms& atoms, const Axis& axis,
                                                     const Axis& layout);

/// The features among the atoms of some axes, in their order.
[[nodiscard]] Axis features_of(const Atoms& atoms, const std::vector<Axis>& axes);
/// The number of features of a layout.
[[nodiscard]] std::int64_t frame_size(const Atoms& atoms, const Axis& layout);

/// The tensor with its frames laid out like that: the same features.
[[nodiscard]] Tensor arranged(const Call& call, const Tensor& tensor, const Axis& layout);
/// The tensor with those features last in its frames, in that order, and all others as they are.
[[nodiscard]] Tensor with_last(const Call& call, const Tensor& tensor, const Axis& last);
/// The tensor with the features in the order of its axes.
[[nodiscard]] Tensor in_order(const Call& call, const Tensor& tensor);

/// The tensor with an axis, made of features, replaced by some of its elements; an index of
/// Network::kFiller stands for the filler.
[[nodiscard]] Tensor picked(const Call& call, const Tensor& tensor, std::size_t axis,
                            const std::vector<std::int64_t>& indices, float filler = 0.0F);

/// The tensor with an axis split in two, the first of that size. The axis is made of features.
[[nodiscard]] Tensor split_axis(const Call& call, const Tensor& tensor, std::size_t axis,
                                std::int64_t first);

/// A flow as a tensor after a layer that keeps layout and axes.
[[nodiscard]] Tensor after(const Tensor& before, std::size_t flow);
/// A layer that reads the frames of the tensor as they are, and keeps them.
[[nodiscard]] Tensor apply(const Call& call, const Tensor& tensor, ModelLayer layer);
[[nodiscard]] Tensor apply_function(const Call& call, const Tensor& tensor,
                                    const Activation& function);
/// The flow of the tensor with as many steps as its axes say. Throws Refusal where a repeated step
/// would be needed an unknown number of times.
[[nodiscard]] Tensor with_steps(const Call& call, const Tensor& tensor);

/// The tensor with its steps, of which there is a small known number, as features: the first of its
/// layout.
[[nodiscard]] Tensor steps_as_features(const Call& call, const Tensor& tensor);

/// A tensor of one step that is this constant, made from a tensor of the network.
[[nodiscard]] Tensor constant_tensor(const Call& call, const Array& array, const Tensor& like);

}  // namespace carousel::loading::onnx
