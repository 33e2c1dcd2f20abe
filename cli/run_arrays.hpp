// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "named_file.hpp"

#include <carousel/model.hpp>
#include <carousel/network.hpp>
#include <carousel/npy.hpp>
#include <carousel/stream.hpp>
#include <carousel/view.hpp>

#include <cstdint>
#include <string>
#include <vector>

/// The arrays that `carousel run` reads and writes.
namespace carousel::cli {

/// The axes that all sequences of a run have in common.
struct RunAxes {
  std::int64_t steps = 0;
  std::int64_t batch = 1;
  bool batched = false;      ///< Whether the arrays have an axis for the batch.
  bool batch_first = false;  ///< Whether that axis comes before the steps.

  friend bool operator==(const RunAxes&, const RunAxes&) = default;

  /// The shape of an array with so many features.
  [[nodiscard]] std::vector<std::int64_t> shape(std::int64_t features) const;
  template <class T>
  [[nodiscard]] SequenceView<T> view(T* data, std::int64_t features) const {
    return batch_first ? carousel::batch_first(data, batch, steps, features)
                       : steps_first(data, steps, batch, features);
  }
};

/// What the command line says of inputs or outputs: one file without a name, or some with names.
struct SequenceFiles {
  std::string noun;              ///< "input"; the option without a name is --input.
  std::string only;              ///< The file without a name; may be empty.
  std::string named_flag;        ///< "--in"
  std::vector<NamedFile> named;  ///< May be empty.

  /// All of them by name, given the names that the network has. Throws Error when a name is
  /// unknown or comes twice, or a file without a name is given where there are several names.
  [[nodiscard]] std::vector<NamedFile> resolve(const std::vector<std::string>& names) const;
};

/// Every input of a model, read from its file and checked.
class RunInputs {
 public:
  /// Throws Error naming the file, and what was expected and found.
  RunInputs(const Model& model, const SequenceFiles& files, bool batch_first);

  [[nodiscard]] const RunAxes& axes() const noexcept { return axes_; }
  /// The steps [first, first + count) of each.
  [[nodiscard]] std::vector<NamedInput> slice(std::int64_t first, std::int64_t count) const;

 private:
  struct Input {
    ModelInput input;
    NpyArray array;
    std::vector<std::int32_t> ids;  ///< Empty if the input takes features.
  };
  void take_axes(const Input& input, const std::string& what, bool batch_first);

  std::vector<Input> inputs_;
  RunAxes axes_;
  std::string first_;  ///< How the first input was given, for messages.
};

/// Room for every output of a network.
class RunOutputs {
 public:
  RunOutputs(const Network& network, const RunAxes& axes);

  [[nodiscard]] std::vector<NamedOutput> slice(std::int64_t first, std::int64_t count);
  /// Writes those that are asked for. Returns what was written, for people: "y.npy [7, 3, 5]".
  [[nodiscard]] std::string write(const std::vector<NamedFile>& files) const;

 private:
  struct Output {
    NetworkOutput output;
    std::vector<float> values;
  };
  std::vector<Output> outputs_;
  RunAxes axes_;
};

/// The real steps of each row; empty without a file. Throws Error naming shape or value.
[[nodiscard]] std::vector<std::int64_t> read_lengths(const std::string& file, const RunAxes& axes);

}  // namespace carousel::cli
