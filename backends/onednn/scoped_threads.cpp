// SPDX-License-Identifier: Apache-2.0
#include "backends/onednn/scoped_threads.hpp"

#include <omp.h>

namespace carousel::onednn {

ScopedThreads::ScopedThreads(int threads) noexcept : saved_(omp_get_max_threads()) {
  omp_set_num_threads(threads);
}

ScopedThreads::~ScopedThreads() { omp_set_num_threads(saved_); }

}  // namespace carousel::onednn
