// SPDX-License-Identifier: Apache-2.0
#include "convolution.hpp"

#include "attributes.hpp"

#include <algorithm>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

constexpr std::int64_t kMost = std::int64_t{1} << 24U;

std::vector<std::int64_t> sizes(const Call& call, const char* name, std::size_t count,
                                std::int64_t otherwise) {
  const auto given = integers(call.node, name);
  if (!given) return std::vector<std::int64_t>(count, otherwise);
  const bool fits = given->size() == count && std::ranges::all_of(*given, [&](std::int64_t v) {
                      return v >= std::min<std::int64_t>(otherwise, 1) && v <= kMost;
                    });
  if (!fits) throw Malformed(formatted("attribute {} is {}", quote(name), shape_text(*given)));
  return *given;
}

/// As many positions as the axis has, or 1 / stride of them; `upper`: more padding at the end.
void pad_same(const Call& call, const Axis& axis, Window& window, bool upper) {
  const std::int64_t span = window.dilation * (window.kernel - 1) + 1;
  std::int64_t total = span - 1;
  if (window.stride != 1) {
    const std::optional<std::int64_t> size = call.atoms().known_size(axis);
    if (!size) {
      throw Refusal("its auto_pad depends on the size of the axis " + call.atoms().describe(axis));
    }
    const std::int64_t positions = (*size + window.stride - 1) / window.stride;
    total = std::max<std::int64_t>((positions - 1) * window.stride + span - *size, 0);
  }
  window.pad_begin = upper ? total / 2 : total - total / 2;
  window.pad_end = total - window.pad_begin;
}

}  // namespace

std::vector<Window> read_windows(const Call& call, const Tensor& x,
                                 const std::vector<std::int64_t>& kernel) {
  const std::size_t count = kernel.size();
  const auto given = integers(call.node, "kernel_shape");
  if (given && *given != kernel) {
    throw Malformed(formatted("attribute 'kernel_shape' is {}, but the kernel is {}",
                              shape_text(*given), shape_text(kernel)));
  }
  if (count + 2 != x.axes.size()) throw Malformed("its kernel has other axes than its input X");
  const auto strides = sizes(call, "strides", count, 1);
  const auto dilations = sizes(call, "dilations", count, 1);
  const auto pads = sizes(call, "pads", 2 * count, 0);
  const std::string automatic = text(call.node, "auto_pad", "NOTSET");
  std::vector<Window> windows;
  for (std::size_t k = 0; k < count; ++k) {
    if (kernel[k] < 1 || kernel[k] > kMost) throw Malformed("its kernel has no taps");
    windows.push_back({kernel[k], strides[k], dilations[k], pads[k], pads[count + k]});
    if (automatic == "NOTSET" || automatic.empty()) continue;
    windows[k].pad_begin = windows[k].pad_end = 0;
    if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
      pad_same(call, x.axes[k + 2], windows[k], automatic == "SAME_UPPER");
    } else if (automatic != "VALID") {
      throw Malformed("attribute 'auto_pad' is " + quote(automatic));
    }
  }
  return windows;
}

}  // namespace carousel::loading::onnx
