// SPDX-License-Identifier: Apache-2.0
// Several recurrent modules in one state dict: in a row where names and sizes leave no doubt.
#include "files_of_bytes.hpp"

namespace carousel::testing {
namespace {

struct Part {
  std::string prefix;
  std::int64_t input;
  std::int64_t hidden;
  std::int64_t layers = 1;
};

StateDict dict_of(const std::vector<Part>& parts) {
  StateDict all;
  for (const auto& [prefix, input, hidden, layers] : parts) {
    std::int64_t columns = input;
    for (std::int64_t k = 0; k < layers; ++k) {
      const std::string end = "_l" + std::to_string(k);
      all.add(prefix + "weight_ih" + end, {4 * hidden, columns});
      all.add(prefix + "weight_hh" + end, {4 * hidden, hidden});
      all.add(prefix + "bias_ih" + end, {4 * hidden}).add(prefix + "bias_hh" + end, {4 * hidden});
      columns = hidden;
    }
  }
  return all;
}

std::string order_of(const std::vector<Part>& parts, const LoadOptions& options = {}) {
  return names_of(load(dict_of(parts).bytes(), "good", options));
}

std::string doubt_of(const std::vector<Part>& parts, const LoadOptions& options = {}) {
  return load_error(dict_of(parts).bytes(), options);
}

TEST(ModuleChain, NumbersTellTheOrder) {
  EXPECT_EQ(order_of({{"lstm2.", 2, 2, 2}, {"lstm.", 1, 2}}), "lstm.l0 lstm2.l0 lstm2.l1");
  EXPECT_EQ(order_of({{"rnn1.", 2, 2}, {"rnn2.", 2, 2}}), "rnn1.l0 rnn2.l0");
  EXPECT_EQ(order_of({{"net.lstm_10.", 2, 2}, {"net.lstm_9.", 2, 2}}),
            "net.lstm_9.l0 net.lstm_10.l0");
  EXPECT_EQ(order_of({{"rnns.1.", 2, 3}, {"rnns.0.", 4, 2}, {"rnns.2.", 3, 3}}),
            "rnns.0.l0 rnns.1.l0 rnns.2.l0");
  EXPECT_EQ(order_of({{"blocks.0.rnn.", 1, 2}, {"blocks.1.rnn.", 2, 2}}),
            "blocks.0.rnn.l0 blocks.1.rnn.l0");
}

TEST(ModuleChain, SizesTellTheOrderOfSiblings) {
  EXPECT_EQ(order_of({{"first.", 3, 2}, {"an_other.", 2, 5}}), "first.l0 an_other.l0");
}

TEST(ModuleChain, TwoOrdersAreADoubt) {
  EXPECT_EQ(
      doubt_of({{"a.", 2, 2}, {"b.", 2, 2}}),
      "bad.safetensors: several recurrent modules that fit in more than one order: give the "
      "right one with the option prefix (--prefix), 'a.,b.' or 'b.,a.', or one of them alone");
  EXPECT_EQ(order_of({{"a.", 2, 2}, {"b.", 2, 2}}, {.prefix = "b.,a"}), "b.l0 a.l0");
}

/// An encoder and a decoder need not read each other's outputs, whatever their sizes.
TEST(ModuleChain, ModulesOfDifferentParentsAreADoubt) {
  const std::vector<Part> parts{{"encoder.lstm.", 3, 2}, {"decoder.lstm.", 2, 2}};
  EXPECT_TRUE(contains(doubt_of(parts),
                       "several recurrent modules, with the prefixes "
                       "'decoder.lstm.', 'encoder.lstm.'; choose one"));
  EXPECT_EQ(order_of(parts, {.prefix = "encoder.lstm.,decoder.lstm."}),
            "encoder.lstm.l0 decoder.lstm.l0");
}

TEST(ModuleChain, NumbersThatDoNotFitAreADoubt) {
  EXPECT_TRUE(contains(doubt_of({{"rnn1.", 2, 3}, {"rnn2.", 4, 2}}), "choose one"));
  EXPECT_TRUE(contains(doubt_of({{"rnn1.", 2, 4}, {"rnn2.", 4, 3}, {"rnn3.", 4, 2}}),
                       "several recurrent modules, with the prefixes"));
  EXPECT_EQ(doubt_of({{"rnn1.", 2, 3}, {"rnn2.", 4, 2}}, {.prefix = "rnn1,rnn2"}),
            "bad.safetensors: the module 'rnn2.' reads 4 features, but the one before it gives 3");
}

TEST(ModuleChain, TheHeadIsAboveTheLast) {
  StateDict dict = dict_of({{"lstm.", 1, 2}, {"lstm2.", 2, 3}});
  dict.add("dense.weight", {1, 3}).add("dense.bias", {1});
  EXPECT_EQ(names_of(load(dict.bytes(), "good")), "lstm.l0 lstm2.l0 dense");
}

}  // namespace
}  // namespace carousel::testing
