// SPDX-License-Identifier: Apache-2.0
#include "provider.hpp"

#include "graph_node.hpp"
#include "neighbours.hpp"
#include "recurrent_kernel.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace carousel::onnxruntime {
namespace {

/// A kernel as ONNX Runtime calls it; all runs of a session share it.
struct ComputeInfo : OrtNodeComputeInfo {
  ComputeInfo(const RecurrentNode& node, Wiring wiring, const KernelOptions& options)
      : OrtNodeComputeInfo{}, kernel(node, std::move(wiring), options) {
    ort_version_supported = ORT_API_VERSION;
    CreateState = [](OrtNodeComputeInfo* self, OrtNodeComputeContext*, void** state) -> OrtStatus* {
      *state = self;
      return nullptr;
    };
    Compute = [](OrtNodeComputeInfo* self, void*, OrtKernelContext* context) -> OrtStatus* {
      return status_of(
          [&] { static_cast<ComputeInfo*>(self)->kernel.compute(Ort::KernelContext(context)); });
    };
    ReleaseState = [](OrtNodeComputeInfo*, void*) {};
  }

  RecurrentKernel kernel;
};

/// A tensor of its own with the elements of a constant.
Ort::Value copy_constant(const Ort::ConstValue& constant) {
  Ort::AllocatorWithDefaultOptions allocator;
  const Ort::TensorTypeAndShapeInfo info = constant.GetTensorTypeAndShapeInfo();
  const std::vector<std::int64_t> shape = info.GetShape();
  Ort::Value copy =
      Ort::Value::CreateTensor(allocator, shape.data(), shape.size(), info.GetElementType());
  std::size_t bytes = 0;
  Ort::ThrowOnError(Ort::GetApi().GetTensorSizeInBytes(constant, &bytes));
  const auto* from = static_cast<const std::byte*>(constant.GetTensorRawData());
  std::copy_n(from, bytes, static_cast<std::byte*>(copy.GetTensorMutableRawData()));
  return copy;
}

std::optional<std::size_t> position(const std::vector<Ort::ConstValueInfo>& values,
                                    const std::string& name) {
  if (name.empty()) return std::nullopt;
  const auto found =
      std::ranges::find_if(values, [&](const auto& value) { return value.GetName() == name; });
  if (found == values.end()) return std::nullopt;
  return static_cast<std::size_t>(found - values.begin());
}

/// The fused node that stands for `node` has each of its values once, without constants, in an
/// order of its own.
Wiring wire(const RecurrentNode& node, const Ort::ConstNode& fused) {
  Wiring wiring;
  const std::vector<Ort::ConstValueInfo> inputs = fused.GetInputs();
  const std::vector<Ort::ConstValueInfo> outputs = fused.GetOutputs();
  for (const std::size_t k : {kX, kLengths, kInitialH, kInitialC}) {
    const NodeValue& value = node.inputs.at(k);
    if (value.constant) {
      wiring.inputs.at(k) = copy_constant(*value.constant);
    } else if (const auto found = position(inputs, value.name)) {
      wiring.inputs.at(k) = *found;
    } else if (value.exists()) {
      throw Error(ErrorCode::internal, node.where + ": '" + value.name + "' is not given to it");
    }
  }
  for (std::size_t k = 0; k < kOperatorOutputs; ++k) {
    wiring.outputs.at(k) = position(outputs, node.outputs.at(k));
  }
  return wiring;
}

void log_left_alone(const OrtLogger& logger, const char* reason) {
  const std::string text = std::string("left to ONNX Runtime: ") + reason;
  Ort::ThrowOnError(Ort::GetApi().Logger_LogMessage(&logger, ORT_LOGGING_LEVEL_INFO, text.c_str(),
                                                    ORT_FILE, __LINE__, "carousel"));
}

/// A recurrent node with what can be taken of its neighbours; nothing for nodes that are none, and
/// for those that Carousel cannot run.
std::optional<FusedNode> claimed_node(const Ort::ConstNode& node, const NodeIds& available,
                                      const OrtLogger& logger) {
  if (!is_recurrent(node)) return std::nullopt;
  try {
    return fuse(node, available);
  } catch (const Error& error) {
    log_left_alone(logger, error.what());
    return std::nullopt;
  }
}

}  // namespace

Provider::Provider(std::string name, KernelOptions options, const OrtLogger& logger)
    : OrtEp{}, name_(std::move(name)), options_(std::move(options)), logger_(logger) {
  ort_version_supported = ORT_API_VERSION;
  GetName = [](const OrtEp* self) noexcept {
    return static_cast<const Provider*>(self)->name_.c_str();
  };
  GetCapability = [](OrtEp* self, const OrtGraph* graph, OrtEpGraphSupportInfo* claimed) noexcept {
    return status_of([&] { claim(*graph, *claimed, static_cast<Provider*>(self)->logger_); });
  };
  Compile = [](OrtEp* self, const OrtGraph** graphs, const OrtNode** fused, std::size_t count,
               OrtNodeComputeInfo** infos, OrtNode**) noexcept {
    return status_of([&] {
      for (std::size_t k = 0; k < count; ++k) {
        infos[k] = static_cast<Provider*>(self)->compile(*graphs[k], *fused[k]);
      }
    });
  };
  ReleaseNodeComputeInfos = [](OrtEp*, OrtNodeComputeInfo** infos, std::size_t count) noexcept {
    for (std::size_t k = 0; k < count; ++k) delete static_cast<ComputeInfo*>(infos[k]);
  };
}

void Provider::claim(const OrtGraph& graph, OrtEpGraphSupportInfo& claimed,
                     const OrtLogger& logger) {
  OrtNodeFusionOptions fusion{};
  fusion.ort_version_supported = ORT_API_VERSION;
  fusion.drop_constant_initializers = true;
  const std::vector<Ort::ConstNode> nodes = Ort::ConstGraph(&graph).GetNodes();
  NodeIds available = ids_of(nodes);
  for (const Ort::ConstNode& node : nodes) {
    const std::optional<FusedNode> fused = claimed_node(node, available, logger);
    if (!fused) continue;
    std::vector<const OrtNode*> claims(fused->nodes.begin(), fused->nodes.end());
    Ort::ThrowOnError(Ort::GetEpApi().EpGraphSupportInfo_AddNodesToFuse(&claimed, claims.data(),
                                                                        claims.size(), &fusion));
    for (const Ort::ConstNode& taken : fused->nodes) available.erase(taken.GetId());
  }
}

OrtNodeComputeInfo* Provider::compile(const OrtGraph& graph, const OrtNode& fused) const {
  const std::vector<Ort::ConstNode> nodes = Ort::ConstGraph(&graph).GetNodes();
  const auto recurrent = std::ranges::find_if(nodes, is_recurrent);
  if (recurrent == nodes.end()) throw Error(ErrorCode::internal, "a claimed node is not there");
  const FusedNode claim = fuse(*recurrent, ids_of(nodes));
  if (claim.nodes.size() != nodes.size()) {
    throw Error(ErrorCode::internal, claim.recurrent.where + ": its neighbours are not the same");
  }
  Wiring wiring = wire(claim.recurrent, Ort::ConstNode(&fused));
  return std::make_unique<ComputeInfo>(claim.recurrent, std::move(wiring), options_).release();
}

}  // namespace carousel::onnxruntime
