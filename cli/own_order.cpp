// SPDX-License-Identifier: Apache-2.0
#include "own_order.hpp"

#include "format.hpp"

#include <carousel/file_axes.hpp>

#include <algorithm>

namespace carousel::cli {
namespace {

using Of = FileAxis::Of;

/// Whether it tells steps and rows by an axis each.
bool has_both(const std::vector<FileAxis>& axes) {
  return std::ranges::count(axes, Of::steps, &FileAxis::of) == 1 &&
         std::ranges::count(axes, Of::batch, &FileAxis::of) == 1;
}

RunSize size_by(const std::vector<FileAxis>& axes, const std::vector<std::int64_t>& shape) {
  return run_size(std::vector<FileArray>{{.name = {}, .axes = axes, .shape = shape}});
}

std::string text(const RunSize& size) {
  return std::to_string(size.steps) + " steps of " + std::to_string(size.batch) +
         (size.batch == 1 ? " row" : " rows");
}

}  // namespace

std::string own_order_warning(const UnnamedFiles& files, const ModelInput& input,
                              const std::vector<std::int64_t>& shape) {
  const std::vector<FileAxis> usual = file_axes({}, input.size, input.ids);
  if (!has_both(input.axes) || !fits(input.axes, shape) || !fits(usual, shape)) return "";
  const RunSize taken = size_by(usual, shape);
  const RunSize own = size_by(input.axes, shape);
  const bool clear = taken.batch == 1 || taken.steps * taken.batch == 0;
  if (input.axes == usual || clear) return "";
  const std::string output = files.output.empty() ? "" : " --output " + files.output;
  const std::string out =
      files.output.empty() ? "" : " --out " + files.output_name + "=" + files.output;
  return files.input + " " + format_shape(shape) + " was taken as " + axes_text(usual) + ", " +
         text(taken) + "; by the file's own order " + axes_text(input.axes) + " it is " +
         text(own) + ". Say which one it is:\n  own order    carousel run " + files.model +
         " --in " + input.name + "=" + files.input + out + "\n  steps first  carousel run " +
         files.model + " --input " + files.input + output + " --steps-first";
}

}  // namespace carousel::cli
