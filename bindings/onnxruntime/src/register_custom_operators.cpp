// SPDX-License-Identifier: Apache-2.0
// The entry of the custom operators: what ONNX Runtime's RegisterCustomOpsLibrary looks up.
// https://onnxruntime.ai/docs/reference/operators/add-custom-op.html
#include "custom_operator.hpp"
#include "recurrent_node.hpp"

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace carousel::onnxruntime {
namespace {

constexpr std::uint32_t kOldestForOperators = 16;  // ONNX Runtime 1.16
constexpr std::uint32_t kFirstToInferShapes = 24;  // and to bear inputs that are left out
constexpr const char* kStandardDomain = "";

/// The three operators of one session's options.
class Operators {
 public:
  Operators(OrtSessionOptions& session, bool infers_shapes)
      : options_(custom_operator_options(session)),
        lstm_("LSTM", kOperatorInputs, 3, infers_shapes, options_),
        gru_("GRU", kInitialH + 1, 2, infers_shapes, options_),
        rnn_("RNN", kInitialH + 1, 2, infers_shapes, options_),
        domain_(kStandardDomain) {
    for (CustomOperator* each : {&lstm_, &gru_, &rnn_}) domain_.Add(each);
    Ort::ThrowOnError(Ort::GetApi().AddCustomOpDomain(&session, domain_));
  }

 private:
  KernelOptions options_;
  CustomOperator lstm_;
  CustomOperator gru_;
  CustomOperator rnn_;
  Ort::CustomOpDomain domain_;
};

/// ONNX Runtime uses them for as long as a session of these options lives, and does not say how
/// long that is: they live as long as the process.
void keep(std::unique_ptr<Operators> operators) {
  static std::mutex mutex;
  static auto& kept = *new std::vector<std::unique_ptr<Operators>>;
  const std::lock_guard lock(mutex);
  kept.push_back(std::move(operators));
}

}  // namespace
}  // namespace carousel::onnxruntime

extern "C" CAROUSEL_ONNXRUNTIME_EXPORT OrtStatus* RegisterCustomOps(OrtSessionOptions* session,
                                                                    const OrtApiBase* base) {
  using namespace carousel::onnxruntime;
  if (OrtStatus* too_old = take_api(*base, kOldestForOperators, "custom operators")) return too_old;
  return status_of([&] {
    keep(std::make_unique<Operators>(*session, version_of(*base) >= kFirstToInferShapes));
  });
}
