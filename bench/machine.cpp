// SPDX-License-Identifier: Apache-2.0
#include "machine.hpp"

#include "core/measure/limits.hpp"
#include "core/measure/statistics.hpp"
#include <timing.hpp>

#include <carousel/backend.hpp>
#include <carousel/cpu.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sched.h>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

namespace carousel::bench {
namespace {

using cli::Json;

double load_average() {
  double load = -1;
  return getloadavg(&load, 1) == 1 ? load : -1;
}

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "g++ " __VERSION__;
#endif
}

/// A message slot on a cache line of its own.
struct alignas(64) Slot {
  std::atomic<std::uint32_t> value{0};
};

constexpr std::uint32_t kStop = 0xffffffffU;

void answer(Slot& ping, Slot& pong) {
  for (std::uint32_t last = 0;;) {
    const std::uint32_t seen = ping.value.load(std::memory_order_acquire);
    if (seen == kStop) return;
    if (seen == last) continue;
    last = seen;
    pong.value.store(seen, std::memory_order_release);
  }
}

}  // namespace

cli::Json machine_json() {
  const CpuFeatures& features = cpu();
  utsname names{};
  uname(&names);
  const double memory =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  return {{"cpu", features.brand},
          {"vendor", features.vendor},
          {"features", features.names()},
          {"cores", std::max(1U, std::thread::hardware_concurrency())},
          {"l1d_bytes", features.l1d_bytes},
          {"l2_bytes", features.l2_bytes},
          {"l3_bytes", features.l3_bytes},
          {"memory_bytes", memory},
          {"system", std::string(names.sysname) + " " + names.release + " " + names.machine},
          {"load_average", load_average()}};
}

cli::Json versions_json() {
  Json json = {{"carousel", CAROUSEL_VERSION},
               {"compiler", compiler()},
               {"benchmark", CAROUSEL_BENCHMARK_VERSION}};
  Json described = Json::object();
  for (const BackendEntry& entry : backends()) {
    if (entry.backend == nullptr) continue;
    described[std::string(entry.name)] = entry.backend->description();
  }
  json["backends"] = std::move(described);
  return json;
}

std::string utc_time() {
  const std::time_t time = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> buffer{};
  std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return buffer.data();
}

std::string onednn_version() {
  for (const BackendEntry& entry : backends()) {
    if (entry.backend == nullptr || entry.name != "onednn") continue;
    const std::string text = entry.backend->description();
    const std::size_t begin = text.find_first_of("0123456789");
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find_first_not_of("0123456789.", begin) - begin);
  }
  return {};
}

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void wait_until_idle() {
  constexpr double kPause = 5e-3;
  for (int tries = 0; tries < 40; ++tries) {
    const double before = cpu_seconds();
    std::this_thread::sleep_for(std::chrono::duration<double>(kPause));
    if (cpu_seconds() - before < 0.1 * kPause) return;
  }
}

double core_round_trip_ns() {
  constexpr int kBatches = 200;
  constexpr std::uint32_t kMessages = 100;
  constexpr double kMostSeconds = 0.1;
  Slot ping;
  Slot pong;
  std::thread other([&] { answer(ping, pong); });
  std::vector<double> times;
  std::uint32_t message = 0;
  const double end = cli::now() + kMostSeconds;
  for (int batch = 0; batch < kBatches && (batch < 5 || cli::now() < end); ++batch) {
    const double start = cli::now();
    for (std::uint32_t i = 0; i < kMessages; ++i) {
      ping.value.store(++message, std::memory_order_release);
      while (pong.value.load(std::memory_order_acquire) != message) {
      }
    }
    times.push_back((cli::now() - start) / (2.0 * kMessages) * 1e9);
  }
  ping.value.store(kStop, std::memory_order_release);
  other.join();
  return quartiles(std::move(times)).low;
}

double two_core_share() {
  constexpr double kSeconds = 15e-3;  // short bursts keep their cores
  const LimitSampler one = core_sampler(4096, kSeconds);
  const double alone = one(0);
  std::atomic<bool> running{false};
  std::atomic<bool> done{false};
  cpu_set_t others{};
  sched_getaffinity(0, sizeof others, &others);
  const int core = sched_getcpu();
  if (core >= 0) CPU_CLR(static_cast<std::size_t>(core), &others);
  std::thread other([&] {
    // Else it begins on the caller's. An empty set, where there is no other, is refused.
    sched_setaffinity(0, sizeof others, &others);
    const LimitSampler another = core_sampler(4096);
    running = true;
    while (!done) another(0);
  });
  while (!running) {
  }
  const double beside = one(0);
  done = true;
  other.join();
  return alone / beside;
}

}  // namespace carousel::bench
