// SPDX-License-Identifier: Apache-2.0
#include "backends/onednn/scoped_threads.hpp"

#include "core/engine/forks.hpp"

#include <omp.h>

namespace carousel::onednn {

ScopedThreads::ScopedThreads(int threads) noexcept
    : threads_(omp_get_max_threads()), levels_(omp_get_max_active_levels()) {
  const bool alone = forks() > 0;
  omp_set_num_threads(alone ? 1 : threads);
  if (alone) omp_set_max_active_levels(0);
}

ScopedThreads::~ScopedThreads() {
  omp_set_num_threads(threads_);
  omp_set_max_active_levels(levels_);
}

}  // namespace carousel::onednn
