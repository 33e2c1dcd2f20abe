// SPDX-License-Identifier: Apache-2.0
// run allocates nothing and, with one thread, calls the operating system for nothing.
#include "core/verify/conformance/network_builder.hpp"
#include "support/every_backend.hpp"
#include "unit/allocation_hooks.hpp"
#include "unit/sample.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

#if defined(__linux__)
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

namespace carousel::testing_support {
namespace {

/// A stream with the arguments of a run, ready to go.
struct Ready {
  Ready(const Case& spec, const std::string& id, int threads)
      : problem(sample(spec)),
        network(prepare(
            problem.model,
            {.backend = id, .threads = threads, .exact_threads = true, .batch = spec.batch})),
        stream(network.stream({.batch = spec.batch, .max_steps = max_steps(spec)})),
        y(static_cast<std::size_t>(spec.steps * spec.batch * network.output_size())),
        out(steps_first(y.data(), spec.steps, spec.batch, network.output_size())),
        x(steps_first<const float>(problem.x.data(), spec.steps, spec.batch, network.input_size())),
        ids(steps_first<const std::int32_t>(problem.ids.data(), spec.steps, spec.batch, 1)) {}

  /// Shorter than the run where that is possible, so that it is worked off in pieces.
  static std::int64_t max_steps(const Case& spec) {
    return spec.direction == Direction::forward ? 4 : spec.steps;
  }

  Status run() noexcept {
    return network.takes_ids() ? stream.run_ids(ids, out, problem.lengths)
                               : stream.run(x, out, problem.lengths);
  }

  Problem problem;
  Network network;
  Stream stream;
  std::vector<float> y;
  SequenceView<float> out;
  SequenceView<const float> x;
  SequenceView<const std::int32_t> ids;
};

/// Layers around a recurrent one: convolutions of each kind, a residual, norms, functions, and
/// reductions.
Case surrounded(bool whole) {
  conformance::NetworkBuilder network(12);
  network.add(ConvolutionSpec{.in_channels = 2,
                              .out_channels = 4,
                              .kernel_size = 3,
                              .length = 6,
                              .pad_begin = 1,
                              .pad_end = 1},
              "conv", {"x"});
  network.add(ActivationSpec{{ActivationKind::gelu}, 24}, "function");
  network.add(ConvolutionSpec{.in_channels = 24,
                              .out_channels = 24,
                              .kernel_size = 3,
                              .dilation = 2,
                              .groups = 2,
                              .pad_begin = 4,
                              .causal = true},
              "causal");
  network.add(ElementwiseSpec{ElementwiseOperation::add, 24}, "sum", {"causal", "function"});
  network.add(NormalizationSpec{.size = 24, .group = 8}, "norm");
  network.add(make_spec(Cell::gru, 24, 16), "gru");
  if (whole) {
    network.add(ReduceStepsSpec{ReduceOperation::mean, 16, true}, "mean");
    network.add(ElementwiseSpec{ElementwiseOperation::multiply, 16}, "scaled", {"gru", "mean"});
    network.add(SelectStepsSpec{.size = 16, .first = -1, .stride = -1}, "reversed");
  }
  return network.done(
      "unit", whole ? "surrounded" : "pieces",
      {.layers = 9, .batch = 3, .steps = whole ? 4 : 9, .lengths = conformance::Lengths::random});
}

std::vector<Case> networks() {
  using conformance::Lengths;
  return {
      surrounded(false),
      surrounded(true),
      {.input = 16, .hidden = 16, .batch = 1, .steps = 10},
      {.input = 33, .hidden = 65, .layers = 3, .batch = 7, .steps = 9, .lengths = Lengths::random},
      {.input = 20, .hidden = 40, .proj = 9, .layers = 2, .batch = 2, .steps = 9},
      {.input = 8,
       .hidden = 100,
       .layers = 2,
       .direction = Direction::bidirectional,
       .head = 5,
       .batch = 19,
       .steps = 6,
       .lengths = Lengths::random},
      {.input = 12, .hidden = 48, .head = 30, .vocabulary = 30, .batch = 1, .steps = 12},
      {.input = 8,
       .hidden = 30,
       .layers = 2,
       .direction = Direction::bidirectional,
       .batch = 7,
       .steps = 6,
       .lengths = Lengths::random,
       .cell = Cell::gru},
      {.input = 8, .hidden = 30, .batch = 3, .cell = Cell::gru, .linear_before_reset = false},
      {.input = 20, .hidden = 33, .layers = 2, .batch = 1, .steps = 9, .cell = Cell::rnn},
      {.input = 10, .hidden = 20, .proj = 5, .batch = 4, .peephole = true, .cell_clip = 0.5F}};
}

bool promises_no_allocation(const std::string& id) { return !id.starts_with("onednn"); }

struct Count {
  long allocated = 0;
  long released = 0;
};

/// `first`: whether the very first run of the stream is the one that counts.
Count count_run(const Case& spec, const std::string& id, int threads, bool first) {
  Ready ready(spec, id, threads);
  // oneDNN generates some matrix kernels when a process first uses them, not when a layer is made.
  bool ok = promises_no_allocation(id) || static_cast<bool>(Ready(spec, id, threads).run());
  if (!first) ok = static_cast<bool>(ready.run());
  Count count;
  {
    const AllocationCount counter;
    ok = static_cast<bool>(ready.run()) && ok;
    count = {counter.allocated(), counter.released()};
  }
  EXPECT_TRUE(ok);
  return count;
}

class Allocation : public testing::TestWithParam<std::string> {
 protected:
  /// Judges all networks: exactly none, or for oneDNN, whose own code this is, a stated few.
  static void expect_none(int threads, bool first) {
    for (const Case& spec : networks()) {
      if (!runs(GetParam(), spec)) continue;
      SCOPED_TRACE(spec.name() + ", threads " + std::to_string(threads));
      const Count count = count_run(spec, GetParam(), threads, first);
      if (promises_no_allocation(GetParam())) {
        EXPECT_EQ(count.allocated, 0);
        EXPECT_EQ(count.released, 0);
        continue;
      }
      std::printf("%s: %ld allocations in a run of %lld steps x %lld layers\n", GetParam().c_str(),
                  count.allocated, static_cast<long long>(spec.steps),
                  static_cast<long long>(spec.layers));
      const long bound = kOneDnnPerLayerAndStep * static_cast<long>(spec.steps * (spec.layers + 1));
      EXPECT_LE(count.allocated, bound);
      EXPECT_EQ(count.allocated, count.released) << "memory grows from run to run";
    }
  }

