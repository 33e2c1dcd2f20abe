// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/verify/conformance/guarded.hpp"
#include "core/verify/conformance/problem.hpp"

#include <carousel/stream.hpp>

#include <list>
#include <string>
#include <utility>
#include <vector>

namespace carousel::conformance {

/// All inputs and outputs of a network for one case, in guarded memory.
class GuardedCall {
 public:
  explicit GuardedCall(const Problem& problem);

  /// The steps [first, first + count); inputs of one step come with the first one, and outputs that
  /// have another number of steps than the inputs are whole.
  [[nodiscard]] std::vector<NamedInput> inputs(std::int64_t first, std::int64_t count) const;
  [[nodiscard]] std::vector<NamedOutput> outputs(std::int64_t first, std::int64_t count) const;

  /// Throws Failure when a word has changed that should not have; `who` is its subject.
  void check_memory(const std::string& who) const;
  /// An output after the run.
  [[nodiscard]] std::vector<float> y(std::size_t output) const;

 private:
  template <class T>
  struct Named {
    Named(std::string its_name, Layout layout, std::int64_t steps, std::int64_t batch,
          std::int64_t features)
        : name(std::move(its_name)), memory(layout, steps, batch, features) {}

    std::string name;
    Guarded<T> memory;
  };

  // Lists, since guarded memory cannot be moved.
  std::int64_t steps_;
  std::list<Named<float>> x_;
  std::list<Named<std::int32_t>> ids_;
  std::list<Named<float>> single_;
  std::list<Named<float>> y_;
};

}  // namespace carousel::conformance
