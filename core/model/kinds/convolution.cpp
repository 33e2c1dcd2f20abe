// SPDX-License-Identifier: Apache-2.0
#include "core/model/formatted.hpp"
#include "core/model/kinds/checks.hpp"
#include "core/model/kinds/kinds.hpp"

#include <algorithm>

namespace carousel {

std::string_view name(PaddingMode mode) noexcept {
  switch (mode) {
    case PaddingMode::zeros: return "zeros";
    case PaddingMode::reflect: return "reflect";
    case PaddingMode::edge: return "edge";
  }
  return "?";
}

namespace kinds {
namespace {

void check_transposed(const ConvolutionSpec& spec) {
  if (!spec.transposed) {
    if (spec.output_padding != 0) refuse("output_padding is for a transposed convolution only");
    return;
  }
  if (spec.along_time()) refuse("a transposed convolution along time is not supported");
  if (spec.padding != PaddingMode::zeros) refuse("a transposed convolution is padded with zeros");
  if (spec.output_padding >= std::max(spec.stride, spec.dilation)) {
    refuse("output_padding must be less than stride or dilation");
  }
}

void check_causal(const ConvolutionSpec& spec) {
  if (!spec.causal) return;
  const bool fits = spec.along_time() && spec.stride == 1 && spec.padding == PaddingMode::zeros &&
                    !spec.transposed && spec.pad_begin == spec.span() - 1 && spec.pad_end == 0;
  if (!fits) {
    refuse(
        "a causal convolution goes along time, with stride 1, zeros, and dilation * (kernel_size - "
        "1) positions of padding at the beginning");
  }
}

void check_reflection(const ConvolutionSpec& spec) {
  const std::int64_t most = std::max(spec.pad_begin, spec.pad_end);
  if (spec.padding == PaddingMode::reflect && !spec.along_time() && most >= spec.length) {
    refuse(
        formatted("reflected padding of {} must be less than the length, {}", most, spec.length));
  }
}

std::string padding_text(const ConvolutionSpec& spec) {
  if (spec.causal) return ", causal";
  if (spec.pad_begin == 0 && spec.pad_end == 0) return "";
  std::string text = formatted(", padding {}", spec.pad_begin);
  if (spec.pad_end != spec.pad_begin) text += formatted(" and {}", spec.pad_end);
  return spec.padding == PaddingMode::zeros ? text : formatted("{} ({})", text, name(spec.padding));
}

}  // namespace

std::string_view kind_name(const ConvolutionSpec&) noexcept { return "convolution"; }

std::int64_t input_size(const ConvolutionSpec& spec, std::size_t) noexcept {
  return spec.in_channels * std::max<std::int64_t>(spec.length, 1);
}

std::int64_t output_size(const ConvolutionSpec& spec) noexcept {
  if (spec.along_time()) return spec.out_channels;
  return spec.out_channels * spec.output_positions(spec.length);
}

bool needs_whole_sequence(const ConvolutionSpec& spec) noexcept {
  return spec.along_time() && !spec.causal && (spec.kernel_size > 1 || changes_steps(spec));
}

bool changes_steps(const ConvolutionSpec& spec) noexcept {
  if (!spec.along_time() || spec.causal) return false;
  return spec.stride != 1 || spec.pad_begin + spec.pad_end != spec.span() - 1;
}

std::int64_t output_steps(const ConvolutionSpec& spec, std::int64_t steps) noexcept {
  return spec.along_time() ? spec.output_positions(steps) : steps;
}

std::vector<WeightRole> weight_roles(const ConvolutionSpec& spec) {
  const std::int64_t from = spec.transposed ? spec.in_channels : spec.out_channels;
  const std::int64_t to = spec.transposed ? spec.out_channels : spec.in_channels;
  std::vector<WeightRole> roles{{"weight", {from, to / spec.groups, spec.kernel_size}}};
  if (spec.bias) roles.push_back({"bias", {spec.out_channels}});
  return roles;
}

std::vector<StateSpec> states(const ConvolutionSpec& spec) {
  if (!spec.causal || spec.span() == 1) return {};
  return {{"history", (spec.span() - 1) * spec.in_channels}};
}

double flops_per_row(const ConvolutionSpec& spec) noexcept {
  const std::int64_t inputs = spec.in_channels / spec.groups;
  const std::int64_t positions = spec.along_time() ? 1
                                 : spec.transposed ? spec.length
                                                   : spec.output_positions(spec.length);
  return 2.0 * static_cast<double>(positions) * static_cast<double>(spec.kernel_size) *
         static_cast<double>(inputs) * static_cast<double>(spec.out_channels);
}

void validate(const ConvolutionSpec& spec) {
  check_size("in_channels", spec.in_channels, 1);
  check_size("out_channels", spec.out_channels, 1);
  check_size("kernel_size", spec.kernel_size, 1);
  check_size("length", spec.length, 0);
  check_size("stride", spec.stride, 1);
  check_size("dilation", spec.dilation, 1);
  check_size("groups", spec.groups, 1);
  check_size("pad_begin", spec.pad_begin, 0);
  check_size("pad_end", spec.pad_end, 0);
  check_size("output_padding", spec.output_padding, 0);
  if (spec.in_channels % spec.groups != 0 || spec.out_channels % spec.groups != 0) {
    refuse(formatted("groups is {}, but must divide in_channels, {}, and out_channels, {}",
                     spec.groups, spec.in_channels, spec.out_channels));
  }
  check_transposed(spec);
  check_causal(spec);
  check_reflection(spec);
  check_size("the span of the kernel", spec.span(), 1);
  check_size("in_channels * kernel_size", spec.in_channels * spec.kernel_size, 1);
  check_size("in_channels * length", input_size(spec, 0), 1);
  check_size("out_channels * the positions that come out", output_size(spec), 1);
  for (const StateSpec& state : states(spec)) check_size("the history", state.size, 1);
}

std::string describe(const ConvolutionSpec& spec) {
  std::string text = spec.transposed ? "Transposed convolution " : "Convolution ";
  text +=
      formatted("{} -> {}{}, kernel {}", spec.in_channels, spec.out_channels,
                spec.along_time() ? " along time" : formatted(" over {} positions", spec.length),
                spec.kernel_size);
  if (spec.stride != 1) text += formatted(", stride {}", spec.stride);
  if (spec.dilation != 1) text += formatted(", dilation {}", spec.dilation);
  if (spec.groups != 1) text += formatted(", groups {}", spec.groups);
  return text + padding_text(spec) + (spec.bias ? "" : ", no bias");
}

}  // namespace kinds
}  // namespace carousel
