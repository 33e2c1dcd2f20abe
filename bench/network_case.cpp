// SPDX-License-Identifier: Apache-2.0
#include "network_case.hpp"

#include <model_source.hpp>
#include <table.hpp>

#include <carousel/error.hpp>

#include <algorithm>
#include <fstream>

namespace carousel::bench {
namespace {

namespace fs = std::filesystem;
using cli::Json;

/// model.onnx, model.json, ...; empty if there is none.
fs::path model_file(const fs::path& folder) {
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().stem() == "model") return entry.path();
  }
  return {};
}

std::vector<cli::GivenArray> read_inputs(const fs::path& folder) {
  constexpr std::string_view kPrefix = "input_";
  std::vector<cli::GivenArray> arrays;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string stem = entry.path().stem();
    if (!stem.starts_with(kPrefix) || entry.path().extension() != ".npy") continue;
    const std::string file = entry.path();
    NpyArray array = read_npy(file);
    arrays.push_back({{stem.substr(kPrefix.size()), file, file}, std::move(array)});
  }
  if (arrays.empty()) {
    throw Error(ErrorCode::file_access, folder.string() + ": there is no input_NAME.npy");
  }
  return arrays;
}

void read_calls(const fs::path& file, NetworkCase& network) {
  std::ifstream stream(file);
  try {
    const Json calls = Json::parse(stream);
    for (const auto& [output, input] : calls.at("carry").items()) {
      network.carry.push_back({output, input, file.string()});
    }
    if (calls.contains("set")) network.values = calls["set"].get<decltype(network.values)>();
    if (calls.contains("state_shapes")) {
      network.carried_shapes = calls["state_shapes"].get<decltype(network.carried_shapes)>();
    }
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::bad_format, file.string() + ": " + error.what());
  }
}

/// An array of one call gets an axis of calls; one for a model whose file has no order of axes, [
/// steps, features], gets one of rows as well.
void add_axes(NetworkCase& network) {
  for (const ModelInput& input : model_inputs(network.model)) {
    for (cli::GivenArray& given : network.arrays) {
      std::vector<std::int64_t>& shape = given.array.shape;
      if (given.file.name != input.name) continue;
      if (input.axes.empty() && shape.size() == 2) shape.insert(shape.begin() + 1, 1);
    }
  }
  for (cli::GivenArray& given : network.arrays) {
    given.array.shape.insert(given.array.shape.begin(), 1);
  }
}

}  // namespace

std::vector<fs::path> find_network_cases(const fs::path& folder) {
  if (!fs::is_directory(folder)) {
    throw Error(ErrorCode::file_access, "--networks: " + folder.string() + " is not a folder");
  }
  if (!model_file(folder).empty()) return {folder};
  std::vector<fs::path> cases;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory() && !model_file(entry).empty()) cases.push_back(entry);
  }
  if (cases.empty()) {
    throw Error(ErrorCode::file_access,
                "--networks: " + folder.string() + " has no folder with a file model.*");
  }
  std::ranges::sort(cases);
  return cases;
}

NetworkCase read_network_case(const fs::path& folder) {
  NetworkCase network;
  network.name = fs::absolute(folder).lexically_normal().filename();
  network.file = model_file(folder);
  network.arrays = read_inputs(folder);
  const fs::path calls = folder / "calls.json";
  const bool called = fs::exists(calls);
  if (called) read_calls(calls, network);
  cli::ModelSource source;
  source.file = network.file;
  source.values = network.values;
  network.model = source.load(called ? call_shapes(network.arrays, network.carry)
                                     : cli::shapes_of(network.arrays));
  if (!called) add_axes(network);
  return network;
}

}  // namespace carousel::bench
