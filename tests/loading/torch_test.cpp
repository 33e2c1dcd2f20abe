// SPDX-License-Identifier: Apache-2.0
// Archives of torch.save and torch.jit.save.
#include "same_layers.hpp"
#include "torch_files.hpp"

namespace carousel::testing {
namespace {

Model load_torch(const Bytes& bytes, const LoadOptions& options = {}) {
  return load(bytes, "model.pt", options);
}

TorchDict tagger() {
  TorchDict dict;
  dict.pickle.ordered_dict();
  add_tagger(dict);
  // What a state dict has as an attribute.
  dict.pickle.op("}").text("_metadata").ordered_dict().op("sb");
  return dict;
}

TEST(Torch, AStateDictIsReadAsOneInSafetensors) {
  const TorchDict dict = tagger();
  const Model same = load(dict.same.bytes(), "same");
  expect_same_layers(load_torch(torch_archive(dict.pickle, dict.storages)), same);
  expect_same_layers(load_torch(torch_archive(dict.pickle, dict.storages, "little", true)), same);
}

TEST(Torch, AStateDictInACheckpoint) {
  TorchDict dict;
  dict.pickle.op("}(").text("epoch").number(3).text("hyper").op("}").text("lr").op("G");
  dict.pickle.op(std::string_view("\x3f\xf0\0\0\0\0\0\0", 8)).op("s");
  dict.pickle.text("state_dict").ordered_dict();
  add_tagger(dict, "module.");
  dict.pickle.text("done").op("\x88u");
  const Model model = load_torch(torch_archive(dict.pickle, dict.storages));
  EXPECT_EQ(names_of(model), "module.lstm.l0 module.fc");
}

/// The order in which modules were made tells where a Linear stands that fits before and after.
TEST(Torch, TheOrderOfTheFileTells) {
  const auto names = [](const std::vector<std::string>& order) {
    TorchDict dict;
    dict.pickle.ordered_dict().op("(");
    for (const std::string& name : order) {
      if (name == "lstm") {
        dict.add("lstm.weight_ih_l0", {8, 2}).add("lstm.weight_hh_l0", {8, 2});
        dict.add("lstm.bias_ih_l0", {8}).add("lstm.bias_hh_l0", {8});
      } else {
        dict.add(name + ".weight", {2, 2}).add(name + ".bias", {2});
      }
    }
    dict.pickle.op("u");
    return names_of(load_torch(torch_archive(dict.pickle, dict.storages)));
  };
  EXPECT_EQ(names({"fc", "lstm"}), "fc lstm.l0");
  EXPECT_EQ(names({"lstm", "fc"}), "lstm.l0 fc");
  EXPECT_EQ(names({"b", "lstm", "a"}), "b lstm.l0 a");
  EXPECT_EQ(names({"a", "lstm", "b"}), "a lstm.l0 b");
}

TEST(Torch, CellsAndRawWeights) {
  TorchDict dict;
  dict.pickle.ordered_dict().op("(");
  dict.add("cells.0.weight_ih", {8, 3}).add("cells.0.weight_hh_raw", {8, 2});
  dict.add("cells.0.bias_ih", {8}).add("cells.0.bias_hh", {8});
  dict.pickle.op("u");
  const Model model = load_torch(torch_archive(dict.pickle, dict.storages));
  EXPECT_EQ(names_of(model), "cells.0.l0");
  EXPECT_EQ(weight(model.layers[0], "weight_hh"), ramp(16, 1));
}

TEST(Torch, TwoStateDictsAreADoubt) {
  TorchDict dict;
  dict.pickle.op("}(").text("model").op("}");
  add_tagger(dict);
  dict.pickle.text("ema").op("}");
  add_tagger(dict);
  dict.pickle.op("u");
  const Bytes bytes = torch_archive(dict.pickle, dict.storages);
  EXPECT_TRUE(contains(load_error(bytes), "with the prefixes 'ema.lstm.', 'model.lstm.'"));
  EXPECT_EQ(names_of(load_torch(bytes, {.prefix = "ema.lstm", .ignore_extra = true})),
            "ema.lstm.l0 ema.fc");
}

/// torch.jit.save: objects of classes, whose attributes are modules and parameters.
TEST(Torch, ModulesOfTorchScript) {
  TorchDict dict;
  const auto object = [&](const std::string& type) {
    dict.pickle.global("__torch__.net", type).op(")\x81}(");
  };
  object("Net");
  dict.pickle.text("training").op("\x89").text("lstm");
  object("LSTM");
  dict.add("weight_ih_l0", {8, 3}).add("weight_hh_l0", {8, 2});
  dict.add("bias_ih_l0", {8}).add("bias_hh_l0", {8});
  dict.pickle.op("ub").text("fc");
  object("Linear");
  dict.add("weight", {4, 2}).add("bias", {4});
  dict.pickle.op("ubub");
  EXPECT_EQ(names_of(load_torch(torch_archive(dict.pickle, dict.storages))), "lstm.l0 fc");
}

TEST(Torch, ElementTypesAreKept) {
  const std::vector<std::tuple<std::string, std::size_t, DType>> types{
      {"DoubleStorage", 8, DType::float64},
      {"HalfStorage", 2, DType::float16},
      {"BFloat16Storage", 2, DType::bfloat16}};
  for (const auto& [type, size, dtype] : types) {
    PickleBuilder pickle;
    pickle.op("}(").text("weight_ih_l0").tensor("0", {1, 2}, type);
    pickle.text("weight_hh_l0").tensor("1", {1, 1}, type).op("u");
    const Model model = load_torch(torch_archive(pickle, {Bytes(2 * size), Bytes(size)}));
    EXPECT_EQ(model.layers.at(0).weights.at("weight_ih").dtype(), dtype) << type;
  }
}

/// Integers are left alone: they are in the table, and an unexpected tensor there.
TEST(Torch, IntegersAreLeftAlone) {
  TorchDict dict = tagger();
  dict.pickle.text("norm.num_batches_tracked").tensor("6", {}, "LongStorage").op("s");
  dict.storages.emplace_back(8);
  const Bytes bytes = torch_archive(dict.pickle, dict.storages);
  EXPECT_TRUE(contains(load_error(bytes), "unexpected tensor 'norm.num_batches_tracked', I64 []"));
  EXPECT_EQ(load_torch(bytes, {.ignore_extra = true}).layers.size(), 2U);
}

/// One storage for all, as cuDNN's flat weights are, a transposed matrix, and a tied one.
TEST(Torch, ViewsOfOneStorage) {
  PickleBuilder pickle;
  const PickleBuilder::View part{.key = "0", .count = 10};
  PickleBuilder::View weight_ih = part;
  weight_ih.shape = {2, 3};
  weight_ih.strides = {1, 2};
  PickleBuilder::View weight_hh = part;
  weight_hh.offset = 6;
  weight_hh.shape = {2, 2};
  weight_hh.strides = {2, 1};
  pickle.op("}(").text("weight_ih_l0").view(weight_ih).text("weight_hh_l0").view(weight_hh);
  pickle.op("u");
  const Model model = load_torch(torch_archive(pickle, {raw(ramp(10, 0))}));
  EXPECT_EQ(weight(model.layers[0], "weight_ih"), (std::vector<float>{0, 1, 2, 0.5F, 1.5F, 2.5F}));
  EXPECT_EQ(weight(model.layers[0], "weight_hh"), (std::vector<float>{3, 3.5F, 4, 4.5F}));
}

std::string view_error(const PickleBuilder::View& view, std::size_t bytes = 24) {
  PickleBuilder pickle;
  pickle.op("}").text("weight_ih_l0").view(view).op("s");
  return load_error(torch_archive(pickle, {Bytes(bytes)}));
}

TEST(Torch, TensorsMustLieInTheirStorages) {
  const PickleBuilder::View good{.key = "0", .count = 6, .shape = {2, 3}, .strides = {3, 1}};
  EXPECT_TRUE(contains(view_error(good), "'weight_hh_l0' is missing"));
  EXPECT_TRUE(contains(view_error(good, 20), "needs 6 elements in the storage '0', which has 20"));
  const auto changed = [&](auto change) {
    PickleBuilder::View view = good;
    change(view);
    return view_error(view);
  };
  EXPECT_TRUE(contains(changed([](auto& v) { v.offset = 1; }), "exceeds its storage"));
  EXPECT_TRUE(contains(changed([](auto& v) { v.offset = -1; }), "impossible shape, offset"));
  EXPECT_TRUE(contains(changed([](auto& v) { v.strides = {4, 1}; }), "exceeds its storage"));
  EXPECT_TRUE(contains(changed([](auto& v) { v.strides = {-3, 1}; }), "exceeds its storage"));
  EXPECT_TRUE(contains(changed([](auto& v) { v.strides = {3}; }), "number of strides"));
  EXPECT_TRUE(contains(changed([](auto& v) { v.shape = {-2, 3}; }), "impossible shape"));
  EXPECT_TRUE(contains(changed([](auto& v) {
                         v.shape = {2'000'000'000, 2'000'000'000, 2'000'000'000};
                         v.strides = {0, 0, 0};
                       }),
                       "impossible shape"));
  EXPECT_TRUE(contains(changed([](auto& v) {
                         v.shape = {1000, 1000};
                         v.strides = {0, 0};
                       }),
                       "repeats elements by strides of 0"));
  EXPECT_TRUE(contains(changed([](auto& v) { v.key = "9"; }), "there is no file 'archive/data/9'"));
}

TEST(Torch, ASmallStorageCannotMakeALargeTable) {
  PickleBuilder pickle;
  pickle.op("}(");
  for (int k = 0; k < 5; ++k) pickle.text("w" + std::to_string(k)).tensor("0", {2, 3});
  pickle.op("u");
  EXPECT_TRUE(contains(load_error(torch_archive(pickle, {Bytes(24)})),
                       "tensor 'w4' uses numbers that others use too"));
}

TEST(Torch, WhatAnArchiveMustBe) {
  const TorchDict dict = tagger();
  EXPECT_TRUE(contains(load_error(torch_archive(dict.pickle, dict.storages, "big")),
                       "the byte order 'big'; only 'little'"));
  const Bytes good = torch_archive(dict.pickle, dict.storages);
  Bytes bytes = good;
  bytes[100] ^= std::byte{1};
  EXPECT_TRUE(contains(load_error(bytes), "its checksum is wrong"));
  bytes = good;
  bytes.resize(bytes.size() - 30);
  EXPECT_TRUE(contains(load_error(bytes), "is a damaged zip archive"));
  const Bytes two = ZipBuilder().add("a/data.pkl", Bytes(3)).add("b/data.pkl", Bytes(3)).bytes();
  EXPECT_TRUE(contains(load_error(two), "a zip archive with 2 files data.pkl"));
  const Bytes twins = ZipBuilder().add("data.pkl", Bytes(3)).add("data.pkl", Bytes(3)).bytes();
  EXPECT_TRUE(contains(load_error(twins), "two files in it have the name 'data.pkl'"));
}

/// A list of files that all lie at one place, or say that they unpack to much more, is refused
/// before anything is unpacked.
TEST(Torch, ArchivesCannotUnpackToMuch) {
  Bytes bytes = ZipBuilder().add("data.pkl", Bytes(1000)).bytes();
  const auto set_sizes = [&](std::uint32_t packed, std::uint32_t unpacked) {
    const auto entry = bytes.end() - 22 - 46 - 8;
    std::memcpy(&*(entry + 20), &packed, 4);
    std::memcpy(&*(entry + 24), &unpacked, 4);
  };
  set_sizes(1000, 100'000'000);
  EXPECT_TRUE(contains(load_error(bytes), "unpack to more than 64 times the size"));
  set_sizes(5000, 1000);
  EXPECT_TRUE(contains(load_error(bytes), "overlap in the archive"));
}

}  // namespace
}  // namespace carousel::testing
