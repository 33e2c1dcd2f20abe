// SPDX-License-Identifier: Apache-2.0
// The machine that reads pickles: what it refuses, and that it stays within its limits.
#include "core/model/formats/torch/state_dict_of.hpp"
#include "torch_files.hpp"

namespace carousel::testing {
namespace {

namespace pickle = loading::pickle;

std::string pickle_error(const Bytes& bytes) {
  return error_of([&] {
    const pickle::Pickle parsed = pickle::parse(bytes, "bad.pt");
    static_cast<void>(pickle::find_state_dict(parsed, "bad.pt"));
  });
}

std::string pickle_error(const PickleBuilder& builder) { return pickle_error(builder.bytes()); }

TEST(Pickle, ValuesOfEveryKind) {
  using namespace std::string_view_literals;
  const auto value_of = [](std::string_view code) {
    const pickle::Pickle parsed = pickle::parse(PickleBuilder().op(code).bytes(), "good");
    return parsed[parsed.root];
  };
  EXPECT_TRUE(std::holds_alternative<pickle::None>(value_of("N")));
  EXPECT_TRUE(std::get<bool>(value_of("\x88")));
  EXPECT_FALSE(std::get<bool>(value_of("\x89")));
  EXPECT_EQ(std::get<std::int64_t>(value_of("K\xff")), 255);
  EXPECT_EQ(std::get<std::int64_t>(value_of("M\x01\x02")), 513);
  EXPECT_EQ(std::get<std::int64_t>(value_of("J\xfe\xff\xff\xff")), -2);
  EXPECT_EQ(std::get<std::int64_t>(value_of("\x8a\0"sv)), 0);
  EXPECT_EQ(std::get<std::int64_t>(value_of("\x8a\x02\0\xff"sv)), -256);
  EXPECT_EQ(std::get<std::int64_t>(value_of("\x8a\x08\0\0\0\0\0\0\0\x80"sv)), INT64_MIN);
  EXPECT_EQ(std::get<double>(value_of("G\xbf\xf8\0\0\0\0\0\0"sv)), -1.5);
  for (const std::string_view text : {"X\2\0\0\0ab"sv, "\x8c\2ab"sv, "\x8d\2\0\0\0\0\0\0\0ab"sv,
                                      "U\2ab"sv, "T\2\0\0\0ab"sv, "C\2ab"sv, "B\2\0\0\0ab"sv}) {
    EXPECT_EQ(std::get<std::string>(value_of(text)), "ab");
  }
  for (const std::string_view code : {"NNN\x87"sv, "(NNNt"sv, "(NNNl"sv, "](NNNe"sv, "]NaNaNa"sv,
                                      "N2\x86N\x86NN\x87"sv, "(N(N1NNt"sv, "NN0NN\x87"sv}) {
    EXPECT_EQ(std::get<pickle::Sequence>(value_of(code)).items.size(), 3U);
  }
  for (const std::string_view code : {"}NNsNNs"sv, "}(NNNNu"sv, "(NNNNd"sv,
                                      "\x95\0\0\0\0\0\0\0\0}q\0Nq\1h\1h\0000h\0h\1h\1sh\1h\1s"sv}) {
    EXPECT_EQ(std::get<pickle::Dict>(value_of(code)).items.size(), 2U);
  }
  EXPECT_TRUE(std::holds_alternative<pickle::Dict>(
      value_of("X\x0b\0\0\0collectionsX\x0b\0\0\0OrderedDict\x93)R"sv)));
}

/// The classic: a pickle that runs a command when Python loads it.
TEST(Pickle, NothingIsExecuted) {
  const std::string error =
      pickle_error(PickleBuilder().global("os", "system").text("touch /tmp/x").op("\x85R"));
  EXPECT_TRUE(
      contains(error, "bad.pt: its pickle asks for 'os.system', which no state dict needs"));
  EXPECT_TRUE(contains(error, "torch.save(model.state_dict(), FILE)"));
  EXPECT_TRUE(
      contains(pickle_error(PickleBuilder().global("builtins", "eval")), "'builtins.eval'"));
  EXPECT_TRUE(contains(pickle_error(PickleBuilder().text("posix").text("system").op("\x93")),
                       "'posix.system'"));
  EXPECT_TRUE(contains(pickle_error(PickleBuilder().global("__main__", "Net")), "'__main__.Net'"));
}

TEST(Pickle, WhatIsNoProgramOfPyTorchs) {
  const auto error = [](std::string_view code) {
    return pickle_error(PickleBuilder().op(code).bytes());
  };
  EXPECT_TRUE(contains(error("i"), "the instruction 105 at byte 2, which no state dict needs"));
  EXPECT_TRUE(contains(error(""), "takes more values than there are"));
  EXPECT_TRUE(contains(error("(0"), "takes more values than there are"));
  EXPECT_TRUE(contains(error("N(N\x86"), "takes more values than there are"));
  EXPECT_TRUE(contains(error("t"), "has no mark where it needs one"));
  EXPECT_TRUE(contains(error("h\x05"), "recalls what it never remembered"));
  EXPECT_TRUE(contains(error("NNa"), "its pickle needs a list there"));
  EXPECT_TRUE(contains(error("NNNs"), "its pickle needs a dictionary there"));
  EXPECT_TRUE(contains(error("}(Nu"), "a key without a value"));
  EXPECT_TRUE(contains(error("N)R"), "needs a name that can be called there"));
  EXPECT_TRUE(contains(error("NQ"), "a persistent id that is not that of a storage"));
  EXPECT_TRUE(contains(error("\x8a\x09"), "an integer of more than 64 bits"));
  EXPECT_TRUE(contains(error("X\xff\xff\xff\xff"), "is cut short"));
  EXPECT_TRUE(contains(error("ctorch"), "is cut short"));
  EXPECT_TRUE(contains(error("ctorch\nFloatStorage\n)R"), "calls the type of a storage"));
  EXPECT_TRUE(contains(error("ctorch\nSize\n)R"), "a call without arguments"));
  EXPECT_TRUE(contains(error("ctorch._utils\n_rebuild_tensor_v2\n)R"), "too few arguments"));
  EXPECT_TRUE(contains(pickle_error(to_bytes("\x80\x02N")), "is cut short"));
  EXPECT_TRUE(contains(error("}"), "holds no tensors in dictionaries"));
  EXPECT_TRUE(contains(error("N"), "holds no tensors in dictionaries"));
}

TEST(Pickle, TwoTensorsOfOneNameAreRefused) {
  PickleBuilder builder;
  builder.op("}(").text("a.b").tensor("0", {1, 1}).text("a").op("}").text("b");
  builder.tensor("0", {1, 1}).op("su");
  EXPECT_TRUE(contains(pickle_error(builder), "two tensors of the name 'a.b'"));
}

/// Each dictionary holds the one before it many times: a small file with a huge tree.
TEST(Pickle, TreesThatMultiplyAreBounded) {
  PickleBuilder builder;
  builder.op("}").text("w").tensor("0", {1, 1}).op(std::string_view("sq\0", 3));
  for (int level = 0; level < 10; ++level) {
    builder.op("}(");
    for (int k = 0; k < 40; ++k)
      builder.text("k" + std::to_string(k)).op(std::string_view("h\0", 2));
    builder.op(std::string_view("uq\0", 3));
  }
  EXPECT_TRUE(contains(pickle_error(builder), "its pickle has too many entries"));
}

TEST(Pickle, CyclesAreBounded) {
  PickleBuilder builder;
  builder.op(std::string_view("}q\0", 3)).text("w").tensor("0", {1, 1}).op("s");
  builder.text("me").op(std::string_view("h\0s", 3));
  EXPECT_TRUE(contains(pickle_error(builder), "nests dictionaries too deep"));
}

TEST(Pickle, TheNumberOfValuesIsBounded) {
  EXPECT_TRUE(contains(pickle_error(PickleBuilder().op(std::string(1'100'000, 'N'))),
                       "more than a million values"));
}

TEST(Pickle, NamesAreShort) {
  PickleBuilder builder;
  builder.op("}").text(std::string(600, 'x')).tensor("0", {1, 1}).op("s");
  EXPECT_TRUE(contains(pickle_error(builder), "which is no name of a tensor"));
}

}  // namespace
}  // namespace carousel::testing
