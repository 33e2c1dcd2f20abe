// SPDX-License-Identifier: Apache-2.0
// doc_blocks COUNT: runs the pieces of code in docs/, of which there are COUNT.
#include "blocks.hpp"

#include <carousel/carousel.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>

namespace doc_blocks {
namespace {

constexpr std::int64_t kSteps = 64, kBatch = 2, kInput = 8, kHidden = 16;

struct Piece {
  std::string name;
  std::function<void()> run;
};

bool ended = false;

/// The weights are arbitrary, small and of both signs.
std::vector<float> numbers(std::int64_t count) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(0.02F * static_cast<float>(i * 37 % 23) - 0.2F);
  }
  return values;
}

carousel::Tensor tensor(std::int64_t rows, std::int64_t columns) {
  return {{rows, columns}, numbers(rows * columns)};
}

carousel::Model make_model() {
  const carousel::Tensor bias({4 * kHidden}, numbers(4 * kHidden));
  carousel::Model model;
  model.layers.push_back({.spec = carousel::make_spec(carousel::Cell::lstm, kInput, kHidden),
                          .weights = {{"weight_ih", tensor(4 * kHidden, kInput)},
                                      {"weight_hh", tensor(4 * kHidden, kHidden)},
                                      {"bias_ih", bias},
                                      {"bias_hh", bias}},
                          .name = "lstm.l0"});
  return model;
}

/// Everything the pieces use, made once.
struct World {
  carousel::Model model = make_model();
  carousel::Network network = carousel::prepare(model);
  std::vector<float> x = numbers(kSteps * kBatch * kInput);
  std::vector<float> y = std::vector<float>(kSteps * kBatch * kHidden);
};

World& world() {
  static World made;
  return made;
}

std::vector<Piece>& pieces() {
  static std::vector<Piece> list;
  return list;
}

void run_cpp(Block block) {
  World& w = world();
  carousel::Stream stream = w.network.stream({.batch = kBatch, .max_steps = kSteps});
  block(w.model, w.network, stream,
        carousel::steps_first<const float>(w.x.data(), kSteps, kBatch, kInput),
        carousel::steps_first(w.y.data(), kSteps, kBatch, kHidden));
}

/// Stops at once where the C interface fails.
void require(carousel_status status) {
  if (status == CAROUSEL_OK) return;
  throw carousel::Error(static_cast<carousel::ErrorCode>(status), carousel_last_error());
}

void run_c(void (*block)(const float*, float*, carousel_stream*)) {
  carousel_model* model = nullptr;
  carousel_network* network = nullptr;
  carousel_stream* stream = nullptr;
  carousel_stream_options options{};
  options.struct_size = sizeof options;
  options.batch = kBatch;
  require(carousel_model_load("lstm.safetensors", nullptr, &model));
  require(carousel_prepare(model, nullptr, &network));
  require(carousel_stream_new(network, &options, &stream));
  block(world().x.data(), world().y.data(), stream);
  carousel_stream_free(stream);
  carousel_network_free(network);
  carousel_model_free(model);
  if (*carousel_last_error() != '\0') {
    throw carousel::Error(carousel::ErrorCode::internal, carousel_last_error());
  }
}

bool passes(const Piece& piece) {
  ended = false;
  try {
    piece.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "docs, %s: %s\n", piece.name.c_str(), error.what());
    return false;
  }
  if (!ended) std::fprintf(stderr, "docs, %s: gave up before its end\n", piece.name.c_str());
  return ended;
}

}  // namespace

bool add(const char* name, Block block) {
  pieces().push_back({name, [block] { run_cpp(block); }});
  return true;
}

std::vector<std::byte> read_bytes(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

}  // namespace doc_blocks

extern "C" {

// Declared in blocks.h, for the pieces in C.
void doc_block_add(const char* name, void (*block)(const float*, float*, carousel_stream*));
void doc_block_add(const char* name, void (*block)(const float*, float*, carousel_stream*)) {
  doc_blocks::pieces().push_back({name, [block] { doc_blocks::run_c(block); }});
}

void reached_end() { doc_blocks::ended = true; }
}

int main(int argc, char** argv) {
  const std::size_t expected = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 0;
  carousel::save(doc_blocks::world().model, "lstm.safetensors");
  std::size_t passed = 0;
  for (const auto& piece : doc_blocks::pieces()) passed += doc_blocks::passes(piece) ? 1U : 0U;
  std::printf("%zu of %zu pieces ran to their end\n", passed, expected);
  return passed == expected && expected > 0 ? 0 : 1;
}
