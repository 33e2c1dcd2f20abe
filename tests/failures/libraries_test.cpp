// SPDX-License-Identifier: Apache-2.0
// oneDNN and libzip that report failures: this program has functions of their names, which come
// before theirs.
#include "failures/samples.hpp"

#include <carousel/error.hpp>
#include <carousel/network.hpp>

#include <gtest/gtest.h>

#include <dlfcn.h>

#include <functional>
#include <new>

#if CAROUSEL_TEST_ONEDNN
#include <oneapi/dnnl/dnnl.h>
#endif
#if CAROUSEL_TEST_ZIP
#include <zip.h>
#endif

namespace carousel::failures {
namespace {

long calls_left = 0;  // until the call that fails; 0: none does
#if CAROUSEL_TEST_ONEDNN
dnnl_status_t onednn_failure = dnnl_success;
#endif

bool fails_now() noexcept { return calls_left > 0 && --calls_left == 0; }

/// The function of that name in the library.
template <class Function>
Function* next(Function* /*mine*/, const char* name) noexcept {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

/// Fails the first call of a library, then the second, until there are no more.
void fail_each_call(const std::function<void()>& work, ErrorCode expected) {
  bool failed = true;
  long n = 0;
  while (failed) {
    calls_left = ++n;
    std::string text;
    ErrorCode code{};
    try {
      work();
    } catch (const Error& error) {
      text = error.what();
      code = error.code();
    } catch (const std::bad_alloc&) {
      text = "out of memory";
      code = ErrorCode::out_of_memory;
    } catch (const std::exception& error) {
      ADD_FAILURE() << "call " << n << ": not an Error: " << error.what();
    }
    failed = calls_left == 0;
    calls_left = 0;
    if (failed) {
      EXPECT_EQ(static_cast<int>(code), static_cast<int>(expected)) << n << ": " << text;
      EXPECT_NE(text, "");
    }
  }
  EXPECT_GT(n, 3) << "no call was seen";
  work();
}

}  // namespace
}  // namespace carousel::failures

#define CAROUSEL_REAL(function) carousel::failures::next(&function, #function)

#pragma GCC visibility push(default)
extern "C" {
#if CAROUSEL_TEST_ONEDNN
#if DNNL_VERSION_MAJOR >= 3
using MemoryDescription = const_dnnl_memory_desc_t;
#else
using MemoryDescription = const dnnl_memory_desc_t*;
#endif
#define CAROUSEL_FAIL_ONEDNN \
  if (carousel::failures::fails_now()) return carousel::failures::onednn_failure

dnnl_status_t DNNL_API dnnl_memory_create(dnnl_memory_t* memory, MemoryDescription description,
                                          dnnl_engine_t engine, void* handle) {
  CAROUSEL_FAIL_ONEDNN;
  return CAROUSEL_REAL(dnnl_memory_create)(memory, description, engine, handle);
}
dnnl_status_t DNNL_API dnnl_primitive_create(dnnl_primitive_t* primitive,
                                             const_dnnl_primitive_desc_t description) {
  CAROUSEL_FAIL_ONEDNN;
  return CAROUSEL_REAL(dnnl_primitive_create)(primitive, description);
}
dnnl_status_t DNNL_API dnnl_stream_create(dnnl_stream_t* stream, dnnl_engine_t engine,
                                          unsigned flags) {
  CAROUSEL_FAIL_ONEDNN;
  return CAROUSEL_REAL(dnnl_stream_create)(stream, engine, flags);
}
dnnl_status_t DNNL_API dnnl_primitive_attr_create(dnnl_primitive_attr_t* attributes) {
  CAROUSEL_FAIL_ONEDNN;
  return CAROUSEL_REAL(dnnl_primitive_attr_create)(attributes);
}
#endif

#if CAROUSEL_TEST_ZIP
zip_source_t* zip_source_buffer_create(const void* data, zip_uint64_t size, int free_it,
                                       zip_error_t* error) {
  if (carousel::failures::fails_now()) return nullptr;
  return CAROUSEL_REAL(zip_source_buffer_create)(data, size, free_it, error);
}
zip_t* zip_open_from_source(zip_source_t* source, int flags, zip_error_t* error) {
  if (carousel::failures::fails_now()) return nullptr;
  return CAROUSEL_REAL(zip_open_from_source)(source, flags, error);
}
zip_int64_t zip_get_num_entries(zip_t* archive, zip_flags_t flags) {
  if (carousel::failures::fails_now()) return -1;
  return CAROUSEL_REAL(zip_get_num_entries)(archive, flags);
}
int zip_stat_index(zip_t* archive, zip_uint64_t index, zip_flags_t flags, zip_stat_t* stat) {
  if (carousel::failures::fails_now()) return -1;
  return CAROUSEL_REAL(zip_stat_index)(archive, index, flags, stat);
}
zip_file_t* zip_fopen_index(zip_t* archive, zip_uint64_t index, zip_flags_t flags) {
  if (carousel::failures::fails_now()) return nullptr;
  return CAROUSEL_REAL(zip_fopen_index)(archive, index, flags);
}
zip_int64_t zip_fread(zip_file_t* file, void* to, zip_uint64_t size) {
  if (carousel::failures::fails_now()) return -1;
  return CAROUSEL_REAL(zip_fread)(file, to, size);
}
#endif
}
#pragma GCC visibility pop

namespace carousel::failures {
namespace {

#if CAROUSEL_TEST_ONEDNN
/// Until a run: what fails when a layer or a stream is made is an Error with a code.
TEST(LibraryFailures, OneDnn) {
  const Model model = small_model();
  const auto work = [&] {
    const Network network = prepare(model, {.backend = "onednn"});
    static_cast<void>(network.stream({.batch = 2, .max_steps = 3}));
  };
  for (const dnnl_status_t status :
       {dnnl_out_of_memory, dnnl_invalid_arguments, dnnl_unimplemented, dnnl_runtime_error}) {
    onednn_failure = status;
    const bool memory = status == dnnl_out_of_memory;
    fail_each_call(work, memory ? ErrorCode::out_of_memory : ErrorCode::unsupported);
  }
}
#endif

#if CAROUSEL_TEST_ZIP
TEST(LibraryFailures, LibZip) {
  const std::vector<std::byte> bytes = seed("torch/lstm");
  fail_each_call([&] { static_cast<void>(load(bytes, "t", {.ignore_extra = true})); },
                 ErrorCode::bad_format);
}
#endif

}  // namespace
}  // namespace carousel::failures
