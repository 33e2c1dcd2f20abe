// SPDX-License-Identifier: Apache-2.0
// Convolutions within frames and along time.
#include "core/verify/conformance/network_builder.hpp"

#include <array>

namespace carousel::conformance {
namespace {

void add_calls(std::vector<Case>& table, const ConvolutionSpec& spec) {
  NetworkBuilder network(input_size(LayerSpec(spec)));
  network.add(spec);
  const auto add = [&](Case call) {
    table.push_back(network.done("convolution", label_of(spec), std::move(call)));
  };
  add({.steps = 7});
  add({.batch = 1, .steps = 6, .y_layout = Layout::batch_first_padded, .initial_state = true});
  add({.batch = 5,
       .steps = 9,
       .lengths = Lengths::random,
       .x_layout = Layout::batch_first_padded,
       .y_layout = Layout::steps_first_padded,
       .initial_state = true,
       .threads = 2});
}

std::vector<ConvolutionSpec> frame_specs() {
  return {
      {.in_channels = 1, .out_channels = 1, .kernel_size = 3, .length = 5},
      {.in_channels = 3, .out_channels = 17, .kernel_size = 1, .length = 4},
      {.in_channels = 4, .out_channels = 8, .kernel_size = 4, .length = 9, .stride = 2},
      {.in_channels = 5, .out_channels = 33, .kernel_size = 3, .length = 8, .bias = false},
      {.in_channels = 2, .out_channels = 6, .kernel_size = 6, .length = 6},
      {.in_channels = 3,
       .out_channels = 5,
       .kernel_size = 3,
       .length = 7,
       .stride = 2,
       .pad_begin = 1,
       .pad_end = 1},
      {.in_channels = 2,
       .out_channels = 7,
       .kernel_size = 5,
       .length = 9,
       .pad_begin = 3,
       .pad_end = 0,
       .padding = PaddingMode::reflect},
      {.in_channels = 2,
       .out_channels = 4,
       .kernel_size = 3,
       .length = 6,
       .pad_begin = 2,
       .pad_end = 4,
       .padding = PaddingMode::edge},
      {.in_channels = 3,
       .out_channels = 6,
       .kernel_size = 3,
       .length = 11,
       .dilation = 3,
       .pad_begin = 2,
       .pad_end = 1},
      {.in_channels = 6,
       .out_channels = 10,
       .kernel_size = 3,
       .length = 7,
       .groups = 2,
       .pad_begin = 1,
       .pad_end = 1},
      {.in_channels = 4,
       .out_channels = 8,
       .kernel_size = 2,
       .length = 9,
       .stride = 2,
       .dilation = 2,
       .groups = 4},
      {.in_channels = 19,
       .out_channels = 19,
       .kernel_size = 3,
       .length = 5,
       .groups = 19,
       .pad_begin = 1,
       .pad_end = 1},
      {.in_channels = 8,
       .out_channels = 8,
       .kernel_size = 3,
       .length = 9,
       .stride = 2,
       .dilation = 2,
       .groups = 8,
       .bias = false},
      {.in_channels = 1, .out_channels = 20, .kernel_size = 64, .length = 300, .stride = 16},
  };
}

std::vector<ConvolutionSpec> transposed_specs() {
  std::vector<ConvolutionSpec> specs{
      {.in_channels = 3, .out_channels = 5, .kernel_size = 3, .length = 4},
      {.in_channels = 4,
       .out_channels = 2,
       .kernel_size = 4,
       .length = 5,
       .stride = 2,
       .pad_begin = 1,
       .pad_end = 1},
      {.in_channels = 2,
       .out_channels = 6,
       .kernel_size = 3,
       .length = 4,
       .stride = 3,
       .dilation = 2,
       .groups = 2,
       .pad_begin = 2,
       .pad_end = 0,
       .output_padding = 2},
      {.in_channels = 5,
       .out_channels = 5,
       .kernel_size = 2,
       .length = 3,
       .stride = 2,
       .groups = 5,
       .bias = false},
      {.in_channels = 2,
       .out_channels = 3,
       .kernel_size = 2,
       .length = 6,
       .pad_begin = 3,
       .pad_end = 2},
  };
  for (ConvolutionSpec& spec : specs) spec.transposed = true;
  return specs;
}

std::vector<ConvolutionSpec> time_specs() {
  return {
      {.in_channels = 6, .out_channels = 9, .kernel_size = 1},
      {.in_channels = 6, .out_channels = 9, .kernel_size = 1, .stride = 2},
      {.in_channels = 5, .out_channels = 17, .kernel_size = 3},
      {.in_channels = 5, .out_channels = 8, .kernel_size = 3, .pad_begin = 1, .pad_end = 1},
      {.in_channels = 3,
       .out_channels = 4,
       .kernel_size = 3,
       .stride = 2,
       .pad_begin = 1,
       .pad_end = 1,
       .padding = PaddingMode::reflect},
      {.in_channels = 3,
       .out_channels = 4,
       .kernel_size = 5,
       .pad_begin = 4,
       .pad_end = 4,
       .padding = PaddingMode::edge},
      {.in_channels = 4,
       .out_channels = 6,
       .kernel_size = 3,
       .dilation = 2,
       .groups = 2,
       .pad_begin = 2,
       .pad_end = 2},
      {.in_channels = 18,
       .out_channels = 18,
       .kernel_size = 3,
       .groups = 18,
       .pad_begin = 1,
       .pad_end = 1},
  };
}

std::vector<ConvolutionSpec> causal_specs() {
  std::vector<ConvolutionSpec> specs{
      {.in_channels = 7, .out_channels = 5, .kernel_size = 1},
      {.in_channels = 1, .out_channels = 16, .kernel_size = 4},
      {.in_channels = 9, .out_channels = 33, .kernel_size = 3},
      {.in_channels = 4, .out_channels = 8, .kernel_size = 3, .dilation = 4},
      {.in_channels = 6, .out_channels = 9, .kernel_size = 2, .groups = 3, .bias = false},
      {.in_channels = 20, .out_channels = 20, .kernel_size = 3, .dilation = 2, .groups = 20},
  };
  for (ConvolutionSpec& spec : specs) {
    spec.causal = true;
    spec.pad_begin = spec.span() - 1;
  }
  return specs;
}

/// In pieces of any size the same as whole.
void add_streaming(std::vector<Case>& table, const ConvolutionSpec& spec) {
  NetworkBuilder network(spec.in_channels);
  network.add(spec);
  for (const int chunk : {1, 2, 5}) {
    for (const int max_steps : {0, 2}) {
      table.push_back(network.done("convolution", label_of(spec),
                                   {.batch = 3,
                                    .steps = 11,
                                    .initial_state = true,
                                    .chunk = chunk,
                                    .max_steps = max_steps}));
    }
  }
  // Past a row's end it gives what follows from the pieces, which a recurrent layer does not see.
  network.add(make_spec(Cell::lstm, spec.out_channels, 6));
  table.push_back(network.done(
      "convolution", label_of(spec) + "-lstm",
      {.batch = 5, .steps = 11, .lengths = Lengths::random, .initial_state = true, .chunk = 3}));
}

void add_unusual_inputs(std::vector<Case>& table) {
  for (const ConvolutionSpec& spec : {frame_specs()[5], frame_specs()[11], causal_specs()[2]}) {
    NetworkBuilder network(input_size(LayerSpec(spec)));
    network.add(spec);
    for (const Inputs inputs : {Inputs::zero, Inputs::denormal, Inputs::nan_in_a_row,
                                Inputs::inf_in_a_row, Inputs::huge}) {
      table.push_back(network.done("convolution", label_of(spec),
                                   {.batch = 3, .inputs = inputs, .chaotic = true}));
    }
    table.push_back(network.done("convolution", label_of(spec), {.batch = 0}));
    table.push_back(network.done("convolution", label_of(spec), {.batch = 40, .steps = 30}));
  }
}

/// What networks of convolutions look like: pooling, normalization, a residual, a head.
void add_network(std::vector<Case>& table) {
  NetworkBuilder network(20);
  network.add(ConvolutionSpec{.in_channels = 2,
                              .out_channels = 8,
                              .kernel_size = 3,
                              .length = 10,
                              .pad_begin = 1,
                              .pad_end = 1},
              "conv", {"x"});
  network.add(ActivationSpec{{ActivationKind::relu}, 80}, "relu");
  network.add(ConvolutionSpec{.in_channels = 8,
                              .out_channels = 8,
                              .kernel_size = 3,
                              .length = 10,
                              .pad_begin = 1,
                              .pad_end = 1},
              "conv2");
  network.add(ElementwiseSpec{ElementwiseOperation::add, 80}, "sum", {"conv2", "relu"});
  network.add(NormalizationSpec{.size = 80, .group = 8, .epsilon = 0.1F}, "norm");
  network.add(make_spec(Cell::gru, 80, 12), "gru");
  network.add(DenseSpec{12, 3}, "head");
  for (const int chunk : {0, 2}) {
    table.push_back(network.done("convolution", "network",
                                 {.batch = 4,
                                  .steps = 5,
                                  .lengths = Lengths::random,
                                  .initial_state = true,
                                  .chunk = chunk}));
  }
}

}  // namespace

void add_convolutions(std::vector<Case>& table) {
  for (const auto& specs : {frame_specs(), transposed_specs(), time_specs(), causal_specs()}) {
    for (const ConvolutionSpec& spec : specs) add_calls(table, spec);
  }
  for (const ConvolutionSpec& spec : causal_specs()) add_streaming(table, spec);
  add_unusual_inputs(table);
  add_network(table);
}

}  // namespace carousel::conformance
