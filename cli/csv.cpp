// SPDX-License-Identifier: Apache-2.0
#include "csv.hpp"

#include <carousel/error.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace carousel::cli {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

Csv::Csv(std::string_view text, std::string source) : source_(std::move(source)) {
  std::size_t number = 0;
  for (std::string& line : split(text, '\n')) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    std::vector<std::string> fields = split(line);
    if (heading_.empty()) {
      heading_ = std::move(fields);
      continue;
    }
    if (fields.size() != heading_.size()) {
      throw Error(ErrorCode::bad_format, source_ + ", line " + std::to_string(number) + ": " +
                                             std::to_string(fields.size()) +
                                             " fields where the heading has " +
                                             std::to_string(heading_.size()));
    }
    rows_.push_back({number, std::move(fields)});
  }
  if (heading_.empty()) throw Error(ErrorCode::bad_format, source_ + ": empty");
}

const std::string& Csv::text(std::size_t row, std::string_view column) const {
  const auto found = std::find(heading_.begin(), heading_.end(), column);
  if (found == heading_.end())
    throw Error(ErrorCode::bad_format, source_ + ": no column " + std::string(column));
  return rows_.at(row).fields.at(static_cast<std::size_t>(found - heading_.begin()));
}

std::int64_t Csv::integer(std::size_t row, std::string_view column, std::int64_t most) const {
  const std::string& field = text(row, column);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size() || value < 0 || value > most) {
    refuse(row, column, "a whole number in 0.." + std::to_string(most));
  }
  return value;
}

std::optional<double> Csv::number(std::size_t row, std::string_view column) const {
  const std::string& field = text(row, column);
  if (field.empty()) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size()) refuse(row, column, "a number");
  return value;
}

void Csv::refuse(std::size_t row, std::string_view column, const std::string& what) const {
  throw Error(ErrorCode::bad_format, source_ + ", line " + std::to_string(rows_.at(row).line) +
                                         ": " + std::string(column) + " is '" + text(row, column) +
                                         "', not " + what);
}

}  // namespace carousel::cli
