// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "named_file.hpp"
#include "output_files.hpp"
#include "run_arrays.hpp"
#include "sequence_arrays.hpp"

#include <carousel/model.hpp>
#include <carousel/network.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

/// `carousel run --calls`: a model that is called once per chunk, its state handed over from an
/// output of one call to an input of the next.
namespace carousel::cli {

/// From "--carry stateN=state".
struct Carry {
  std::string output;
  std::string input;
  std::string what;  ///< How it was given, for messages.
};

/// Adds --carry.
void add_carry_option(Parser& command, std::vector<Carry>& carry);

/// The shapes of one call's arrays, for the loader: those of inputs that are not carried without
/// their axis of calls.
[[nodiscard]] std::map<std::string, std::vector<std::int64_t>> call_shapes(
    const std::vector<GivenArray>& arrays, const std::vector<Carry>& carry);

/// Runs a network once. Throws Error when that fails.
using RunOnce = std::function<void(std::span<const NamedInput>, std::span<const NamedOutput>)>;

/// All calls of a model and what they are given.
class Calls {
 public:
  /// Arrays of inputs have an axis of calls before those of the file. Those of inputs that are
  /// carried have none: they are what the first call is given, which is zeros without an array.
  /// Throws Error naming what does not fit.
  Calls(const Model& model, std::vector<GivenArray> arrays, const std::vector<Carry>& carry);

  [[nodiscard]] std::int64_t count() const noexcept { return count_; }
  /// Of one call.
  [[nodiscard]] const RunSize& size() const noexcept { return size_; }
  /// The names of the inputs that each call is given.
  [[nodiscard]] std::vector<std::string> given() const;

  /// Room for the outputs of all calls, in the file's order, of those that files are to have or
  /// that are carried; `steps` has those of each output. Throws Error when there is no output to
  /// carry, or one whose shape does not fit.
  void make_outputs(std::span<const NetworkOutput> outputs, std::span<const std::int64_t> steps,
                    const std::vector<NamedFile>& files);
  /// One call after the other.
  void run(const RunOnce& run_once, const std::function<void(double)>& progress = {});
  /// Those that are asked for are to be written, with an axis of calls before their own.
  void add_outputs(OutputFiles& writer, const std::vector<NamedFile>& files) const;

 private:
  struct Carried {
    Carry carry;
    std::size_t input = 0;   ///< Index of `inputs_`.
    std::size_t output = 0;  ///< Index of `outputs_`.
  };
  void add_carried(const std::vector<ModelInput>& inputs, const Carry& carry);
  [[nodiscard]] bool is_carried(std::size_t input) const;
  void check_fit(const Carried& carried) const;
  void hand_over(std::int64_t call);

  std::vector<InputArray> inputs_;
  std::vector<OutputArray> outputs_;
  std::vector<Carried> carried_;
  std::int64_t count_ = 0;
  RunSize size_;
};

}  // namespace carousel::cli
