// SPDX-License-Identifier: Apache-2.0
#include "unit/allocation_hooks.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>

namespace {

std::atomic<bool> armed{false};
std::atomic<long> allocations{0};
std::atomic<long> releases{0};

void note_allocation() {
  if (armed.load(std::memory_order_relaxed)) allocations.fetch_add(1, std::memory_order_relaxed);
}

void note_release() {
  if (armed.load(std::memory_order_relaxed)) releases.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

#if defined(CAROUSEL_TEST_ASAN)

// sanitizer/allocator_interface.h declares it, but Debian's g++ comes without that header.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*,
                                                                           std::size_t),
                                                         void (*on_free)(const volatile void*));

namespace {
[[maybe_unused]] const int installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { note_allocation(); },
    [](const volatile void*) { note_release(); });
}  // namespace

#else

// The program's own definitions come before the C library's for every library it loads; the C
// library's are still there under these names.
#pragma GCC visibility push(default)
extern "C" {
// NOLINTBEGIN(readability-identifier-naming)
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* pointer);
// NOLINTEND(readability-identifier-naming)

void* malloc(std::size_t size) {
  note_allocation();
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
  note_allocation();
  return __libc_calloc(count, size);
}

void* realloc(void* old, std::size_t size) {
  note_allocation();
  return __libc_realloc(old, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  note_allocation();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }

int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
  *result = memalign(alignment, size);
  return *result == nullptr ? ENOMEM : 0;
}

void free(void* pointer) {
  if (pointer != nullptr) note_release();
  __libc_free(pointer);
}
}
#pragma GCC visibility pop

#endif

namespace carousel::testing_support {

AllocationCount::AllocationCount() {
  allocations = 0;
  releases = 0;
  armed = true;
}

AllocationCount::~AllocationCount() { armed = false; }

long AllocationCount::allocated() const { return allocations; }
long AllocationCount::released() const { return releases; }

}  // namespace carousel::testing_support
