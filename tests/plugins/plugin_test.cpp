// SPDX-License-Identifier: Apache-2.0
// Plug-ins that keep the contract, and what the host promises them.
#include "core/plugins/c_spec.hpp"
#include "core/plugins/plugin_path.hpp"
#include "core/plugins/run_within.hpp"
#include "plugins/plugin_files.hpp"

#include <carousel/backend.hpp>
#include <carousel/carousel.h>
#include <carousel/plugin.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace carousel::plugin_test {
namespace {

TEST(Plugin, BecomesABackendAfterTheBuiltInOnes) {
  const Folder folder;
  const std::string file = folder.hostile("innocent");
  const auto before = backends();
  const Backend& backend = load_plugin(file);
  EXPECT_EQ(backend.id(), "hostile-innocent");
  EXPECT_EQ(backend.description(), "plain C++ reference");
  EXPECT_FALSE(backend.version().empty());
  ASSERT_EQ(backends().size(), before.size() + 1);
  EXPECT_EQ(backends().back().backend, &backend);
  EXPECT_EQ(backends().back().plugin, file);
  EXPECT_EQ(before.back().name, backends()[before.size() - 1].name)
      << "old spans stay as they were";
  EXPECT_EQ(select_backends("hostile-innocent"), std::vector{&backend});
  EXPECT_EQ(&load_plugin(file), &backend) << "loaded once";
  EXPECT_EQ(&load_plugin(folder.path() + "/../" +
                         std::filesystem::path(folder.path()).filename().string() +
                         "/libcarousel_backend_innocent.so"),
            &backend);
  EXPECT_EQ(backends().size(), before.size() + 1);
}

TEST(Plugin, OfANewerHeaderIsTaken) {
  const Folder folder;
  EXPECT_EQ(load_plugin(folder.hostile("newer")).id(), "hostile-newer");
}

TEST(Plugin, SaysWhyItIsNotAvailable) {
  const Folder folder;
  const Backend& backend = load_plugin(folder.hostile("unavailable"));
  EXPECT_EQ(backend.available(cpu()).reason, "needs an abacus");
  EXPECT_FALSE(backend.available(cpu()).fault);
  try {
    (void)select_backends("hostile-unavailable");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("needs an abacus"), std::string::npos);
  }
}

