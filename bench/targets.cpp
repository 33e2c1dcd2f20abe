// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"

#include <format.hpp>

#include <algorithm>

namespace carousel::bench {
namespace {

/// A bidirectional or multi-layer network at batch sizes where directions and layers can overlap.
bool can_overlap(const Shape& shape) {
  return (shape.bidirectional || shape.layers > 1) && shape.batch <= 20 && shape.hidden >= 256;
}

std::string factor_text(double factor, const std::string& what) {
  return factor == 1.0 ? "≤ " + what : "≤ " + cli::format_fixed(factor, 2) + " × " + what;
}

class Collector {
 public:
  Collector(const Shape& shape, const PeerTimes& peers, const TargetInputs& inputs)
      : shape_(shape), peers_(peers), inputs_(inputs), peer_(best_peer(peers, inputs)) {}

  std::vector<Criterion> collect() {
    against_peer(peer_factor());
    if (shape_.hidden == 64 && small_batch()) hidden_64();
    if (inputs_.threads == 1) {
      one_thread();
    } else {
      more_threads();
    }
    return std::move(criteria_);
  }

 private:
  [[nodiscard]] bool small_batch() const { return shape_.batch >= 4 && shape_.batch <= 64; }

  /// Of the best exact peer's time, where a demand goes beyond "at least as fast".
  [[nodiscard]] double peer_factor() const {
    if (inputs_.threads > 1 && can_overlap(shape_)) return 0.8;
    if (shape_.batch == 1 && shape_.hidden <= 40) return 0.7;
    if (small_batch() && shape_.hidden <= 32) return 0.6;
    if (small_batch() && shape_.hidden == 128) return 0.9;
    return 1.0;
  }

  void against_peer(double factor) {
    if (peer_) add(factor_text(factor, peer_->name), factor * peer_->seconds);
  }

  /// 90 % of the peak or 0.8 times the best peer, whichever is slower.
  void hidden_64() {
    const double at_peak = shape_.flops() / (0.9 * peak());
    if (!peer_ || at_peak > 0.8 * peer_->seconds) {
      add("≥ 90 % of FMA peak", at_peak);
    } else {
      add(factor_text(0.8, peer_->name), 0.8 * peer_->seconds);
    }
  }

  void one_thread() {
    if (shape_.batch == 1 && shape_.hidden <= 40) against_approximate_peer();
    if (shape_.batch == 1 && shape_.hidden >= 64) {
      const double share = shape_.hidden >= 1024 ? 0.85 : 0.92;
      add("≥ " + cli::format_percent(share) + " of roofline", inputs_.least_seconds / share);
    }
    if (shape_.batch >= 16 && shape_.hidden >= 256) {
      add("≥ 92 % of FMA peak", shape_.flops() / (0.92 * peak()));
    }
  }

  void against_approximate_peer() {
    const auto scaled = seconds_of_best_peer({.onednn26_t1 = peers_.onednn26_t1,
                                              .onednn312_t1 = peers_.onednn312_t1,
                                              .onednn312_t2 = {},
                                              .best_t1 = peers_.approx_t1,
                                              .best_t2 = {},
                                              .approx_t1 = {},
                                              .best_t1_peer = {},
                                              .best_t2_peer = {}},
                                             inputs_);
    if (scaled) add("≤ best approximate peer", *scaled);
  }

  void more_threads() {
    if (!inputs_.xsimd_t1) return;
    const double one = *inputs_.xsimd_t1;
    if (shape_.hidden >= 256 && shape_.batch == 1) {
      add("≥ 1.8 × 1 thread", one / 1.8);
    } else if (shape_.hidden >= 256 && shape_.batch >= 16) {
      add("≥ 1.9 × 1 thread", one / 1.9);
    } else {
      // Where it rightly stays with one thread, two measurements of the same must not fail.
      add("≤ 1 thread + 5 % noise", one * 1.05);
    }
  }

  void add(std::string text, double seconds) { criteria_.push_back({std::move(text), seconds}); }
  [[nodiscard]] double peak() const { return inputs_.flops_per_second * inputs_.threads; }

  const Shape& shape_;
  const PeerTimes& peers_;
  const TargetInputs& inputs_;
  std::optional<Peer> peer_;
  std::vector<Criterion> criteria_;
};

std::optional<double> scaled(std::optional<double> peer, std::optional<double> here,
                             std::optional<double> there) {
  if (!peer || !here || !there) return std::nullopt;
  return *peer * *here / *there;
}

}  // namespace

std::optional<double> seconds_of_best_peer(const PeerTimes& peers, const TargetInputs& inputs) {
  const std::optional<double> best = inputs.threads == 1 ? peers.best_t1 : peers.best_t2;
  if (inputs.onednn_is_2) return scaled(best, inputs.onednn_t1, peers.onednn26_t1);
  return inputs.threads == 1 ? scaled(best, inputs.onednn_t1, peers.onednn312_t1)
                             : scaled(best, inputs.onednn, peers.onednn312_t2);
}

std::optional<Peer> best_peer(const PeerTimes& peers, const TargetInputs& inputs) {
  const std::string& name = inputs.threads == 1 ? peers.best_t1_peer : peers.best_t2_peer;
  const std::optional<double> there = seconds_of_best_peer(peers, inputs);
  std::vector<Peer> rivals;
  if (there && !(inputs.onnxruntime && name == "ort")) rivals.push_back({name, *there});
  if (inputs.onnxruntime) {
    rivals.push_back({"onnxruntime", *inputs.onnxruntime});
    if (inputs.onednn) rivals.push_back({"onednn", *inputs.onednn});
  }
  if (rivals.empty()) return std::nullopt;
  return *std::ranges::min_element(rivals, {}, &Peer::seconds);
}

std::vector<Criterion> criteria(const Shape& shape, const PeerTimes& peers,
                                const TargetInputs& inputs) {
  return Collector(shape, peers, inputs).collect();
}

const Criterion* tightest(const std::vector<Criterion>& criteria) {
  const auto least = std::ranges::min_element(criteria, {}, &Criterion::seconds);
  return least == criteria.end() ? nullptr : &*least;
}

}  // namespace carousel::bench
