// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::cli {

/// Comma-separated values with a heading line and no quoting: all that our tables need.
class Csv {
 public:
  /// Throws Error naming `source` and the line when a row has more or fewer fields than the
  /// heading.
  Csv(std::string_view text, std::string source);

  [[nodiscard]] std::size_t rows() const noexcept { return rows_.size(); }
  /// Each throws Error naming source, line and column when there is no such column or the field is
  /// not what is asked for.
  [[nodiscard]] const std::string& text(std::size_t row, std::string_view column) const;
  /// At most `most`.
  [[nodiscard]] std::int64_t integer(std::size_t row, std::string_view column,
                                     std::int64_t most) const;
  /// No value where the field is empty.
  [[nodiscard]] std::optional<double> number(std::size_t row, std::string_view column) const;

 private:
  [[noreturn]] void refuse(std::size_t row, std::string_view column, const std::string& what) const;

  struct Row {
    std::size_t line = 0;
    std::vector<std::string> fields;
  };
  std::string source_;
  std::vector<std::string> heading_;
  std::vector<Row> rows_;
};

/// The parts of `text` between commas; empty parts are kept.
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator = ',');

}  // namespace carousel::cli