TEST(Plugin, LoadsOnceFromManyThreads) {
  const Folder folder;
  const std::string one = folder.hostile("one");
  const std::string two = folder.hostile("two");
  std::vector<const Backend*> found(8);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < found.size(); ++i) {
    threads.emplace_back([&, i] {
      found[i] = &load_plugin(i % 2 == 0 ? one : two);
      (void)select_backends("auto");
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 2; i < found.size(); ++i) EXPECT_EQ(found[i], found[i % 2]);
  const auto list = backends();
  EXPECT_EQ(std::ranges::count(list, found[0], &BackendEntry::backend), 1);
  EXPECT_EQ(std::ranges::count(list, found[1], &BackendEntry::backend), 1);
}

TEST(Plugin, IsReachableFromC) {
  const Folder folder;
  const std::size_t before = carousel_backend_count();
  const std::string file = folder.hostile("c-caller");
  ASSERT_EQ(carousel_load_plugin(file.c_str()), CAROUSEL_OK) << carousel_last_error();
  ASSERT_EQ(carousel_backend_count(), before + 1);
  carousel_backend_info info{};
  info.struct_size = sizeof info;
  ASSERT_EQ(carousel_backend_get(before, &info), CAROUSEL_OK) << carousel_last_error();
  EXPECT_STREQ(info.id, "hostile-c-caller");
  EXPECT_EQ(info.plugin, file);
  EXPECT_TRUE(info.available);
  EXPECT_EQ(carousel_load_plugin(folder.hostile("abi").c_str()), CAROUSEL_UNSUPPORTED);
  EXPECT_NE(std::string(carousel_last_error()).find("version 7"), std::string::npos);
  EXPECT_EQ(carousel_load_plugin(nullptr), CAROUSEL_INVALID_ARGUMENT);
}

TEST(PluginPath, IsAListOfAbsoluteFilesAndFolders) {
  const Folder folder;
  const std::string b = folder.write("libcarousel_backend_b.so", "");
  const std::string a = folder.write("libcarousel_backend_a.so", "");
  (void)folder.write("readme.txt", "");
  (void)folder.write("libcarousel_backend_.so", "");
  const std::string odd = folder.write("any-name", "");
  const auto items =
      plugins::plugin_files(":" + folder.path() + "::plugins:" + odd + ":/no/where:");
  ASSERT_EQ(items.size(), 5U);
  EXPECT_EQ(items[0].file, a);
  EXPECT_EQ(items[1].file, b);
  EXPECT_EQ(items[2].file, "plugins");
  EXPECT_NE(items[2].problem.find("'plugins' is a relative path"), std::string::npos);
  EXPECT_EQ(items[3].file, odd);
  EXPECT_NE(items[4].problem.find("/no/where: there is no such file"), std::string::npos);
  EXPECT_TRUE(items[0].problem.empty() && items[1].problem.empty() && items[3].problem.empty());
  EXPECT_EQ(plugins::backend_name_of(a), "a");
  EXPECT_EQ(plugins::backend_name_of(odd), odd);
}

TEST(RunWithin, GivesUpWhatTakesTooLong) {
  using std::chrono::milliseconds;
  EXPECT_TRUE(plugins::run_within(milliseconds(5000), [] {}));
  EXPECT_FALSE(plugins::run_within(milliseconds(20),
                                   [] { std::this_thread::sleep_for(std::chrono::hours(1)); }));
  bool inside = false;
  EXPECT_TRUE(plugins::run_within(milliseconds(5000), [&] { inside = plugins::inside_plugin(); }));
  EXPECT_TRUE(inside);
  EXPECT_FALSE(plugins::inside_plugin());
}

TEST(CSpec, SaysTheSameAsTheSpec) {
  LayerSpec spec = make_spec(Cell::lstm, 3, 4, Direction::bidirectional, 2, false);
  spec.peephole = true;
  spec.coupling = GateCoupling::input_from_forget;
  spec.clip = 0.5F;
  spec.cell_clip = 0.25F;
  spec.activations[1][2] = {ActivationKind::scaled_tanh, 0.3F, 0.4F};
  EXPECT_EQ(c_types::from_c(c_types::to_c(spec)), spec);
  spec = make_spec(Cell::gru, 3, 4);
  spec.linear_before_reset = false;
  EXPECT_EQ(c_types::from_c(c_types::to_c(spec)), spec);
  EXPECT_EQ(c_types::to_c(spec).activations[0][2].kind, CAROUSEL_ACTIVATION_DEFAULT) << "not used";
  EXPECT_EQ(c_types::to_c(spec).activations[1][0].kind, CAROUSEL_ACTIVATION_DEFAULT) << "not used";
}

/// Struct sizes must not grow into padding unnoticed: a longer spec has to be longer for sizeof.
TEST(CSpec, HasNoPaddingAtItsEnd) {
  EXPECT_EQ(offsetof(carousel_layer_spec, precision) + sizeof(std::int32_t),
            sizeof(carousel_layer_spec));
  EXPECT_EQ(offsetof(carousel_plugin_args, c) + 2 * sizeof(float*), sizeof(carousel_plugin_args));
  EXPECT_EQ(offsetof(carousel_plugin, forward) + sizeof(void*), sizeof(carousel_plugin));
}

TEST(CSpec, MembersOfALaterVersionAreSeen) {
  const std::array<unsigned char, 4> bytes{1, 1, 0, 1};
  EXPECT_TRUE(c_types::uses_members_past(bytes.data(), 4, 2));
  EXPECT_FALSE(c_types::uses_members_past(bytes.data(), 3, 2));
  EXPECT_FALSE(c_types::uses_members_past(bytes.data(), 4, 4));
}

}  // namespace
}  // namespace carousel::plugin_test
