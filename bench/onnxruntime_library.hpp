// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <onnxruntime_c_api.h>
#include <string>

/// ONNX Runtime's C interface with errors as exceptions and handles that release themselves.
namespace carousel::bench::ort {

/// The library, opened at the first call and for good. Throws Error; see onnxruntime_version().
[[nodiscard]] const OrtApi& api();
[[nodiscard]] const std::string& version();  ///< likewise

/// Throws Error with the text of `status`, unless that is null: success.
void check(OrtStatus* status);

struct Release {
  void operator()(OrtEnv* env) const { api().ReleaseEnv(env); }
  void operator()(OrtSessionOptions* options) const { api().ReleaseSessionOptions(options); }
  void operator()(OrtSession* session) const { api().ReleaseSession(session); }
  void operator()(OrtMemoryInfo* info) const { api().ReleaseMemoryInfo(info); }
  void operator()(OrtValue* value) const { api().ReleaseValue(value); }
};

template <typename T>
using Handle = std::unique_ptr<T, Release>;

/// What `create`, one of the interface's functions, makes with the arguments before its last.
template <typename T, typename... Parameters, typename... Arguments>
Handle<T> make(OrtStatus*(ORT_API_CALL* create)(Parameters...), Arguments... arguments) {
  T* made = nullptr;
  check(create(arguments..., &made));
  return Handle<T>(made);
}

}  // namespace carousel::bench::ort
