// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "session.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace carousel::onnxruntime_test {

/// A folder with model.onnx and input_NAME.npy; with calls.json the model is called once for each
/// entry of the first axis of each input, some outputs becoming inputs of the next call.
class RealCase {
 public:
  explicit RealCase(const std::filesystem::path& folder);

  /// The outputs of all calls, which begin with states of zeros.
  [[nodiscard]] std::vector<Tensors> run(Ort::Session& session);
  [[nodiscard]] const Tensors& first_inputs() const noexcept { return calls_.front(); }
  [[nodiscard]] std::size_t calls() const noexcept { return calls_.size(); }

 private:
  void add_input(const std::filesystem::path& file, const std::string& name,
                 ONNXTensorElementDataType type, bool in_calls);
  /// A carried or fixed input that has no file.
  void add_other(const std::string& name, const Ort::ConstTensorTypeAndShapeInfo& info,
                 const std::map<std::string, double>& fixed);

  std::vector<Tensors> calls_{1};
  std::map<std::string, std::string> carried_{};  ///< Input by output.
};

}  // namespace carousel::onnxruntime_test
