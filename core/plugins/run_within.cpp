// SPDX-License-Identifier: Apache-2.0
#include "core/plugins/run_within.hpp"

#include <carousel/error.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <system_error>
#include <thread>

namespace carousel::plugins {
namespace {

thread_local bool inside = false;

std::atomic<std::int64_t> limit_ms{10'000};

}  // namespace

bool run_within(std::chrono::milliseconds limit, std::function<void()> call) {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> result = done->get_future();
  try {
    std::thread thread([done, call = std::move(call)] {
      inside = true;
      try {
        call();
        done->set_value();
      } catch (...) {  // no memory for what a plug-in says
        done->set_exception(std::current_exception());
      }
    });
    if (result.wait_for(limit) == std::future_status::ready) {
      thread.join();
      result.get();
      return true;
    }
    thread.detach();
    return false;
  } catch (const std::system_error& error) {
    throw Error(ErrorCode::out_of_memory,
                std::string("no thread for a plug-in's call: ") + error.what());
  }
}

bool inside_plugin() noexcept { return inside; }

std::chrono::milliseconds time_limit() noexcept { return std::chrono::milliseconds(limit_ms); }

void set_time_limit(std::chrono::milliseconds limit) noexcept { limit_ms = limit.count(); }

}  // namespace carousel::plugins
