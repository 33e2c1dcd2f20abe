// SPDX-License-Identifier: Apache-2.0
#include "failures/samples.hpp"

#include "unit/sample.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace carousel::failures {

std::vector<std::byte> seed(const std::string& name) {
  std::ifstream file(std::string(CAROUSEL_FUZZ_SEEDS) + "/" + name, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_FALSE(text.empty()) << name;
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> damaged_seed(const std::string& name) {
  std::vector<std::byte> bytes = seed(name);
  bytes.resize(bytes.size() - 7);
  return bytes;
}

Model small_model() {
  Model model;
  model.layers.push_back(testing_support::named_layer(make_spec(Cell::gru, 3, 5), "gru"));
  model.layers.push_back(testing_support::named_layer(DenseSpec{5, 2}, "dense"));
  model.layers.push_back(
      testing_support::named_layer(ActivationSpec{{ActivationKind::tanh}, 2}, "tanh"));
  return model;
}

Folder::Folder() {
  std::string name = (std::filesystem::temp_directory_path() / "carousel-XXXXXX").string();
  path_ = ::mkdtemp(name.data());
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::size_t Folder::files() const {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
}

}  // namespace carousel::failures
