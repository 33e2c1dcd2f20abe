// SPDX-License-Identifier: Apache-2.0
#include "core/engine/layers/common_layer.hpp"
#include "core/engine/layers/layers.hpp"

#include <algorithm>
#include <vector>

namespace carousel::layers {
namespace {

/// Runs of equally many features that stand evenly: `runs` of them, the first feature of each
/// `step` after that of the one before.
struct Block {
  FeatureRun run;
  std::int64_t runs = 1;
  std::int64_t step = 0;
};

/// Makes `run` the next one of a block, if it is that.
bool extend(Block& block, const FeatureRun& run) {
  const FeatureRun& first = block.run;
  if (first.first < 0 || run.first < 0) return false;
  if (run.count != first.count || run.stride != first.stride) return false;
  if (block.runs == 1) block.step = run.first - first.first;
  if (run.first != first.first + block.runs * block.step) return false;
  ++block.runs;
  return true;
}

std::vector<Block> find_blocks(const std::vector<FeatureRun>& runs) {
  std::vector<Block> blocks;
  for (const FeatureRun& run : runs) {
    if (blocks.empty() || !extend(blocks.back(), run)) blocks.push_back({.run = run});
  }
  return blocks;
}

class RearrangeLayer final : public CommonLayer {
 public:
  explicit RearrangeLayer(const RearrangeSpec& spec)
      : blocks_(find_blocks(spec.runs)), filler_(spec.filler) {}

  Status forward(const ForwardArgs& args, Workspace&) const noexcept override {
    for_each_frame(args, [&](std::int64_t t, std::int64_t b) {
      const float* x = args.x().row(t, b);
      float* y = args.y.row(t, b);
      for (const Block& block : blocks_) {
        write(block, x, y);
        y += block.runs * block.run.count;
      }
    });
    return {};
  }

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    return blocks_.size() * sizeof(Block);
  }

 private:
  /// Whichever there are more of, runs or features of a run, are gone through in the inner loop.
  void write(const Block& block, const float* __restrict x, float* __restrict y) const noexcept {
    const FeatureRun& run = block.run;
    if (block.runs <= run.count) {
      for (std::int64_t r = 0; r < block.runs; ++r) {
        write(run, x + r * block.step, y + r * run.count);
      }
      return;
    }
    for (std::int64_t k = 0; k < run.count; ++k) {
      const float* from = x + run.first + k * run.stride;
      for (std::int64_t r = 0; r < block.runs; ++r) y[r * run.count + k] = from[r * block.step];
    }
  }

  void write(const FeatureRun& run, const float* __restrict x, float* __restrict y) const noexcept {
    if (run.first < 0) {
      std::fill_n(y, run.count, filler_);
    } else if (run.stride == 1) {
      std::copy_n(x + run.first, run.count, y);
    } else if (run.stride == 0) {
      std::fill_n(y, run.count, x[run.first]);
    } else {
      for (std::int64_t k = 0; k < run.count; ++k) y[k] = x[run.first + k * run.stride];
    }
  }

  std::vector<Block> blocks_;
  float filler_;
};

}  // namespace

std::unique_ptr<Layer> make(const RearrangeSpec& spec, const Weights&) {
  return std::make_unique<RearrangeLayer>(spec);
}

}  // namespace carousel::layers
