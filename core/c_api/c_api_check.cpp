// SPDX-License-Identifier: Apache-2.0
#include "c_api.hpp"

#include "core/model/formatted.hpp"
#include "core/model/limits.hpp"

#include <carousel/cross_check.hpp>

struct carousel_check_report {
  carousel::CrossCheckReport report;
  std::string text;
};

namespace carousel::c_api {
namespace {

CheckInput check_input(const Model& model, std::int64_t batch, const carousel_run_args* from) {
  require(from, "input");
  const carousel_run_args given = read_struct(from, "carousel_run_args");
  // What has so many rows or steps is not read, even to find out what else is wrong with it.
  detail::require_in("cross_check: batch", batch, 1, detail::kMostRows);
  detail::require_in("cross_check: steps", given.steps, 1, detail::kMostSteps);
  CheckInput input;
  if (given.x != nullptr) {
    input.x = sequence(given.x, given.steps, batch, model.input_size(), given.x_step_stride,
                       given.x_batch_stride);
  }
  if (given.ids != nullptr) {
    input.ids =
        sequence(given.ids, given.steps, batch, 1, given.x_step_stride, given.x_batch_stride);
  }
  if (given.lengths != nullptr) {
    input.lengths = {given.lengths, static_cast<std::size_t>(batch)};
  }
  return input;
}

CrossCheckOptions check_options(const carousel_check_options* from) {
  const carousel_check_options given = read_struct(from, "carousel_check_options");
  require_not_negative(given.threads, "carousel_check_options: threads");
  if (!(given.tolerance >= 0)) {
    refuse_argument(formatted("carousel_check_options: tolerance is {}, but must not be negative",
                              given.tolerance));
  }
  CrossCheckOptions options;
  if (given.backend != nullptr) options.choice = given.backend;
  if (given.threads > 0) options.threads = given.threads;
  if (given.tolerance > 0) options.tolerance = given.tolerance;
  return options;
}

carousel_check_pair pair_of(const CrossCheckReport& report, const CheckedPair& pair) {
  Divergence nowhere;
  nowhere.layer = -1;
  const Divergence& at = pair.divergence ? *pair.divergence : nowhere;
  return {.struct_size = 0,
          .first = report.backends[pair.first].id.c_str(),
          .second = report.backends[pair.second].id.c_str(),
          .ok = pair.agreement.ok,
          .same_bits = pair.same_bits,
          .max_abs = pair.agreement.max_abs,
          .max_ulp = pair.agreement.max_ulp,
          .nmse = pair.agreement.nmse,
          .outside = pair.agreement.outside,
          .count = pair.agreement.count,
          .layer = at.layer,
          .step = at.step,
          .row = at.row,
          .unit = at.unit,
          .direction = static_cast<std::int32_t>(at.direction)};
}

}  // namespace
}  // namespace carousel::c_api

using namespace carousel::c_api;

extern "C" {

carousel_status carousel_cross_check(const carousel_model* model, int64_t batch,
                                     const carousel_run_args* input,
                                     const carousel_check_options* options,
                                     carousel_check_report** report) {
  return guarded([&] {
    require_result(report, "report");
    require(model, "model");
    const carousel::CrossCheckOptions check_with = check_options(options);
    auto made =
        carousel::cross_check(model->model, check_input(model->model, batch, input), check_with);
    std::string text = carousel::describe(made);
    *report = new carousel_check_report{std::move(made), std::move(text)};
  });
}

bool carousel_check_ok(const carousel_check_report* report) {
  return report != nullptr && report->report.ok();
}

const char* carousel_check_text(const carousel_check_report* report) {
  return report == nullptr ? nullptr : report->text.c_str();
}

size_t carousel_check_pair_count(const carousel_check_report* report) {
  return report == nullptr ? 0 : report->report.pairs.size();
}

carousel_status carousel_check_get_pair(const carousel_check_report* report, size_t index,
                                        carousel_check_pair* pair) {
  return guarded([&] {
    require(report, "report");
    const auto& pairs = report->report.pairs;
    if (index >= pairs.size()) {
      refuse_argument(carousel::formatted("pair {} of {}", index, pairs.size()));
    }
    write_struct(pair_of(report->report, pairs[index]), pair, "pair");
  });
}

void carousel_check_free(carousel_check_report* report) { delete report; }
}
