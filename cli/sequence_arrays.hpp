// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/file_axes.hpp>
#include <carousel/model.hpp>
#include <carousel/network.hpp>
#include <carousel/npy.hpp>
#include <carousel/stream.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// Arrays as files have them, and the sequences that a stream is given and gives.
namespace carousel::cli {

/// The elements of an array as an input takes them: floats, or ids.
struct Elements {
  std::vector<float> floats;      ///< Empty if the input takes ids.
  std::vector<std::int32_t> ids;  ///< Empty if the input takes features.
};

/// Integers become floats where that is exact. Ids have to be in [0, id_count), in the range of
/// int32 where `id_count` is 0. Throws Error naming `what`, the element and the rule.
[[nodiscard]] Elements elements_of(const ModelInput& input, NpyArray array, std::int64_t id_count,
                                   const std::string& what);

/// One input's array, or several of them one behind the other, for as many runs.
class InputArray {
 public:
  InputArray(const ModelInput& input, const std::vector<FileAxis>& axes, const RunSize& size,
             Elements elements);

  [[nodiscard]] const ModelInput& input() const noexcept { return input_; }
  [[nodiscard]] const std::vector<std::int64_t>& shape() const noexcept { return shape_; }
  /// The elements of the first array, to be set.
  [[nodiscard]] std::span<float> floats() noexcept { return elements_.floats; }
  /// What the run `index` is given. Valid until it is called again.
  [[nodiscard]] NamedInput view(std::int64_t index = 0);

 private:
  template <class T>
  SequenceView<const T> view_of(const std::vector<T>& elements, std::vector<T>& frames,
                                std::int64_t index) const;

  ModelInput input_;
  RunSize size_;
  std::vector<std::int64_t> shape_;
  FileLayout layout_;
  Elements elements_;
  Elements frames_;  ///< Room for one run's sequence where the file has another order.
};

/// One output's array, or several of them one behind the other, from as many runs.
class OutputArray {
 public:
  /// `size` has the steps of the output.
  OutputArray(const NetworkOutput& output, const std::vector<FileAxis>& axes, const RunSize& size,
              std::int64_t runs = 1);

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Of one array, without an axis of runs.
  [[nodiscard]] const std::vector<std::int64_t>& shape() const noexcept { return shape_; }
  /// Of all arrays.
  [[nodiscard]] const std::vector<float>& values() const noexcept { return values_; }
  /// Of one array.
  [[nodiscard]] std::span<const float> values(std::int64_t index) const;
  /// Where the run `index` writes.
  [[nodiscard]] NamedOutput view(std::int64_t index = 0);
  /// After that run: brings what it wrote into the file's order.
  void arrange(std::int64_t index = 0);

 private:
  [[nodiscard]] float* array(std::int64_t index);

  std::string name_;
  RunSize size_;
  std::vector<std::int64_t> shape_;
  FileLayout layout_;
  std::int64_t count_;  ///< Elements of one array.
  std::vector<float> values_;
  std::vector<float> frames_;  ///< Room for one run's sequence where the file has another order.
};

}  // namespace carousel::cli