  /// What executing a oneDNN primitive costs inside the library itself (argument maps, scratchpad
  /// bookkeeping): 2.6 and 3.x stay below this for each primitive executed.
  static constexpr long kOneDnnPerLayerAndStep = 64;
};

INSTANTIATE_TEST_SUITE_P(Backends, Allocation, testing::ValuesIn(runnable_ids()), id_as_test_name);

/// Without this, zero could mean that nobody counts.
TEST(AllocationCount, CountsNewAndMalloc) {
  const AllocationCount counter;
  // Volatile, or the compiler leaves out what nobody looks at.
  int* volatile one = new int(3);
  void* volatile raw = std::malloc(10);
  void* volatile aligned = std::aligned_alloc(64, 128);
  EXPECT_EQ(counter.allocated(), 3);
  delete one;
  std::free(raw);
  std::free(aligned);
  EXPECT_EQ(counter.released(), 3);
}

TEST_P(Allocation, NoneInTheFirstRun) { expect_none(1, true); }
TEST_P(Allocation, NoneInLaterRuns) { expect_none(1, false); }
TEST_P(Allocation, NoneWithTwoThreadsOnceTheyExist) { expect_none(2, false); }

#if defined(__linux__) && !defined(CAROUSEL_TEST_ASAN)
/// In a process that the kernel kills for any system call but read, write and exit.
int run_without_system_calls(Ready& ready) {
  const pid_t child = fork();
  if (child == 0) {
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0) _exit(3);
    const Status status = ready.run();
    syscall(SYS_exit, status ? 0 : 1);
  }
  int result = 0;
  waitpid(child, &result, 0);
  return result;
}

TEST_P(Allocation, NoSystemCallWithOneThread) {
  if (!promises_no_allocation(GetParam())) GTEST_SKIP() << "oneDNN's own code makes no promise";
  for (const Case& spec : networks()) {
    if (!runs(GetParam(), spec)) continue;
    SCOPED_TRACE(spec.name());
    Ready ready(spec, GetParam(), 1);
    const int result = run_without_system_calls(ready);
    if (WIFEXITED(result) && WEXITSTATUS(result) == 3) GTEST_SKIP() << "no seccomp here";
    EXPECT_TRUE(WIFEXITED(result)) << "killed by signal " << WTERMSIG(result);
    EXPECT_EQ(WEXITSTATUS(result), 0);
  }
}
#endif

}  // namespace
}  // namespace carousel::testing_support
