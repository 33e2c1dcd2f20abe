// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <calls.hpp>

#include <carousel/model.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace carousel::bench {

/// A whole network and what to give it: a folder with model.* and, for each input, an array
/// input_NAME.npy. Where calls.json is there, the network is called once for each entry of the
/// arrays' first axis, with some outputs handed over to inputs of the next call; else once.
struct NetworkCase {
  std::string name;
  std::filesystem::path file;
  Model model;
  /// One for each input that is not carried, with an axis of calls before the file's own.
  std::vector<cli::GivenArray> arrays;
  std::vector<cli::Carry> carry;
  std::map<std::string, double> values;  ///< Inputs that are fixed at load.
  /// The shapes of inputs that are carried, as the file has them.
  std::map<std::string, std::vector<std::int64_t>> carried_shapes;

  [[nodiscard]] bool is_onnx() const { return file.extension() == ".onnx"; }
  [[nodiscard]] std::int64_t calls() const { return arrays.front().array.shape.front(); }
};

/// All cases in the folders of `folder`, or `folder` itself if it is one, by name. Throws Error
/// naming the file and what is wrong with it.
[[nodiscard]] std::vector<std::filesystem::path> find_network_cases(
    const std::filesystem::path& folder);
[[nodiscard]] NetworkCase read_network_case(const std::filesystem::path& folder);

}  // namespace carousel::bench
