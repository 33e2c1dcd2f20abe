// SPDX-License-Identifier: Apache-2.0
#include "core/model/own_errors.hpp"
#include "core/model/formatted.hpp"

#include "core/model/quote.hpp"

#include <carousel/error.hpp>

#include <cxxabi.h>

#include <filesystem>
#include <new>
#include <stdexcept>

namespace carousel {
namespace {

std::string file_error_text(const std::filesystem::filesystem_error& error) {
  return formatted("{}: {}", escaped(error.path1().string()), error.code().message());
}

}  // namespace

void rethrow_as_own() {
  try {
    throw;
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
#if defined(__GLIBCXX__)
  } catch (const abi::__forced_unwind&) {
    throw;  // the end of a thread that is cancelled, which nobody may stop
#endif
  } catch (const ThrownByApplication& thrown) {
    std::rethrow_exception(thrown.exception);
  } catch (const std::length_error&) {
    throw Error(ErrorCode::out_of_memory, "out of memory: more elements than any memory has");
  } catch (const std::filesystem::filesystem_error& error) {
    throw Error(ErrorCode::file_access, file_error_text(error));
  } catch (const std::exception& error) {
    throw Error(ErrorCode::internal, std::string("internal error: ") + error.what());
  } catch (...) {
    throw Error(ErrorCode::internal, "internal error: an exception of unknown type");
  }
}

void rethrow_as_applications() {
#if defined(__GLIBCXX__)
  try {
    throw;
  } catch (const abi::__forced_unwind&) {
    throw;
  } catch (...) {
  }
#endif
  throw ThrownByApplication{std::current_exception()};
}

std::string handled_text() {
  try {
    rethrow_as_own();
  } catch (const Error& error) {
    return error.what();
  } catch (const std::bad_alloc&) {
    return "out of memory";
  }
}

}  // namespace carousel
