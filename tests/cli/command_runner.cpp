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

Tensor table(std::int64_t rows, std::int64_t columns) {
  std::vector<float> values(static_cast<std::size_t>(rows * columns));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(i % 7) * 0.25F - 0.75F;
  }
  return {{rows, columns}, values};
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

ModelLayer dense_layer(const std::string& name, std::int64_t inputs, std::int64_t outputs) {
  const std::vector<float> zeros(static_cast<std::size_t>(outputs));
  return {.spec = DenseSpec{inputs, outputs},
          .weights = {{"weight", table(outputs, inputs)}, {"bias", Tensor({outputs}, zeros)}},
          .name = name};
}

void save_language_model(const std::string& file, const std::vector<std::string>& symbols) {
  const auto count = static_cast<std::int64_t>(symbols.size());
  Model model = cli::random_model({.input = 6, .hidden = 9, .steps = 1, .batch = 1}, 5);
  model.layers.front().name = "lstm.l0";
  model.layers.insert(model.layers.begin(), {.spec = EmbeddingSpec{count, 6},
                                             .weights = {{"weight", table(count, 6)}},
                                             .name = "embedding"});
  model.layers.push_back(dense_layer("head", 9, count));
  model.metadata["carousel.vocab"] = nlohmann::json(symbols).dump();
  save(model, file);
}

Model two_by_two_model() {
  Model model;
  model.inputs = {{"left", 3}, {"right", 2}};
  model.layers.push_back(
      {.spec = ConcatenateSpec{{3, 2}}, .name = "both", .inputs = {"left", "right"}});
  Model lstm = cli::random_model({.input = 5, .hidden = 4, .steps = 1, .batch = 1}, 5);
  lstm.layers.front().name = "lstm.l0";
  model.layers.push_back(lstm.layers.front());
  model.layers.push_back(dense_layer("fc", 4, 2));
  model.outputs = {{"scores", "fc"}, {"features", "lstm.l0"}};
  return model;
}

}  // namespace carousel::cli_test
