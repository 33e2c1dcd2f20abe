// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include "format.hpp"

#include "core/model/quote.hpp"

#include <algorithm>
#include <cassert>
#include <iostream>
#include <sstream>

namespace carousel::cli {
namespace {

constexpr std::size_t kMaxColumns = 100;
constexpr std::size_t kLeastWrapWidth = 24;

std::string pad(const std::string& text, std::size_t width, Align align) {
  const std::size_t used = display_width(text);
  const std::string fill(width > used ? width - used : 0, ' ');
  return align == Align::left ? text + fill : fill + text;
}

/// `text` broken at spaces into lines of at most `width` columns, later ones indented.
std::string wrap(const std::string& text, std::size_t width, std::size_t indent) {
  std::istringstream words(text);
  std::string out;
  std::size_t used = 0;
  for (std::string word; words >> word;) {
    const std::size_t length = display_width(word);
    if (used > 0 && used + 1 + length > width) {
      out.append(1, '\n').append(indent, ' ');
      used = 0;
    }
    out.append(used > 0 ? " " : "").append(word);
    used += length + (used > 0 ? 1 : 0);
  }
  return out;
}

}  // namespace

void Table::add(std::vector<TableCell> row) {
  assert(row.size() == columns_.size());
  for (TableCell& cell : row) cell.text = escaped(cell.text);
  rows_.push_back(std::move(row));
}

void Table::print(std::ostream& out) const {
  std::vector<std::size_t> shown;
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].title.empty()) continue;
    std::size_t width = display_width(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, display_width(row[i].text));
    shown.push_back(i);
    widths.push_back(width);
  }
  const auto line = [&](auto&& text_of) {
    std::string text;
    for (std::size_t n = 0; n < shown.size(); ++n) {
      const std::string& cell = text_of(shown[n]);
      const Align align = columns_[shown[n]].align;
      const std::size_t at = display_width(text) + (n == 0 ? 0 : 2);
      text += n == 0 ? "" : "  ";
      const bool last = n + 1 == shown.size();
      const std::size_t room = std::max(kMaxColumns - std::min(at, kMaxColumns), kLeastWrapWidth);
      if (last && align == Align::left) {
        text += display_width(cell) > room ? wrap(cell, room, at) : cell;
      } else {
        text += pad(cell, widths[n], align);
      }
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out << text << '\n';
  };
  line([&](std::size_t i) -> const std::string& { return columns_[i].title; });
  for (const auto& row : rows_) {
    line([&](std::size_t i) -> const std::string& { return row[i].text; });
  }
}

Json Table::json() const {
  Json array = Json::array();
  for (const auto& row : rows_) {
    Json object = Json::object();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i].key.empty()) object[columns_[i].key] = row[i].value;
    }
    array.push_back(std::move(object));
  }
  return array;
}

void print_json(const Json& value) {
  std::cout << value.dump(2, ' ', false, Json::error_handler_t::replace) << '\n';
}

}  // namespace carousel::cli
