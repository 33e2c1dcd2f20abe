// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "progress.hpp"
#include "timing.hpp"

#include <carousel/network.hpp>
#include <carousel/stream.hpp>

#include <cstdint>
#include <string>

namespace carousel::cli {

/// A stream's h and c as .npy files, [layers * directions, batch, size], or without the batch axis.
/// Empty file names are skipped.
class StateFiles {
 public:
  StateFiles(Stream& stream, std::int64_t batch, bool batched)
      : stream_(stream), batch_(batch), batched_(batched) {}

  /// Sets the state; throws Error naming expected and found shape.
  void read(const std::string& h_file, const std::string& c_file);
  /// Throws Error unless the network has the states that are to be written.
  void require(const std::string& h_file, const std::string& c_file);
  void write(const std::string& h_file, const std::string& c_file);

 private:
  SequenceView<float> view_h(const std::string& flag);
  SequenceView<float> view_c(const std::string& flag);
  void read_one(const SequenceView<float>& view, const std::string& what,
                const std::string& file) const;
  void write_one(const SequenceView<float>& view, const std::string& file) const;
  [[nodiscard]] std::vector<std::int64_t> shape(const SequenceView<float>& view) const;

  Stream& stream_;
  std::int64_t batch_;
  bool batched_;
};

/// Progress of a run that is worked off in pieces.
class PieceProgress {
 public:
  explicit PieceProgress(std::int64_t steps) : steps_(steps) {}
  void update(std::int64_t done) {
    bar_.update(static_cast<double>(done) / static_cast<double>(steps_));
  }

 private:
  Progress bar_{"running"};
  std::int64_t steps_;
};

}  // namespace carousel::cli
