// SPDX-License-Identifier: Apache-2.0
// The backend that was asked for is the one that runs, and everything else is an error that helps.
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <carousel/backend.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

namespace carousel::testing_support {
namespace {

/// Sets CAROUSEL_BACKEND for the length of a test.
class Environment {
 public:
  explicit Environment(const char* value) {
    const char* before = std::getenv(kName);
    had_ = before != nullptr;
    if (had_) before_ = before;
    setenv(kName, value, 1);
  }
  ~Environment() {
    if (had_) {
      setenv(kName, before_.c_str(), 1);
    } else {
      unsetenv(kName);
    }
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  static constexpr const char* kName = "CAROUSEL_BACKEND";
  bool had_ = false;
  std::string before_;
};

template <class Action>
std::string error_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

Problem two_layers() {
  return sample({.input = 24, .hidden = 50, .layers = 2, .head = 5, .batch = 2, .steps = 20});
}

void expect_all_layers_on(const Network& network, const std::string& id) {
  ASSERT_EQ(network.layers().size(), 3U);
  for (const LayerPlan& plan : network.layers()) EXPECT_EQ(plan.backend, id);
}

TEST(BackendChoice, OptionForcesEveryLayer) {
  const Environment elsewhere("scalar");
  for (const std::string& id : runnable_ids()) {
    expect_all_layers_on(prepare(two_layers().model, {.backend = id}), id);
  }
}

TEST(BackendChoice, EnvironmentCountsWhereThereIsNoOption) {
  for (const std::string& id : runnable_ids()) {
    const Environment choice(id.c_str());
    expect_all_layers_on(prepare(two_layers().model), id);
  }
}

TEST(BackendChoice, EmptyEnvironmentMeansAuto) {
  const Environment choice("");
  expect_all_layers_on(prepare(two_layers().model, {.plan = Plan::fixed}), runnable_ids().front());
}

TEST(BackendChoice, UnknownNamesAreErrorsThatListTheChoices) {
  for (const char* wrong :
       {"xsmid", "xsimd:avx3", "XSIMD", "scalar ", ":", "xsimd:", "auto,scalra", "scalar,"}) {
    const std::string by_option =
        error_of([&] { (void)prepare(two_layers().model, {.backend = wrong}); });
    const Environment choice(wrong);
    const std::string by_environment = error_of([&] { (void)prepare(two_layers().model); });
    for (const std::string& text : {by_option, by_environment}) {
      EXPECT_NE(text.find(wrong), std::string::npos) << text;
      for (const std::string& id : runnable_ids()) {
        EXPECT_NE(text.find(id), std::string::npos) << text;
      }
    }
  }
}

TEST(BackendChoice, ListsAreInTheirOwnOrder) {
  const std::vector<const Backend*> all = select_backends("auto");
  const std::vector<const Backend*> listed = select_backends("scalar,auto");
  ASSERT_EQ(listed.size(), all.size()) << "nobody twice";
  EXPECT_EQ(listed.front()->id(), "scalar");
  const auto alternatives = select_alternatives("scalar,auto");
  ASSERT_EQ(alternatives.size(), 2U);
  EXPECT_EQ(alternatives[0].size(), 1U);
  EXPECT_EQ(alternatives[1].size(), all.size() - 1);
  expect_all_layers_on(prepare(two_layers().model, {.backend = "scalar,auto"}), "scalar");
  const Environment choice("scalar,xsimd");
  expect_all_layers_on(prepare(two_layers().model), "scalar");
}

/// What cannot run here is left to the next of the list; alone it is an error.
TEST(BackendChoice, ListsPassOverWhatIsMissing) {
  std::string missing;
  for (const BackendEntry& entry : backends()) {
    if (entry.backend == nullptr || !entry.backend->available(cpu())) missing = entry.name;
  }
  ASSERT_FALSE(missing.empty()) << "no CPU has all instruction sets";
  EXPECT_EQ(select_backends(missing + ",scalar"), select_backends("scalar"));
  EXPECT_THROW((void)select_backends(missing + "," + missing), Error);
}

TEST(BackendChoice, MissingBackendsSayWhy) {
  for (const BackendEntry& entry : backends()) {
    if (entry.backend != nullptr) {
      EXPECT_EQ(entry.backend->id(), entry.name);
      EXPECT_FALSE(entry.backend->description().empty());
      EXPECT_FALSE(entry.backend->version().empty());
      EXPECT_TRUE(entry.missing_reason.empty());
      continue;
    }
    EXPECT_FALSE(entry.missing_reason.empty()) << entry.name;
    const std::string text = error_of([&] { (void)select_backends(entry.name); });
    EXPECT_NE(text.find(entry.missing_reason), std::string::npos) << text;
  }
}

TEST(BackendChoice, BackendsThisCpuLacksSayWhy) {
  const CpuFeatures bare;
  for (const BackendEntry& entry : backends()) {
    if (entry.backend == nullptr || entry.backend->family() != "xsimd") continue;
    const Support support = entry.backend->available(bare);
    EXPECT_FALSE(support.ok) << entry.name;
    EXPECT_FALSE(support.reason.empty()) << entry.name;
  }
}

#if defined(__x86_64__)
/// A feature counts only if the operating system saves its registers; the compiler's own run-time
/// detection, which looks at XCR0 too, is the witness.
TEST(CpuFeatures, AreThoseThatTheCompilerSees) {
  const CpuFeatures& found = cpu();
  EXPECT_EQ(found.sse2, __builtin_cpu_supports("sse2") != 0);
  EXPECT_EQ(found.sse4_2, __builtin_cpu_supports("sse4.2") != 0);
  EXPECT_EQ(found.avx, __builtin_cpu_supports("avx") != 0);
  EXPECT_EQ(found.avx2, __builtin_cpu_supports("avx2") != 0);
  EXPECT_EQ(found.fma, __builtin_cpu_supports("fma") != 0);
  EXPECT_EQ(found.avx512f, __builtin_cpu_supports("avx512f") != 0);
  EXPECT_EQ(found.avx512bw, __builtin_cpu_supports("avx512bw") != 0);
  EXPECT_EQ(found.avx512vl, __builtin_cpu_supports("avx512vl") != 0);
  EXPECT_TRUE(found.os_saves_ymm || !found.avx);
  EXPECT_TRUE(found.os_saves_zmm || !found.avx512f);
}
#endif

TEST(BackendChoice, FamiliesAreTriedInOrderOfPriority) {
  std::vector<std::string> family;
  for (const Backend* backend : select_backends("xsimd")) family.push_back(backend->id());
  std::vector<std::string> expected = runnable_ids();
  std::erase_if(expected, [](const std::string& id) { return !id.starts_with("xsimd:"); });
  EXPECT_EQ(family, expected);
  EXPECT_FALSE(family.empty());
}

TEST(BackendChoice, AForcedBackendIsNeverReplacedSilently) {
  RecurrentSpec odd = make_spec(Cell::lstm, 3, 4);
  odd.peephole = true;
  odd.clip = 0.1F;
  odd.activations[0][2] = {ActivationKind::softsign};
  for (const std::string& id : runnable_ids()) {
    const Support support = select_backends(id).front()->supports(odd, Precision::float32);
    if (support) continue;
    EXPECT_FALSE(support.reason.empty()) << id;
    const std::string text = error_of([&] { (void)select_backend(id, odd); });
    EXPECT_NE(text.find(support.reason), std::string::npos) << text;
  }
}

/// Evidence beyond the label: each instruction set rounds in its own places (fused or separate
/// multiply-add, divide or reciprocal, order of sums), so each backend has its own last bits. Two
/// that agree in all of them are one and the same code. Should two ever be made to agree on
/// purpose, look for other evidence here.
TEST(BackendChoice, EveryBackendRunsCodeOfItsOwn) {
  const Problem problem = two_layers();
  std::map<std::vector<float>, std::string> answers;
  for (const std::string& id : runnable_ids()) {
    const Network network = prepare(problem.model, {.backend = id, .batch = 2, .steps = 20});
    Stream stream = network.stream({.batch = 2, .max_steps = 20});
    const Answer answer = run_dense(stream, problem.x, 20, 2, network);
    const auto [other, is_new] = answers.emplace(answer.y, id);
    EXPECT_TRUE(is_new) << id << " gave the bits of " << other->second;
  }
}

}  // namespace
}  // namespace carousel::testing_support
