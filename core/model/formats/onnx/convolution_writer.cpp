// SPDX-License-Identifier: Apache-2.0
#include "convolution_writer.hpp"

#include "stored_array.hpp"

#include "core/model/formatted.hpp"

#include <array>

namespace carousel::loading::onnx {
namespace {

using Place = FrameWriter::Place;

/// A convolution whose input is [batch, channels, positions], as ONNX has it.
class ConvolutionWriter {
 public:
  ConvolutionWriter(GraphWriter& graph, const ConvolutionSpec& spec, const Weights& weights,
                    const Place& place)
      : graph_(graph), spec_(spec), weights_(weights), place_(place) {}

  /// [steps, batch, channels] to [batch, channels, steps] and back.
  void write_along_time() {
    const std::string x = node("Transpose", {place_.inputs.front()}, "rows", {1, 2, 0});
    const std::string y = convolve(x);
    graph_.node("Transpose", {y}, {place_.output}).integers("perm", {2, 0, 1});
  }

  /// [steps, batch, positions * channels] to [steps * batch, channels, positions] and back.
  void write_within_frames() {
    const std::string& input = place_.inputs.front();
    const std::string frames = graph_.reserve(place_.name + ".frames");
    graph_.node("Reshape", {input, integers("shape", {-1, spec_.length, spec_.in_channels})},
                {frames});
    const std::string y = convolve(node("Transpose", {frames}, "channels", {0, 2, 1}));
    const std::string positions = node("Transpose", {y}, "positions", {0, 2, 1});
    graph_.node("Reshape", {positions, shape_of_result(input)}, {place_.output});
  }

 private:
  std::string node(const char* op, const std::vector<std::string>& inputs, const char* what,
                   std::initializer_list<std::int64_t> perm) {
    std::string output = graph_.reserve(formatted("{}.{}", place_.name, what));
    graph_.node(op, inputs, {output}).integers("perm", perm);
    return output;
  }

  std::string integers(const char* what, std::initializer_list<std::int64_t> values) {
    return graph_.integers(formatted("{}.{}", place_.name, what),
                           std::vector<std::int64_t>(values));
  }

  /// Steps and batch of the input, and the features that come out.
  std::string shape_of_result(const std::string& input) {
    const std::string sizes = graph_.reserve(place_.name + ".sizes");
    graph_.node("Shape", {input}, {sizes});
    const std::string rows = graph_.reserve(place_.name + ".outer");
    graph_.node("Slice", {sizes, integers("from", {0}), integers("to", {2})}, {rows});
    std::string shape = graph_.reserve(place_.name + ".result");
    graph_.node("Concat", {rows, integers("features", {-1})}, {shape}).integer("axis", 0);
    return shape;
  }

  std::string padded(const std::string& x) {
    std::string y = graph_.reserve(place_.name + ".padded");
    graph_.node("Pad", {x, integers("pads", {0, 0, spec_.pad_begin, 0, 0, spec_.pad_end})}, {y})
        .text("mode", name(spec_.padding));
    return y;
  }

  std::string convolve(std::string x) {
    const bool zeros = spec_.padding == PaddingMode::zeros;
    if (!zeros) x = padded(x);
    const std::int64_t from = spec_.transposed ? spec_.in_channels : spec_.out_channels;
    const std::int64_t to = spec_.transposed ? spec_.out_channels : spec_.in_channels;
    std::vector<std::string> inputs{
        x, graph_.weight(place_.name + ".weight", {from, to / spec_.groups, spec_.kernel_size},
                         stored_array(find_weight(weights_, "weight")))};
    if (spec_.bias) {
      inputs.push_back(graph_.weight(place_.name + ".bias", {spec_.out_channels},
                                     stored_array(find_weight(weights_, "bias"))));
    }
    std::string y = graph_.reserve(place_.name + ".convolved");
    AttributeWriter attributes =
        graph_.node(spec_.transposed ? "ConvTranspose" : "Conv", inputs, {y});
    attributes.integers("kernel_shape", {spec_.kernel_size})
        .integers("strides", {spec_.stride})
        .integers("dilations", {spec_.dilation})
        .integer("group", spec_.groups)
        .integers("pads", {zeros ? spec_.pad_begin : 0, zeros ? spec_.pad_end : 0});
    if (spec_.transposed) attributes.integers("output_padding", {spec_.output_padding});
    return y;
  }

  GraphWriter& graph_;
  const ConvolutionSpec& spec_;
  const Weights& weights_;
  const Place& place_;
};

}  // namespace

void write_convolution(GraphWriter& graph, const ConvolutionSpec& spec, const Weights& weights,
                       const Place& place) {
  ConvolutionWriter writer(graph, spec, weights, place);
  if (spec.along_time()) {
    writer.write_along_time();
  } else {
    writer.write_within_frames();
  }
}

}  // namespace carousel::loading::onnx
