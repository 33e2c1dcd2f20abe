// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/oracle/oracle.hpp"

#include <carousel/model.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace carousel::testing_support {

struct Array {
  std::vector<std::int64_t> shape;
  std::vector<double> values;
};
using Arrays = std::map<std::string, Array>;

/// What PyTorch's constructor was given.
struct Architecture {
  Cell cell = Cell::lstm;
  bool relu = false;  ///< of a plain RNN, instead of tanh
  std::int64_t input_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t num_layers = 1;
  std::int64_t proj_size = 0;
  bool bidirectional = false;
  bool bias = true;
};

/// One call of an nn.LSTM, nn.GRU or nn.RNN with what PyTorch made of it, brought to Carousel's
/// order: x, y [steps, batch, features], states [L*D, batch, features], all dense.
struct PyTorchCase {
  std::string name;
  Model model;
  bool batch_first = false;
  std::int64_t steps = 0;
  std::int64_t batch = 0;
  std::vector<float> x;
  std::vector<float> y;       ///< zeros past the end of PyTorch's, when that is shorter than x
  std::vector<float> h0, c0;  ///< zeros when PyTorch was given none
  std::vector<float> h_n, c_n;
  std::vector<std::int64_t> lengths;
  std::vector<std::int64_t> chunks;  ///< steps of consecutive runs; empty: one run

  [[nodiscard]] const RecurrentSpec& top() const {
    return std::get<RecurrentSpec>(model.layers.back().spec);
  }
};

/// Tensors `weight_ih_l0`, ... (after `prefix`) as a model.
[[nodiscard]] Model build_model(const Arrays& tensors, const std::string& prefix,
                                const Architecture& architecture);

/// tests/golden/*.safetensors; the format is described in the README beside them.
[[nodiscard]] PyTorchCase read_golden(const std::filesystem::path& file);
[[nodiscard]] std::vector<std::filesystem::path> golden_files();

/// ../shared/real/torch-cases.json
[[nodiscard]] std::vector<PyTorchCase> read_torch_cases(const std::filesystem::path& file);

/// The oracle's answer to a case.
[[nodiscard]] oracle::Result ask_oracle(const PyTorchCase& c);

/// A [T, B, F] array given as [B, T, F] or the other way round.
[[nodiscard]] std::vector<float> swap_first_two(const std::vector<float>& values,
                                                std::int64_t first, std::int64_t second,
                                                std::int64_t features);

}  // namespace carousel::testing_support
