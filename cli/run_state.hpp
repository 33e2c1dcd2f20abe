// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "named_file.hpp"
#include "output_files.hpp"

#include <carousel/network.hpp>
#include <carousel/stream.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace carousel::cli {

/// The files that a run's states come from and go to. Empty names are skipped.
struct StateOptions {
  std::string h0, c0;              ///< Initial states in PyTorch's shapes.
  std::string hn, cn;              ///< Final states in PyTorch's shapes.
  std::vector<NamedFile> initial;  ///< Initial states, each by layer and name.
  std::vector<NamedFile> final;    ///< Final states, each by layer and name.
};

/// A stream's states as .npy files. By layer and name ("lstm.l0.h"): [batch, size]; h and c of all
/// layers in PyTorch's shapes: [layers * directions, batch, size]. Without the batch's axis where
/// the input has none.
class StateFiles {
 public:
  StateFiles(const Network& network, Stream& stream, std::int64_t batch, bool batched)
      : network_(network), stream_(stream), batch_(batch), batched_(batched) {}

  /// Sets the states; throws Error naming expected and found shape.
  void read(const StateOptions& options);
  /// Throws Error unless the network has the states that are to be written.
  void require(const StateOptions& options);
  /// Those that are asked for are to be written.
  void write(const StateOptions& options, OutputFiles& writer);

 private:
  /// All layers' states of one name, or one layer's.
  struct Part {
    SequenceView<float> view;
    std::vector<std::int64_t> shape;  ///< Of its array.
  };
  [[nodiscard]] Part part_h(const std::string& flag);
  [[nodiscard]] Part part_c(const std::string& flag);
  [[nodiscard]] Part part_named(const NamedFile& file);
  [[nodiscard]] Part stacked(const SequenceView<float>& view) const;
  [[nodiscard]] std::string full_name(const NamedState& state) const;

  const Network& network_;
  Stream& stream_;
  std::int64_t batch_;
  bool batched_;
};

}  // namespace carousel::cli
