// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "common_options.hpp"
#include "format.hpp"
#include "latency_core.hpp"
#include "model_facts.hpp"
#include "plan_option.hpp"
#include "table.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <memory>
#include <sched.h>

namespace carousel::cli {
namespace {

constexpr std::int64_t kDefaultSteps = 1024;
constexpr int kBarWidth = 40;

constexpr const char* kFooter =
    R"(Runs the network as a sound card's callback would: --block steps once per period, asleep in between,
the state carried on. Shown are how long the calls took, and how many took longer than a period. A
machine that does other things as well delays some calls by milliseconds whatever they do; with
--realtime (which needs the privilege) the system puts ours first and keeps its memory in place.

Examples:
  carousel latency amp.safetensors --period-us 1451 --block 64        64 samples at 44.1 kHz
  carousel latency vad.safetensors --period-us 10000 --realtime       one step every 10 ms
  carousel latency --shape 32,64,100,1 --period-us 1000 --seconds 20 --json

Exit code 1 when a call missed the deadline.)";

struct LatencyArguments {
  WorkloadOptions work;
  LatencyOptions latency;
  double period_us = 0.0;
  std::string backend;
  int threads = 1;
  PrecisionChoice precision{};
  Plan plan = Plan::estimate;
  bool realtime = false;
  bool json = false;
};

void ask_for_realtime() {
  const sched_param priority{.sched_priority = 10};
  if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0) {
    throw Error(ErrorCode::unsupported,
                std::string("--realtime: cannot set SCHED_FIFO: ") + std::strerror(errno));
  }
  if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
    throw Error(ErrorCode::unsupported,
                std::string("--realtime: cannot lock memory: ") + std::strerror(errno));
  }
}

struct Percentile {
  const char* name;
  double fraction;
};
constexpr Percentile kPercentiles[]{{"p50", 0.5}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1.0}};

Json to_json(const LatencyArguments& arguments, const Workload& work, const std::string& backend,
             const LatencyReport& report) {
  Json json = {{"network", work.network},
               {"backend", backend},
               {"block", arguments.latency.block},
               {"batch", work.batch},
               {"period_seconds", arguments.latency.period},
               {"calls", report.times.size()},
               {"missed", report.missed},
               {"latest_wake_seconds", report.latest_wake}};
  for (const Percentile& p : kPercentiles) json[p.name] = report.percentile(p.fraction);
  Json buckets = Json::array();
  for (const LatencyBucket& bucket : latency_histogram(report.times)) {
    buckets.push_back({{"limit_seconds", bucket.limit}, {"count", bucket.count}});
  }
  json["histogram"] = buckets;
  return json;
}

void print_histogram(const LatencyReport& report) {
  const auto buckets = latency_histogram(report.times);
  const auto most = std::ranges::max_element(buckets, {}, &LatencyBucket::count)->count;
  Table table({{"", "up to"}, {"", "calls"}, {"", " ", Align::left}});
  for (const LatencyBucket& bucket : buckets) {
    const double share = static_cast<double>(bucket.count) / static_cast<double>(most);
    table.add(
        {format_time(bucket.limit), format_count(bucket.count), format_bar(share, kBarWidth)});
  }
  table.print(std::cout);
}

void print_percentiles(const LatencyReport& report, double period) {
  Table table({{"", "percentile", Align::left}, {"", "a call took"}, {"", "of the period"}});
  for (const Percentile& p : kPercentiles) {
    const double time = report.percentile(p.fraction);
    table.add({std::string(p.name), format_time(time), format_percent(time / period)});
  }
  table.add({std::string("deadline"), format_time(period), std::string("100 %")});
  table.print(std::cout);
}

void print(const LatencyArguments& arguments, const Workload& work, const std::string& backend,
           const LatencyReport& report) {
  std::cout << work.network << ", " << work.data << '\n'
            << arguments.latency.block << " steps × " << work.batch << " rows every "
            << format_time(arguments.latency.period) << " by " << backend << "\n\n";
  print_histogram(report);
  std::cout << '\n';
  print_percentiles(report, arguments.latency.period);
  std::cout << '\n'
            << format_count(report.missed) << " of "
            << format_count(static_cast<std::int64_t>(report.times.size()))
            << " calls missed the deadline; the system woke us at most "
            << format_time(report.latest_wake) << " late\n";
}

int run(LatencyArguments& arguments) {
  arguments.latency.period = arguments.period_us * 1e-6;
  const Workload work =
      make_workload(arguments.work, std::max(kDefaultSteps, arguments.latency.block));
  const Network network = prepare(work.model, {.backend = arguments.backend,
                                               .threads = arguments.threads,
                                               .batch = work.batch,
                                               .steps = arguments.latency.block,
                                               .precision = arguments.precision.network,
                                               .layer_precisions = arguments.precision.layers,
                                               .plan = arguments.plan,
                                               .planning = planning_with_warnings()});
  if (arguments.realtime) ask_for_realtime();
  const LatencyReport report = measure_latency(network, work, arguments.latency);
  const std::string backend = backends_of(network);
  if (arguments.json) {
    print_json(to_json(arguments, work, backend, report));
  } else {
    print(arguments, work, backend, report);
  }
  return report.missed == 0 ? kOk : kCheckFailed;
}

void add_options(Parser& command, LatencyArguments& arguments) {
  add_workload_options(command, arguments.work);
  command.add_option("--period-us", arguments.period_us, "microseconds from one call to the next")
      .required()
      .range(1.0, 1e9);
  command.add_option("--block", arguments.latency.block, "steps per call")
      .show_default()
      .range(std::int64_t{1}, std::int64_t{1'000'000});
  command.add_option("--seconds", arguments.latency.seconds, "how long to go on")
      .show_default()
      .range(0.001, 86400.0);
  add_backend_option(command, arguments.backend);
  add_precision_options(command, arguments.precision);
  add_threads_option(command, arguments.threads);
  add_plan_option(command, arguments.plan);
  command.add_flag("--realtime", arguments.realtime, "real-time priority and locked memory");
  add_json_option(command, arguments.json);
}

}  // namespace

Command latency_command(Parser& app) {
  Parser command = app.add_subcommand(
      "latency", "Run a network like an audio callback: does it keep its deadline");
  auto arguments = std::make_shared<LatencyArguments>();
  add_options(command, *arguments);
  command.footer(kFooter);
  return {command, [arguments] { return run(*arguments); }};
}

}  // namespace carousel::cli
