// SPDX-License-Identifier: Apache-2.0
#include "parse.hpp"

#include <google/protobuf/io/coded_stream.h>

#include <cstdint>
#include <limits>
#include <string>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// A subgraph in a subgraph costs three levels; exporters stay below ten.
constexpr int kMaxNesting = 64;
constexpr int kMaxNodes = 1 << 18;
constexpr int kMaxTensors = 1 << 18;
constexpr int kMaxValues = 1 << 18;
constexpr std::int64_t kOldestOperatorSet = 6;

void require_at_most(std::string_view source, const char* what, int count, int most) {
  if (count <= most) return;
  fail(source, formatted("has {} {}; at most {} are read", count, what, most),
       ErrorCode::unsupported);
}

void check_limits(const schema::GraphProto& graph, std::string_view source) {
  require_at_most(source, "nodes", graph.node_size(), kMaxNodes);
  require_at_most(source, "initializers", graph.initializer_size(), kMaxTensors);
  require_at_most(source, "inputs", graph.input_size(), kMaxValues);
  require_at_most(source, "outputs", graph.output_size(), kMaxValues);
}

}  // namespace

std::int64_t operator_set(const schema::ModelProto& model) {
  std::int64_t version = 0;
  for (const schema::OperatorSetIdProto& set : model.opset_import()) {
    if (set.domain().empty() || set.domain() == "ai.onnx") version = set.version();
  }
  return version;
}

std::unique_ptr<schema::ModelProto> parse(std::span<const std::byte> bytes,
                                          std::string_view source) {
  if (bytes.size() > std::numeric_limits<std::int32_t>::max()) {
    fail(source, "is larger than 2 GiB, the most that one ONNX file can hold (use external data)",
         ErrorCode::unsupported);
  }
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(kMaxNesting);
  auto model = std::make_unique<schema::ModelProto>();
  if (!model->ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    fail(source,
         formatted("is not an ONNX file, or damaged, or nested more than {} deep", kMaxNesting));
  }
  if (!model->has_graph()) fail(source, "is not an ONNX file: it has no graph");
  check_limits(model->graph(), source);
  const std::int64_t version = operator_set(*model);
  if (version == 0) fail(source, "imports no operator set of the domain 'ai.onnx'");
  if (version < kOldestOperatorSet) {
    fail(source,
         formatted("uses operator set {}; {} or newer is needed", version, kOldestOperatorSet),
         ErrorCode::unsupported);
  }
  return model;
}

}  // namespace carousel::loading::onnx
