// SPDX-License-Identifier: Apache-2.0
// The cross-check through the C interface.
#include "c_api/handles.hpp"
#include "unit/sample.hpp"

#include <carousel/backend.hpp>

#include <cstring>

namespace carousel::c_api_test {
namespace {

using conformance::Problem;

carousel_run_args input_of(const Problem& p) {
  auto args = sized<carousel_run_args>();
  args.steps = p.spec.steps;
  args.x = p.model.takes_ids() ? nullptr : p.x.data();
  args.ids = p.model.takes_ids() ? p.ids.data() : nullptr;
  args.lengths = p.lengths.empty() ? nullptr : p.lengths.data();
  return args;
}

CReport check(const Problem& p, const carousel_check_options* options = nullptr) {
  const carousel_run_args input = input_of(p);
  carousel_check_report* report = nullptr;
  EXPECT_EQ(carousel_cross_check(c_model(p.model).get(), p.spec.batch, &input, options, &report),
            CAROUSEL_OK)
      << carousel_last_error();
  return CReport(report);
}

std::vector<carousel_check_pair> pairs_of(const CReport& report) {
  std::vector<carousel_check_pair> pairs(carousel_check_pair_count(report.get()),
                                         sized<carousel_check_pair>());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    EXPECT_EQ(carousel_check_get_pair(report.get(), i, &pairs[i]), CAROUSEL_OK);
  }
  return pairs;
}

TEST(CApiCheck, AgreesOnSequencesAndIdsOfDifferentLengths) {
  for (const std::int64_t vocabulary : {0, 11}) {
    const Problem problem = testing_support::sample({.input = 8,
                                                     .hidden = 12,
                                                     .head = 5,
                                                     .vocabulary = vocabulary,
                                                     .batch = 3,
                                                     .steps = 7,
                                                     .lengths = conformance::Lengths::random});
    const CReport report = check(problem);
    EXPECT_TRUE(carousel_check_ok(report.get())) << carousel_check_text(report.get());
    const std::size_t ran = select_backends("auto").size();
    EXPECT_EQ(pairs_of(report).size(), ran * (ran - 1) / 2);
    for (const carousel_check_pair& pair : pairs_of(report)) {
      EXPECT_STRNE(pair.first, pair.second);
      EXPECT_TRUE(pair.ok);
      EXPECT_EQ(pair.layer, -1);
      EXPECT_EQ(pair.count, 3 * 7 * 5 + 2 * 3 * 12);
    }
  }
}

TEST(CApiCheck, TheToleranceCounts) {
  const Problem problem = testing_support::sample({.input = 9, .hidden = 33, .steps = 12});
  auto options = sized<carousel_check_options>();
  options.tolerance = 1e-30;
  const CReport report = check(problem, &options);
  bool all_same = true;
  for (const carousel_check_pair& pair : pairs_of(report)) {
    EXPECT_EQ(pair.ok, pair.max_abs == 0) << pair.first << ' ' << pair.second;
    all_same = all_same && pair.max_abs == 0;
  }
  EXPECT_EQ(carousel_check_ok(report.get()), all_same);
  EXPECT_EQ(std::strlen(carousel_check_text(report.get())) == 0, all_same);
  options.tolerance = 0;
  options.backend = "scalar";
  EXPECT_TRUE(pairs_of(check(problem, &options)).empty());
}

TEST(CApiCheck, SaysWhatIsWrongWithACall) {
  const Problem problem = testing_support::sample({.input = 5, .hidden = 7});
  const CModel model = c_model(problem.model);
  const carousel_run_args input = input_of(problem);
  auto options = sized<carousel_check_options>();
  carousel_check_report* report = nullptr;
  const auto call = [&](const carousel_run_args* with, std::int64_t batch) {
    return carousel_cross_check(model.get(), batch, with, &options, &report);
  };
  EXPECT_EQ(call(nullptr, 3), CAROUSEL_INVALID_ARGUMENT);
  const auto expect_size = [&](const carousel_run_args& with, std::int64_t batch,
                               const char* words) {
    EXPECT_EQ(call(&with, batch), CAROUSEL_INVALID_ARGUMENT);
    EXPECT_NE(std::string(carousel_last_error()).find(words), std::string::npos)
        << carousel_last_error();
  };
  carousel_run_args large = input;
  const std::int64_t one_length = 1;
  large.lengths = &one_length;
  for (const std::int64_t batch : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    expect_size(large, batch, ("batch is " + std::to_string(batch)).c_str());
  }
  for (const std::int64_t steps : {std::int64_t{0}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    large.steps = steps;
    expect_size(large, 3, ("steps is " + std::to_string(steps)).c_str());
  }
  large = input;
  large.x_step_stride = INT64_MAX;
  expect_size(large, 3, "greater strides than memory can have");
  large = input;
  large.steps = std::int64_t{1} << 32U;
  EXPECT_EQ(call(&large, 1 << 24), CAROUSEL_OUT_OF_MEMORY);
  options.threads = INT32_MAX;
  expect_size(input, 3, "threads is 2147483647");
  options.threads = 0;
  options.tolerance = -1;
  EXPECT_EQ(call(&input, 3), CAROUSEL_INVALID_ARGUMENT);
  options.tolerance = 0;
  options.backend = "gpu";
  EXPECT_EQ(call(&input, 3), CAROUSEL_UNSUPPORTED);
  EXPECT_NE(std::string(carousel_last_error()).find("unknown backend 'gpu'"), std::string::npos);
  EXPECT_EQ(report, nullptr);
  EXPECT_EQ(carousel_cross_check(nullptr, 3, &input, nullptr, &report), CAROUSEL_INVALID_ARGUMENT);
  EXPECT_FALSE(carousel_check_ok(nullptr));
  EXPECT_EQ(carousel_check_text(nullptr), nullptr);
  EXPECT_EQ(carousel_check_pair_count(nullptr), 0U);
  auto pair = sized<carousel_check_pair>();
  EXPECT_EQ(carousel_check_get_pair(nullptr, 0, &pair), CAROUSEL_INVALID_ARGUMENT);
  carousel_check_free(nullptr);
}

}  // namespace
}  // namespace carousel::c_api_test
