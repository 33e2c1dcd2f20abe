// SPDX-License-Identifier: Apache-2.0
#include "cpu_text.hpp"

#include <fstream>
#include <sstream>
#include <utility>
#include <vector>

namespace carousel::bench {
namespace {

/// What differs between cores of the same kind.
bool is_of_one_core(std::string_view line) {
  for (const char* key : {"processor", "apicid", "initial apicid", "core id", "cpu MHz"}) {
    if (line.starts_with(key)) return true;
  }
  return false;
}

/// The first line of a file; empty if it cannot be read.
std::string first_line(const std::string& file) {
  std::string line;
  std::ifstream stream(file);
  std::getline(stream, line);
  return line;
}

}  // namespace

std::string kinds_of_cores(std::string_view cpuinfo) {
  std::vector<std::pair<std::string, int>> kinds;
  std::string kind;
  const auto end_of_core = [&] {
    if (kind.empty()) return;
    if (kinds.empty() || kinds.back().first != kind) kinds.emplace_back(kind, 0);
    ++kinds.back().second;
    kind.clear();
  };
  std::istringstream lines{std::string(cpuinfo)};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) {
      end_of_core();
    } else if (!is_of_one_core(line)) {
      kind += "  " + line + '\n';
    }
  }
  end_of_core();
  std::string text;
  for (const auto& [lines_of_kind, count] : kinds) {
    text += std::to_string(count) + (count == 1 ? " core\n" : " cores\n") + lines_of_kind;
  }
  return text;
}

std::string caches(const std::string& folder) {
  std::string text;
  for (int i = 0;; ++i) {
    const std::string cache = folder + "/index" + std::to_string(i) + '/';
    const std::string size = first_line(cache + "size");
    if (size.empty()) return text;
    text +=
        'L' + first_line(cache + "level") + ' ' + first_line(cache + "type") + ' ' + size + '\n';
  }
}

}  // namespace carousel::bench
