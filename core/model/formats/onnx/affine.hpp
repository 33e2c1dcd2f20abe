// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

/// \file
/// Flows as sums of products of constant matrices with other flows: how a step of a recurrent cell
/// is recognized, however its matrices are split and joined.
namespace carousel::loading::onnx {

struct Matrix {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::vector<double> values;  ///< Row-major.

  [[nodiscard]] bool is_identity() const;
};

/// The sum of matrices times flows, and a constant.
struct Affine {
  std::int64_t size = 0;
  std::map<std::size_t, Matrix> terms;
  std::vector<double> constant;
};

/// Finds what flows are in terms of those that are not affine functions of others.
class AffineForms {
 public:
  /// `sources` are not looked into.
  AffineForms(const Network& network, std::vector<std::size_t> sources)
      : network_(network), sources_(std::move(sources)) {}

  const Affine& of(std::size_t flow);

 private:
  [[nodiscard]] Affine find(std::size_t flow);
  [[nodiscard]] Affine itself(std::size_t flow) const;
  [[nodiscard]] Affine product(const Flow& flow);
  [[nodiscard]] Affine moved(const Flow& flow, const RearrangeSpec& spec);
  [[nodiscard]] Affine joined(const Flow& flow);
  [[nodiscard]] Affine operation(std::size_t at, const ElementwiseSpec& spec);

  const Network& network_;
  std::vector<std::size_t> sources_;
  std::map<std::size_t, Affine> known_;
  int depth_ = 0;
};

}  // namespace carousel::loading::onnx
