// SPDX-License-Identifier: Apache-2.0
// What the fuzzers do, in small and always the same: good files, damaged at random.
#include <carousel/npy.hpp>

#include <algorithm>
#include <iostream>
#include <random>

#include "files_of_bytes.hpp"
#include "fuzz/fuzz_entry.hpp"
#include "torch_files.hpp"

namespace carousel::testing {
namespace {

constexpr std::uint32_t kSeed = 20240611;
constexpr int kMutationsPerFile = 1500;

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}

  /// One to four changes, most of them in the header, where decisions are made.
  Bytes mutate(Bytes bytes, std::size_t header) {
    for (std::size_t changes = below(2) == 0 ? 1 : below(4) + 1; changes > 0 && !bytes.empty();
         --changes) {
      change(bytes, below(8) == 0 ? bytes.size() : std::min(header, bytes.size()));
    }
    return bytes;
  }

 private:
  std::size_t below(std::size_t limit) { return random_() % limit; }

  static std::ptrdiff_t offset(std::size_t position) {
    return static_cast<std::ptrdiff_t>(position);
  }

  void change(Bytes& bytes, std::size_t limit) {
    using namespace std::string_view_literals;
    constexpr auto interesting = "0123456789-.,:{}[]()'\"\\ _eEF\0\x7f\x80\xff"sv;
    const std::size_t at = below(limit);
    const auto character = static_cast<std::byte>(interesting[below(interesting.size())]);
    switch (below(6)) {
      case 0: bytes[at] ^= static_cast<std::byte>(1U << below(8)); break;
      case 1:
      case 2: bytes[at] = character; break;
      case 3: bytes.insert(bytes.begin() + offset(at), character); break;
      case 4: bytes.erase(bytes.begin() + offset(at)); break;
      default: bytes.resize(below(4) == 0 ? at : bytes.size() + below(9)); break;
    }
  }

  std::mt19937 random_;
};

/// Runs the entry over mutations of `bytes`; returns how many were still accepted.
int run(const Bytes& bytes, std::size_t header, bool (*entry)(std::span<const std::byte>)) {
  EXPECT_TRUE(entry(bytes)) << "the file to start from must be good";
  Mutator mutator(kSeed);
  int accepted = 0;
  for (int i = 0; i < kMutationsPerFile; ++i)
    accepted += entry(mutator.mutate(bytes, header)) ? 1 : 0;
  std::cout << "seed " << kSeed << ": " << accepted << " of " << kMutationsPerFile << " accepted\n";
  return accepted;
}

