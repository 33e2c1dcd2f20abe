// SPDX-License-Identifier: Apache-2.0
// Threads with small stacks.
#include "support/every_backend.hpp"
#include "unit/sample.hpp"

#include <gtest/gtest.h>

#include <pthread.h>

#include <functional>
#include <optional>

namespace carousel::process_test {
namespace {

using namespace testing_support;

constexpr std::size_t kStackToRun = std::size_t{16} * 1024;
constexpr std::size_t kStackToPrepare = std::size_t{48} * 1024;

/// Calls `body` on a thread with such a stack; one that overflows ends the process.
void call_on_stack(std::size_t bytes, std::function<void()> body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, bytes), 0);
  pthread_t thread{};
  const auto call = [](void* function) -> void* {
    (*static_cast<std::function<void()>*>(function))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, call, &body), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

std::vector<Case> some_cells() {
  std::vector<Case> list{{.cell = Cell::lstm},
                         {.proj = 20, .cell = Cell::lstm},
                         {.cell = Cell::lstm, .layer_norm = true},
                         {.cell = Cell::gru},
                         {.cell = Cell::gru, .linear_before_reset = false},
                         {.cell = Cell::rnn},
                         {.cell = Cell::slstm}};
  for (Case& one : list) {
    one.input = 30;
    one.hidden = 70;
    one.batch = 19;
    one.head = 5;
  }
  return list;
}

class SmallStack : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Backends, SmallStack, testing::ValuesIn(deterministic_ids()),
                         id_as_test_name);

/// Prepares and runs a network on stacks of the promised sizes, and compares with a usual one.
void run_on_small_stacks(const std::string& backend, const Case& spec, Precision precision) {
  const Problem problem = sample(spec);
  std::optional<Network> network;
  std::optional<Stream> stream;
  call_on_stack(kStackToPrepare, [&] {
    network = prepare(problem.model, {.backend = backend, .precision = precision});
    stream.emplace(network->stream({.batch = spec.batch, .max_steps = spec.steps}));
  });
  ASSERT_TRUE(stream);
  std::vector<float> y(static_cast<std::size_t>(spec.steps * spec.batch * network->output_size()));
  Status status;
  call_on_stack(kStackToRun, [&] {
    status =
        stream->run(steps_first<const float>(problem.x.data(), spec.steps, spec.batch, spec.input),
                    steps_first(y.data(), spec.steps, spec.batch, network->output_size()));
  });
  EXPECT_TRUE(status) << spec.name();
  stream->reset();
  EXPECT_EQ(run_dense(*stream, problem.x, spec.steps, spec.batch, *network).y, y) << spec.name();
}

TEST_P(SmallStack, SufficesToPrepareAndToRun) {
#if defined(CAROUSEL_TEST_ASAN)
  GTEST_SKIP() << "AddressSanitizer makes frames several times as large";
#endif
  for (Case spec : some_cells()) {
    if (!runs(GetParam(), spec)) continue;
    for (const std::int64_t batch : {19, 1}) {
      spec.batch = batch;
      for (const Precision precision : {Precision::float32, Precision::bfloat16, Precision::int8}) {
        run_on_small_stacks(GetParam(), spec, precision);
      }
    }
  }
}

}  // namespace
}  // namespace carousel::process_test
