// SPDX-License-Identifier: Apache-2.0
#include "failures/each_allocation.hpp"

#include "failures/failing_new.hpp"

#include <carousel/error.hpp>

#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <new>

namespace carousel::failures {
namespace {

/// What came of a call. Noting it allocates nothing.
struct Outcome {
  enum class Kind : unsigned char { returned, own, bad_alloc, foreign } kind = Kind::returned;
  char text[200] = "";

  void note(Kind what, const char* why) noexcept {
    kind = what;
    std::snprintf(text, sizeof text, "%s", why);
  }
};

Outcome outcome_of(const std::function<void()>& call) noexcept {
  Outcome outcome;
  try {
    call();
  } catch (const Error& error) {
    outcome.note(Outcome::Kind::own, error.what());
  } catch (const std::bad_alloc& error) {
    outcome.note(Outcome::Kind::bad_alloc, error.what());
  } catch (const std::exception& error) {
    outcome.note(Outcome::Kind::foreign, error.what());
  } catch (...) {
    outcome.note(Outcome::Kind::foreign, "no std::exception");
  }
  return outcome;
}

bool is_bad_alloc(Failure failure) {
  return failure == Failure::bad_alloc_once || failure == Failure::bad_alloc_from_then_on;
}

/// Whether that may come of a call in which an allocation failed.
void expect_allowed(const Outcome& outcome, const Repeated& repeated, long n, Failure failure) {
  using Kind = Outcome::Kind;
  const bool allowed = outcome.kind == Kind::returned || outcome.kind == Kind::own ||
                       (outcome.kind == Kind::bad_alloc && is_bad_alloc(failure));
  EXPECT_TRUE(allowed) << repeated.name << ", allocation " << n << ", failure "
                       << static_cast<int>(failure) << ": " << outcome.text;
  const bool raw = std::strstr(outcome.text, "vector::") != nullptr ||
                   std::strstr(outcome.text, "std::bad_alloc") != nullptr;
  EXPECT_TRUE(outcome.kind != Kind::own || (outcome.text[0] != '\0' && !raw))
      << repeated.name << ": no text for people: '" << outcome.text << "'";
}

void expect_usual(const Repeated& repeated) {
  const Outcome outcome = outcome_of(repeated.call);
  const auto usual = repeated.throws ? Outcome::Kind::own : Outcome::Kind::returned;
  EXPECT_EQ(static_cast<int>(outcome.kind), static_cast<int>(usual))
      << repeated.name << ": " << outcome.text;
  if (repeated.check) repeated.check();
}

/// One call; whether it had as many allocations.
bool try_one(const Repeated& repeated, long n, Failure failure) {
  Outcome outcome;
  bool failed = false;
  {
    FailingAllocation failing(n, failure);
    outcome = outcome_of(repeated.call);
    failed = failing.end();
  }
  if (failed) expect_allowed(outcome, repeated, n, failure);
  if (repeated.check) repeated.check();
  return failed;
}

}  // namespace

void fail_each_allocation(const Repeated& repeated) {
  expect_usual(repeated);
  for (const Failure failure :
       {Failure::bad_alloc_once, Failure::bad_alloc_from_then_on, Failure::length_error,
        Failure::filesystem_error, Failure::runtime_error, Failure::number}) {
    const long before = live_blocks();
    long n = 1;
    // What is thrown makes little difference, so that others than the first skip some.
    const bool all = failure == Failure::bad_alloc_once;
    while (try_one(repeated, n, failure) && !::testing::Test::HasFailure()) {
      n += all ? 1 : 1 + n / 8;
    }
    if (all) std::printf("%s: %ld allocations\n", repeated.name.c_str(), n - 1);
    expect_usual(repeated);
    EXPECT_TRUE(repeated.keeps_memory || live_blocks() == before)
        << repeated.name << " leaks " << live_blocks() - before << " blocks";
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace carousel::failures
