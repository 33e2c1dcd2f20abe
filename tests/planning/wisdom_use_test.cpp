// SPDX-License-Identifier: Apache-2.0
#include "core/planning/wisdom_use.hpp"
#include "fake.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace carousel::planning {
namespace {

using planning_test::make_layer;
using planning_test::TemporaryFolder;

WisdomEntry entry(const std::string& machine) {
  return {.machine = machine,
          .layer = make_layer(3, 4).spec,
          .times = {{.backend = "one", .version = "1", .seconds = 1e-3}}};
}

TEST(CachedWisdom, SeesThatTheFileHasChanged) {
  const TemporaryFolder folder;
  const auto file = folder.file("wisdom.json");
  std::string problem;
  EXPECT_TRUE(cached_wisdom(file, "here", problem)->entries.empty());
  EXPECT_EQ(problem, "") << "no file is no problem";
  add_wisdom(file, {{entry("here")}});
  const auto first = cached_wisdom(file, "here", problem);
  EXPECT_EQ(first->entries.size(), 1U);
  EXPECT_EQ(cached_wisdom(file, "here", problem), first) << "read once";
  add_wisdom(file, {{entry("there")}});
  EXPECT_EQ(cached_wisdom(file, "here", problem)->entries.size(), 2U);
  EXPECT_EQ(problem, "");
}

TEST(CachedWisdom, SaysWhyItIsIgnored) {
  const TemporaryFolder folder;
  const auto file = folder.file("wisdom.json");
  std::ofstream(file) << "{\"format\": \"carousel wisdom\", ";
  std::string problem;
  for (int i = 0; i < 2; ++i) {  // from the cache, too
    EXPECT_TRUE(cached_wisdom(file, "here", problem)->entries.empty());
    EXPECT_NE(problem.find("damaged"), std::string::npos) << problem;
    EXPECT_NE(problem.find(file.string()), std::string::npos) << problem;
  }
}

/// What a cell does not use makes no other key.
TEST(WisdomKey, UnusedActivationsDoNotCount) {
  World world;
  world.machine = "here";
  ModelLayer layer = make_layer(3, 4);
  auto& spec = std::get<RecurrentSpec>(layer.spec);
  const WisdomEntry usual = make_key(world, {.layer = layer});
  spec.activations[1][0] = {ActivationKind::relu};  // there is no second direction
  spec.activations[0][1].alpha = 3;                 // tanh has none
  EXPECT_TRUE(make_key(world, {.layer = layer}).same_key(usual));
  spec.activations[0][1] = {ActivationKind::relu};
  EXPECT_FALSE(make_key(world, {.layer = layer}).same_key(usual));
}

/// Nor does a clip that bounds nothing.
TEST(WisdomKey, IdleClipsDoNotCount) {
  World world;
  ModelLayer layer = make_layer(3, 4);
  const WisdomEntry usual = make_key(world, {.layer = layer});
  std::get<RecurrentSpec>(layer.spec).clip = 9999.0F;
  EXPECT_TRUE(make_key(world, {.layer = layer}).same_key(usual));
  std::get<RecurrentSpec>(layer.spec).clip = 3.0F;
  EXPECT_FALSE(make_key(world, {.layer = layer}).same_key(usual));
}

/// What is found again in a file: a key is as it is written and read.
TEST(WisdomKey, IsReadAsItWasWritten) {
  World world;
  world.machine = "here";
  RecurrentSpec spec = make_spec(Cell::lstm, 3, 4);
  spec.activations[0][2] = {ActivationKind::scaled_tanh, 0.1F, 3.0F};
  spec.activations[1][1] = {ActivationKind::relu};
  spec.clip = 0.1F;
  const ModelLayer layer = make_layer(spec);
  const WisdomEntry key = make_key(world, {.layer = layer, .threads = 3, .exact_threads = true});
  const Wisdom read = parse_wisdom(format_wisdom({{key}}), "w.json");
  ASSERT_EQ(read.entries.size(), 1U);
  EXPECT_TRUE(read.entries[0].same_key(key));
}

}  // namespace
}  // namespace carousel::planning
