// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "named_file.hpp"
#include "sequence_arrays.hpp"

#include <carousel/model.hpp>
#include <carousel/network.hpp>
#include <carousel/npy.hpp>
#include <carousel/stream.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// The arrays that `carousel run` reads and writes.
namespace carousel::cli {

/// What the command line says of inputs or outputs: one file without a name, or some with names.
struct SequenceFiles {
  std::string noun;              ///< "input"; the option without a name is --input.
  std::string only;              ///< The file without a name; may be empty.
  std::string named_flag;        ///< "--in"
  std::vector<NamedFile> named;  ///< May be empty.

  /// All of them by name, given the names that the network has, and which of these a file without a
  /// name may stand for: there has to be one. Throws Error when a name is unknown or comes twice.
  [[nodiscard]] std::vector<NamedFile> resolve(const std::vector<std::string>& names,
                                               const std::vector<std::string>& plain) const;
};

/// The order of axes of arrays that are given without a name, or whose file has none of its own.
struct UsualOrder {
  bool batched = false;      ///< Whether there is an axis for the rows.
  bool batch_first = false;  ///< Whether that axis comes before the steps.

  /// [steps, batch, size] or so; of ids without the last axis.
  [[nodiscard]] std::vector<FileAxis> axes(std::int64_t size, bool ids) const;
};

/// An array that is given for an input.
struct GivenArray {
  NamedFile file;
  NpyArray array;
};

/// Reads every file. One that is given without a name has none yet.
[[nodiscard]] std::vector<GivenArray> read_arrays(const SequenceFiles& files);

/// What the given arrays tell the loader: the shapes of inputs by name.
[[nodiscard]] std::map<std::string, std::vector<std::int64_t>> shapes_of(
    const std::vector<GivenArray>& arrays);

/// An input of a model and the array that it is given.
struct Match {
  const ModelInput& input;
  GivenArray& given;
};

/// Finds the name of an array that is given without one. In the order of the inputs. Throws Error
/// when the model has no input of a name, or one comes twice.
[[nodiscard]] std::vector<Match> match_arrays(const std::vector<ModelInput>& inputs,
                                              std::vector<GivenArray>& arrays);

/// Converts the arrays, which are emptied; `shapes` has the axes of each.
[[nodiscard]] std::vector<InputArray> convert_arrays(const Model& model,
                                                     const std::vector<Match>& matches,
                                                     const std::vector<FileArray>& shapes,
                                                     const RunSize& size);

/// Every input of a model that is given, checked and converted.
class RunInputs {
 public:
  /// Throws Error naming the file, and what was expected and found.
  RunInputs(const Model& model, std::vector<GivenArray> arrays, bool batch_first);

  [[nodiscard]] const RunSize& size() const noexcept { return size_; }
  [[nodiscard]] const UsualOrder& order() const noexcept { return order_; }
  [[nodiscard]] std::vector<InputArray>& arrays() noexcept { return arrays_; }
  /// Of the inputs that are given.
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  std::vector<FileAxis> take_order(const ModelInput& input, const GivenArray& given,
                                   bool batch_first);

  std::vector<InputArray> arrays_;
  RunSize size_;
  UsualOrder order_;
};

/// Throws Error naming an input that is not among those given and may not be left out.
void require_inputs(const Network& network, const std::vector<std::string>& given);

/// Room for the outputs that files are to have, one for each: those that are asked for by name in
/// the file's own order, the others in the usual one.
[[nodiscard]] std::vector<OutputArray> make_outputs(const Network& network,
                                                    const std::vector<NamedFile>& files,
                                                    const RunSize& size, const UsualOrder& order);

/// The index of the output of that name, which there is.
[[nodiscard]] std::size_t output_index(const Network& network, const std::string& name);

/// Whether an output has as many steps more as the inputs have.
[[nodiscard]] bool follows_steps(const Network& network, std::size_t output);

/// The names of the outputs that an output file without a name may stand for.
[[nodiscard]] std::vector<std::string> plain_outputs(const Network& network);

/// The real steps of each row; empty without a file. Throws Error naming shape or value.
[[nodiscard]] std::vector<std::int64_t> read_lengths(const std::string& file, const RunSize& size,
                                                     bool batched);

}  // namespace carousel::cli
