// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace carousel::failures {

/// A call of the public interface that is made again and again, each time with another allocation
/// that fails.
struct Repeated {
  std::string name;
  std::function<void()> call;
  std::function<void()> check{};  ///< After each time, failed or not, with allocations that work.
  bool throws = false;            ///< An Error, also when no allocation fails.
  bool keeps_memory = false;      ///< A cache grows, or a plug-in stays.
};

/// Fails the first allocation of the call, then the second, until there are no more; with
/// std::bad_alloc, then with other exceptions. Nothing but Error may come out of it, and
/// std::bad_alloc where that was thrown; nothing may leak, and the call works afterwards.
void fail_each_allocation(const Repeated& repeated);

}  // namespace carousel::failures