TEST(Mutation, Safetensors) {
  StateDict full = recurrent_dict({.layers = 2, .bidirectional = true});
  full.add("emb.weight", {5, 3}).add("fc.weight", {4, 4}).metadata(R"({"a":"b","c":"\u00fc"})");
  StateDict half = recurrent_dict({.hidden = 3, .proj = 2, .bias = false});
  half.add("fc.weight", {"F16", {4, 2}, Bytes(16)}).add("s", {"F64", {}, Bytes(8)});
  StateDict told = recurrent_dict({.gates = 1});
  told.add("fc.weight", {4, 5})
      .metadata(
          R"({"carousel.layers":"[{\"kind\":\"recurrent\",\"name\":\"lstm.l0\",\"cell\":\"rnn\",)"
          R"(\"input_size\":3,\"hidden_size\":2,\"clip\":0.5},{\"kind\":\"concatenate\",)"
          R"(\"name\":\"both\",\"sizes\":[2,3],\"inputs\":[\"lstm.l0\",\"x\"]},{\"kind\":\"dense\",)"
          R"(\"name\":\"fc\",\"input_size\":5,\"output_size\":4,\"bias\":false}]",)"
          R"("carousel.outputs":"[{\"name\":\"y\",\"layer\":\"fc\"}]"})");
  StateDict forms;
  forms.add("cell.weight_ih_raw", {2, 3}).add("cell.bias_ih", {2}).add("cell.bias_hh", {2});
  forms.add("cell.weight_hh_g", {2, 1}).add("cell.weight_hh_v", {2, 2});
  forms.add("fc.parametrizations.weight.original0", {4, 1});
  forms.add("fc.parametrizations.weight.original1", {4, 2});
  for (const StateDict& dict :
       {full, half, told, forms, recurrent_dict({.gates = 1}), recurrent_dict({.gates = 3})}) {
    const Bytes bytes = dict.bytes();
    std::uint64_t header = 0;
    std::memcpy(&header, bytes.data(), sizeof header);
    const int accepted = run(bytes, 8 + static_cast<std::size_t>(header), fuzz_safetensors);
    EXPECT_GT(accepted, 0);
    EXPECT_LT(accepted, kMutationsPerFile / 2);
  }
}

TEST(Mutation, Npy) {
  for (const char* descr : {"<f4", "<i8", "<f2", "|u1"}) {
    const std::string header =
        std::string("{'descr': '") + descr + "', 'fortran_order': True, 'shape': (2, 3, 4), }\n";
    const std::size_t width = static_cast<std::size_t>(descr[2] - '0');
    const std::string front =
        std::string("\x93NUMPY\x01\0", 8) + static_cast<char>(header.size()) + '\0';
    const Bytes bytes = to_bytes(front + header) + Bytes(24 * width);
    const int accepted = run(bytes, front.size() + header.size(), fuzz_npy);
    EXPECT_GT(accepted, 0);
    EXPECT_LT(accepted, kMutationsPerFile / 2);
  }
}

TEST(Mutation, Json) {
  const std::vector<std::string> files{
      R"({"in_shape":[null,null,1],"in_gain":6,"layers":[{"type":"dense","activation":"tanh",)"
      R"("shape":[null,2],"weights":[[[1,2]],[3,4]]},{"type":"gru","activation":"","shape":[1],)"
      R"("weights":[[[1,2,3],[4,5,6]],[[7,8,9]],[[1,2,3],[4,5,6]]]}]})",
      R"({"architecture":"LSTM","config":{"input_size":1,"hidden_size":1,"num_layers":1},)"
      R"("weights":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]})",
      R"({"model_data":{"model":"SimpleRNN","input_size":1,"skip":0,"output_size":1,"unit_type":)"
      R"("GRU","num_layers":1,"hidden_size":1},"state_dict":{"rec.weight_ih_l0":[[1],[2],[3]],)"
      R"("rec.weight_hh_l0":[[1],[2],[3]],"lin.weight":[[4]],"lin.bias":[5]}})"};
  for (const std::string& file : files) {
    const int accepted = run(to_bytes(file), file.size(), fuzz_json);
    EXPECT_GT(accepted, 0);
    EXPECT_LT(accepted, kMutationsPerFile / 2);
  }
}

TorchDict torch_dict() {
  TorchDict dict;
  dict.pickle.op("}").text("state_dict").ordered_dict();
  add_tagger(dict);
  dict.pickle.op("s");
  return dict;
}

TEST(Mutation, Pickle) {
  PickleBuilder pickle;
  pickle.op("}").text("m").ordered_dict().op("(").text("a").tensor("0", {2, 3}).text("b");
  pickle.view({.key = "0", .count = 6, .offset = 1, .shape = {2, 2}, .strides = {1, 2}}).op("us");
  const Bytes bytes = pickle.bytes();
  const int accepted = run(bytes, bytes.size(), fuzz_pickle);
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, kMutationsPerFile / 2);
}

TEST(Mutation, WhatIsRead) {
  StateDict dict = recurrent_dict({.bidirectional = true});
  dict.add("fc.weight", {4, 4});
  const Bytes bytes = dict.bytes();
  const int accepted = run(bytes, bytes.size(), fuzz_run);
  EXPECT_GT(accepted, 0);
}

TEST(Mutation, Wisdom) {
  const Bytes bytes = to_bytes(
      R"([{"machine":"some CPU","layer":{"kind":"recurrent","cell":"lstm","input_size":3,)"
      R"("hidden_size":2},"precision":"float32","threads":1,"exact_threads":false,"batch":1,)"
      R"("steps":8,"times":[{"backend":"scalar","threads":1,"tiling":"","seconds":0.001,)"
      R"("spread":0.1,"version":"1"}]}])");
  const int accepted = run(bytes, bytes.size(), fuzz_wisdom);
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, kMutationsPerFile / 2);
}

TEST(Mutation, TorchArchive) {
  const TorchDict dict = torch_dict();
  const Bytes bytes = torch_archive(dict.pickle, dict.storages);
  // Without libzip, none is accepted.
  if (!fuzz_torch(bytes)) GTEST_SKIP() << "this build has no libzip";
  EXPECT_LT(run(bytes, bytes.size(), fuzz_torch), kMutationsPerFile / 2);
}

}  // namespace
}  // namespace carousel::testing
