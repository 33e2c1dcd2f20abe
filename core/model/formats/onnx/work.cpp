// SPDX-License-Identifier: Apache-2.0
#include "work.hpp"

#include "array.hpp"

#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

/// A few seconds; networks with masks and tables of positions stay far below.
constexpr std::size_t kLeast = std::size_t{1} << 26U;
/// Per byte of the files. Each pass reads a weight, of two or more bytes per element, a few times.
constexpr std::size_t kFactor = 32;

}  // namespace

Work::Work(std::size_t file_size) noexcept : allowed_(kLeast), left_(kLeast) { allow(file_size); }

void Work::allow(std::uintmax_t bytes) noexcept {
  const std::size_t more = kFactor * static_cast<std::size_t>(bytes);
  bytes_ += bytes;
  allowed_ += more;
  left_ += more;
}

void Work::take(std::size_t elements, const char* what) {
  if (elements > left_) {
    throw Refusal(
        formatted("{}, which takes {} steps, but of the {} that the constants of {} bytes of files "
                  "may take, {} are left",
                  what, elements, allowed_, bytes_, left_));
  }
  left_ -= elements;
}

void Work::allow_file(const std::string& path, std::uintmax_t size) {
  if (files_.insert(path).second) allow(size);
}

}  // namespace carousel::loading::onnx
