// SPDX-License-Identifier: Apache-2.0
// In builds without ONNX Runtime's header or without ONNX files.
#include "onnxruntime.hpp"

#include <carousel/error.hpp>

namespace carousel::bench {
namespace {

[[noreturn]] void refuse() {
  throw Error(ErrorCode::unsupported,
              std::string("--peers: this carousel_bench was built without ONNX Runtime, since "
                          "CMake found no " CAROUSEL_ONNXRUNTIME_MISSING ".\n") +
                  kOnnxRuntimeSources);
}

}  // namespace

std::string onnxruntime_version() { refuse(); }

std::unique_ptr<Runner> onnxruntime_runner(const Work& /*work*/, int /*threads*/,
                                           Precision /*precision*/) {
  refuse();
}

std::unique_ptr<NetworkSubject> onnxruntime_network(const NetworkCase& /*network*/) { refuse(); }

}  // namespace carousel::bench
