// SPDX-License-Identifier: Apache-2.0
// Signals in the middle of a run. (The test Parallel.LeavesSignalsToTheThreadsOfTheApplication says
// which threads they arrive on.)
#include "process/small_network.hpp"
#include "support/every_backend.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>

namespace carousel::process_test {
namespace {

using testing_support::deterministic_ids;
using testing_support::id_as_test_name;
using testing_support::runnable_ids;

std::atomic<int> signals{0};

void count_signal(int) { ++signals; }

/// Calls a handler on this thread when told, from zero signals on: once, since a handler that takes
/// longer than the time between two calls would leave none for the thread.
class SignalTimer {
 public:
  explicit SignalTimer(void (*handler)(int)) {
    signals = 0;
    struct sigaction action {};
    action.sa_handler = handler;
    sigaction(SIGALRM, &action, &before_);
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGALRM;
    event._sigev_un._tid = gettid();
    timer_create(CLOCK_MONOTONIC, &event, &timer_);
  }
  ~SignalTimer() {
    timer_delete(timer_);
    sigaction(SIGALRM, &before_, nullptr);
  }
  void call_in(std::chrono::microseconds time) {
    const itimerspec once{.it_interval = {},
                          .it_value = {.tv_sec = 0, .tv_nsec = 1000L * time.count()}};
    timer_settime(timer_, 0, &once, nullptr);
  }
  SignalTimer(const SignalTimer&) = delete;
  SignalTimer& operator=(const SignalTimer&) = delete;

 private:
  struct sigaction before_ {};
  timer_t timer_{};
};

/// Somewhere in a run, whose length depends on the machine, or after it.
constexpr std::chrono::microseconds kMiddleOfARun{50};

/// Runs until so many signals have been handled, whatever the machine does at most for a minute.
void run_among_signals(Stream& stream, const std::vector<float>& expected, void (*handler)(int),
                       int count) {
  SignalTimer timer(handler);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  bool same = true;
  while (signals < count && std::chrono::steady_clock::now() < end) {
    timer.call_in(kMiddleOfARun);
    same = run(stream) == expected && same;
  }
  EXPECT_TRUE(same);
  EXPECT_GE(signals, count);
}

class Signals : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Backends, Signals, testing::ValuesIn(runnable_ids()), id_as_test_name);

TEST_P(Signals, InterruptRunsWithoutHarm) {
  Stream shared = stream(network(GetParam(), 2));
  const std::vector<float> expected = run(shared);
  run_among_signals(shared, expected, count_signal, 100);
}

Stream* of_handler = nullptr;
std::vector<float> x_of_handler;
std::vector<float> y_of_handler;

void run_in_handler(int) {
  const auto x = steps_first<const float>(x_of_handler.data(), kSteps, 1, kUnits);
  if (of_handler->run(x, steps_first(y_of_handler.data(), kSteps, 1, kUnits))) ++signals;
}

class SignalHandler : public testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(Backends, SignalHandler, testing::ValuesIn(deterministic_ids()),
                         id_as_test_name);

TEST_P(SignalHandler, MayRunAStreamInTheMiddleOfAnother) {
  Stream interrupted = stream(network(GetParam(), 1));
  Stream inner = stream(network(GetParam(), 1));
  const std::vector<float> expected = run(interrupted);
  of_handler = &inner;
  x_of_handler = numbers(kSteps * kUnits);
  y_of_handler.assign(x_of_handler.size(), 0.0F);
  run_among_signals(interrupted, expected, run_in_handler, 20);
}

}  // namespace
}  // namespace carousel::process_test
