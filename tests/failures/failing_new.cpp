// SPDX-License-Identifier: Apache-2.0
#include "failures/failing_new.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <system_error>

namespace {

using carousel::failures::Failure;

std::atomic<long> left{0};  // until the allocation that fails; 0: none does
std::atomic<bool> reached{false};
std::atomic<long> blocks{0};
std::atomic<Failure> kind{Failure::bad_alloc_once};
// Made beforehand: what is thrown here must not allocate.
const std::filesystem::filesystem_error kFilesystemError(
    "status", "/some/folder", std::make_error_code(std::errc::permission_denied));
const std::length_error kLengthError("vector::_M_default_append");
const std::runtime_error kRuntimeError("a text of some library");

void fail_if_due() {
  if (left.load() == 0) return;
  if (left.fetch_sub(1) != 1) return;
  reached = true;
  left = kind == Failure::bad_alloc_from_then_on ? 1 : 0;
  switch (kind) {
    case Failure::length_error: throw std::length_error(kLengthError);
    case Failure::filesystem_error: throw std::filesystem::filesystem_error(kFilesystemError);
    case Failure::runtime_error: throw std::runtime_error(kRuntimeError);
    case Failure::number: throw 42;
    default: throw std::bad_alloc();
  }
}

void* counted(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  blocks.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

void* allocate(std::size_t size) {
  fail_if_due();
  return counted(std::malloc(size == 0 ? 1 : size));
}

void* allocate(std::size_t size, std::align_val_t alignment) {
  fail_if_due();
  const auto unit = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(unit, (size + unit - 1) / unit * unit));
}

void release(void* memory) noexcept {
  if (memory != nullptr) blocks.fetch_sub(1, std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

// The forms that are not here call those that are.
#pragma GCC visibility push(default)
void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return allocate(size, alignment);
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete[](void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }
// The standard library's would not let through what is not std::bad_alloc, and not call these two
// where a sanitizer has its own.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return allocate(size);
  } catch (...) {
    return nullptr;
  }
}
void operator delete(void* memory, const std::nothrow_t&) noexcept { release(memory); }
#pragma GCC visibility pop

namespace carousel::failures {

FailingAllocation::FailingAllocation(long n, Failure failure) noexcept {
  kind = failure;
  reached = false;
  left = n;
}

FailingAllocation::~FailingAllocation() { left = 0; }

bool FailingAllocation::end() noexcept {
  left = 0;
  return reached;
}

long live_blocks() noexcept { return blocks; }

}  // namespace carousel::failures
