// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace carousel::cli_test {

struct CommandResult {
  int code = -1;
  std::string out;
  std::string err;

  [[nodiscard]] nlohmann::json json() const;  ///< of what it printed
};

/// A folder of its own, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
  [[nodiscard]] std::size_t file_count() const;

 private:
  std::filesystem::path path_;
};

/// Runs the built `carousel` with these arguments (no shell). `environment` is one "NAME=value".
[[nodiscard]] CommandResult carousel(const std::vector<std::string>& arguments,
                                     const std::string& environment = {});

/// Writes an integer .npy (int64, C order): the library itself writes floats only.
void write_ids(const std::string& file, const std::vector<std::int64_t>& shape,
               std::span<const std::int64_t> values);

/// So many values in [-1, 1], the same in every run.
[[nodiscard]] std::vector<float> ramp(std::int64_t count);

/// Saves a random LSTM; with `symbols`, as a language model: embedding, head and vocabulary.
void save_lstm(const std::string& file, std::int64_t input, std::int64_t hidden,
               std::int64_t layers = 1, bool bidirectional = false, std::int64_t proj = 0);
void save_language_model(const std::string& file, const std::vector<std::string>& symbols);

/// A dense layer with weights that are always the same.
[[nodiscard]] ModelLayer dense_layer(const std::string& name, std::int64_t inputs,
                                     std::int64_t outputs);
/// Inputs "left" [3] and "right" [2]; outputs "scores" [2] and "features" [4] of a small LSTM.
[[nodiscard]] Model two_by_two_model();

}  // namespace carousel::cli_test
