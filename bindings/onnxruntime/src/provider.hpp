// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "options.hpp"
#include "ort.hpp"

#include <string>

namespace carousel::onnxruntime {

/// The execution provider of one session: claims the recurrent nodes that Carousel can run, each as
/// a node of its own, also in the branches of If and the bodies of loops.
class Provider : public OrtEp {
 public:
  /// `logger` is told, at level INFO, which recurrent nodes are left to ONNX Runtime and why.
  Provider(std::string name, KernelOptions options, const OrtLogger& logger);

 private:
  static void claim(const OrtGraph& graph, OrtEpGraphSupportInfo& claimed, const OrtLogger& logger);
  [[nodiscard]] OrtNodeComputeInfo* compile(const OrtGraph& graph, const OrtNode& fused) const;

  std::string name_;
  KernelOptions options_;
  const OrtLogger& logger_;
};

}  // namespace carousel::onnxruntime
