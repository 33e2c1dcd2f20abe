// SPDX-License-Identifier: Apache-2.0
// `parallel` where there are no threads: the caller does all of the work.
#include "parallel.hpp"

namespace carousel {

void parallel(int /*threads*/, void (*task)(void*, int, int), void* context) noexcept {
  task(context, 0, 1);
}

int worthwhile_threads(int /*threads*/, double /*seconds*/) noexcept { return 1; }

void waited_in_vain(double /*seconds*/) noexcept {}

void warm_up_threads(int /*threads*/) noexcept {}

}  // namespace carousel
