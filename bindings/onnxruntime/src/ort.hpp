// SPDX-License-Identifier: Apache-2.0
#pragma once

#define ORT_API_MANUAL_INIT
#include <carousel/error.hpp>

#include <exception>
#include <onnxruntime_cxx_api.h>
#undef ORT_API_MANUAL_INIT

/// Before a function that ONNX Runtime looks up.
#define CAROUSEL_ONNXRUNTIME_EXPORT __attribute__((visibility("default")))

/// ONNX Runtime's interface. Nothing of its library is linked: whoever loads this library hands
/// over the tables of functions.
namespace carousel::onnxruntime {

[[nodiscard]] inline OrtErrorCode status_code(ErrorCode code) noexcept {
  if (code == ErrorCode::invalid_argument) return ORT_INVALID_ARGUMENT;
  return code == ErrorCode::unsupported ? ORT_NOT_IMPLEMENTED : ORT_FAIL;
}

/// Runs `work`; what it throws becomes the status that ONNX Runtime is given. Null: success.
template <class Work>
[[nodiscard]] OrtStatus* status_of(const Work& work) noexcept {
  try {
    work();
    return nullptr;
  } catch (const Error& error) {
    return Ort::GetApi().CreateStatus(status_code(error.code()), error.what());
  } catch (const Ort::Exception& error) {
    return Ort::GetApi().CreateStatus(error.GetOrtErrorCode(), error.what());
  } catch (const std::exception& error) {
    return Ort::GetApi().CreateStatus(ORT_FAIL, error.what());
  }
}

}  // namespace carousel::onnxruntime
