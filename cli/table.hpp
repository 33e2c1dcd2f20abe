// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <iosfwd>
#include <string>
#include <vector>

namespace carousel::cli {

using Json = nlohmann::ordered_json;

enum class Align { left, right };

struct Column {
  std::string key;    ///< name in JSON; empty: shown to people only
  std::string title;  ///< heading; a column with an empty title is in JSON only
  Align align = Align::right;
};

/// One value in both of its forms.
struct TableCell {
  std::string text;
  Json value;

  TableCell(std::string shown, Json exact) : text(std::move(shown)), value(std::move(exact)) {}
  TableCell(const std::string& both) : text(both), value(both) {}  // NOLINT(*-explicit-*)
};

/// Rows that print as an aligned table or as a JSON array of objects, from the same cells.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// `row` has one cell per column, whose text is shown escaped: names may hold anything.
  void add(std::vector<TableCell> row);
  /// Aligned; a long last column is wrapped at 100 terminal columns.
  void print(std::ostream& out) const;
  [[nodiscard]] Json json() const;
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<TableCell>> rows_;
};

/// Writes `value` to standard output, indented; invalid UTF-8 in strings is replaced.
void print_json(const Json& value);

}  // namespace carousel::cli
