// SPDX-License-Identifier: Apache-2.0
#pragma once

#define ORT_API_MANUAL_INIT
#include <carousel/error.hpp>

#include <cstdint>
#include <exception>
#include <onnxruntime_cxx_api.h>
#undef ORT_API_MANUAL_INIT

/// Before a function that ONNX Runtime looks up.
#define CAROUSEL_ONNXRUNTIME_EXPORT __attribute__((visibility("default")))

/// ONNX Runtime's interface. Nothing of its library is linked: whoever loads this library hands
/// over the tables of functions.
namespace carousel::onnxruntime {

/// The N of ONNX Runtime 1.N, which is the newest version of the table of functions that it has.
[[nodiscard]] std::uint32_t version_of(const OrtApiBase& base);

/// Takes the newest table that both ONNX Runtime and the header have, for Ort::GetApi(); this is
/// what every entry of this library does first. Null, or where ONNX Runtime is older than
/// 1.`oldest`, a status that says what of Carousel needs a newer one.
[[nodiscard]] OrtStatus* take_api(const OrtApiBase& base, std::uint32_t oldest, const char* what);

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

/// The elements of a tensor, by a function that every version has: `GetTensorData` of
/// Ort::ConstValue needs ONNX Runtime 1.23.
template <class T>
[[nodiscard]] const T* elements(const OrtValue* tensor) {
  void* data = nullptr;
  Ort::ThrowOnError(Ort::GetApi().GetTensorMutableData(const_cast<OrtValue*>(tensor), &data));
  return static_cast<const T*>(data);
}

}  // namespace carousel::onnxruntime
