// SPDX-License-Identifier: Apache-2.0
#include "command_runner.hpp"

#include "model_source.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace carousel::cli_test {
namespace {

std::string read_all(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

[[noreturn]] void become_command(const std::vector<std::string>& arguments,
                                 const std::string& environment, const std::string& out,
                                 const std::string& err) {
  if (std::freopen(out.c_str(), "wb", stdout) == nullptr) _exit(126);
  if (std::freopen(err.c_str(), "wb", stderr) == nullptr) _exit(126);
  unsetenv("CAROUSEL_BACKEND");
  const std::size_t equals = environment.find('=');
  if (equals != std::string::npos) {
    setenv(environment.substr(0, equals).c_str(), environment.substr(equals + 1).c_str(), 1);
  }
  std::vector<std::string> words{CAROUSEL_COMMAND};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  execv(CAROUSEL_COMMAND, pointers.data());
  _exit(127);
}

DirectionWeights linear_weights(std::int64_t outputs, std::int64_t inputs) {
  DirectionWeights weights;
  weights.weight_ih.resize(static_cast<std::size_t>(outputs * inputs));
  weights.bias_ih.resize(static_cast<std::size_t>(outputs));
  for (std::size_t i = 0; i < weights.weight_ih.size(); ++i) {
    weights.weight_ih[i] = static_cast<float>(i % 7) * 0.25F - 0.75F;
  }
  return weights;
}

}  // namespace

nlohmann::json CommandResult::json() const { return nlohmann::json::parse(out); }

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "carousel-cli-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::size_t TemporaryFolder::file_count() const {
  const std::filesystem::directory_iterator begin(path_);
  return static_cast<std::size_t>(std::distance(begin, std::filesystem::directory_iterator{}));
}

CommandResult carousel(const std::vector<std::string>& arguments, const std::string& environment) {
  const TemporaryFolder folder;
  const std::string out = folder.file("out");
  const std::string err = folder.file("err");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) become_command(arguments, environment, out, err);
  int status = 0;
  if (waitpid(child, &status, 0) != child) throw std::runtime_error("waitpid failed");
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, read_all(out), read_all(err)};
}

std::vector<float> ramp(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>((i * 37) % 23) / 11.0F - 1.0F;
  }
  return values;
}

void write_ids(const std::string& file, const std::vector<std::int64_t>& shape,
               std::span<const std::int64_t> values) {
  std::string axes;
  for (const std::int64_t size : shape) axes += std::to_string(size) + ",";
  std::string header = "{'descr': '<i8', 'fortran_order': False, 'shape': (" + axes + "), }";
  header.resize((header.size() + 11) / 64 * 64 + 53, ' ');
  header += '\n';
  std::ofstream stream(file, std::ios::binary);
  stream.write("\x93NUMPY\x01\x00", 8);
  stream.put(static_cast<char>(header.size() & 0xFFU)).put(static_cast<char>(header.size() >> 8U));
  stream << header;
  stream.write(reinterpret_cast<const char*>(values.data()),
               static_cast<std::streamsize>(values.size_bytes()));
}

void save_lstm(const std::string& file, std::int64_t input, std::int64_t hidden,
               std::int64_t layers, bool bidirectional, std::int64_t proj) {
  const cli::Shape shape{.input = input,
                         .hidden = hidden,
                         .steps = 1,
                         .batch = 1,
                         .layers = layers,
                         .bidirectional = bidirectional,
                         .proj = proj};
  save(cli::random_model(shape, 5), file);
}

void save_language_model(const std::string& file, const std::vector<std::string>& symbols) {
  const auto count = static_cast<std::int64_t>(symbols.size());
  Model model = cli::random_model({.input = 6, .hidden = 9, .steps = 1, .batch = 1}, 5);
  model.embedding = Embedding{count, 6, linear_weights(count, 6).weight_ih};
  model.head = ModelLayer{make_spec(Cell::linear, 9, count), {linear_weights(count, 9), {}}};
  model.names = {.prefix = "lstm.", .embedding = "embedding", .head = "head"};
  model.metadata["carousel.vocab"] = nlohmann::json(symbols).dump();
  save(model, file);
}

}  // namespace carousel::cli_test
