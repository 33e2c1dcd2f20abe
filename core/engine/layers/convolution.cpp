// SPDX-License-Identifier: Apache-2.0
#include "core/engine/layers/convolution.hpp"

#include "core/engine/layers/convolution_kernel.hpp"
#include "core/engine/layers/convolution_layers.hpp"

#include <string>
#include <utility>

namespace carousel::layers {

Support supports_convolution(const Backend& backend, const ConvolutionSpec& spec,
                             Precision precision) {
  if (spec.depthwise()) return Support::yes();
  Support support = backend.supports(dense_spec(spec), precision);
  if (!support) support.reason = "as a dense layer: " + support.reason;
  return support;
}

SetApart convolution_sets_apart(const Backend& backend, const ConvolutionSpec& spec) {
  if (spec.depthwise()) return {};
  return backend.sets_apart(dense_spec(spec));
}

std::unique_ptr<Layer> make_convolution(const Backend& backend, const ConvolutionSpec& spec,
                                        const Weights& weights, const LayerOptions& options) {
  LayerOptions dense = options;
  dense.tiling.clear();
  if (!spec.along_time()) {
    dense.steps = options.steps * options.batch;
    dense.batch = spec.output_positions(spec.length);
  }
  auto kernel = make_convolution_kernel(backend, spec, weights, dense);
  return spec.along_time() ? make_time_convolution(spec, std::move(kernel))
                           : make_frame_convolution(spec, std::move(kernel), options.threads);
}

}  // namespace carousel::layers
