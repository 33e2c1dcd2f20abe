// SPDX-License-Identifier: Apache-2.0
// What is said of readings: which ones there are, and how to choose.
#include "module_names.hpp"
#include "reading.hpp"
#include "text.hpp"

#include "core/model/formatted.hpp"

#include <algorithm>

namespace carousel::loading {
namespace {

/// Where everything can be said.
std::string describe_text() {
  return formatted(
      "the metadata {} of a safetensors file, which tells all layers (docs/formats.md)",
      quote(kLayersKey));
}

std::vector<std::string> names_of(const std::vector<MatrixModule>& modules,
                                  const std::vector<std::size_t>& numbers) {
  std::vector<std::string> names;
  names.reserve(numbers.size());
  for (const std::size_t k : numbers) names.push_back(modules[k].name);
  return names;
}

/// "'emb' (table) -> recurrent layers -> 'fc'"
std::string chain_text(const std::vector<MatrixModule>& modules, const Reading& reading) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : " -> ") + part; };
  if (reading.table) add(quote(modules[*reading.table].name) + " (lookup table)");
  for (const std::size_t k : reading.before) add(quote(modules[k].name));
  add("recurrent layers");
  for (const std::size_t k : reading.between) {
    add(quote(modules[k].name));
    add("recurrent layers");
  }
  for (const std::size_t k : reading.after) add(quote(modules[k].name));
  return text;
}

/// The options that choose a reading.
std::string choice_text(const std::vector<MatrixModule>& modules, const Reading& reading) {
  const bool told =
      reading.before.size() <= 1 && reading.between.empty() && reading.after.size() <= 1;
  const std::optional<std::size_t> first = first_of(reading);
  // A module without bias that is named as embedding is a lookup table where it can be one.
  const bool taken_for_table = first && !reading.table && modules[*first].table &&
                               modules[*first].rows == modules[*first].columns;
  if (!told || taken_for_table) return describe_text();
  return formatted("--embedding {} --head {}", quote(first ? modules[*first].name : ""),
                   quote(reading.after.empty() ? "" : modules[reading.after.front()].name));
}

/// Whether they differ in one place, which one module has in each.
template <class Place>
bool differ_in(const std::vector<Reading>& readings, Place place) {
  return std::ranges::all_of(readings, [&](Reading reading) {
    Reading first = readings.front();
    const bool single = place(reading) == 1 && place(first) == 1;
    return single && reading == first;
  });
}

/// Takes the head away, and says how many modules it has.
std::size_t take_head(Reading& reading) {
  const std::size_t count = reading.after.size();
  reading.after.clear();
  return count;
}

std::size_t take_table(Reading& reading) {
  const std::size_t count = reading.table ? 1 : 0;
  reading.table.reset();
  return count;
}

[[noreturn]] void refuse_several_for(const TensorReader& reader, std::vector<std::string> names,
                                     const std::string& option) {
  std::ranges::sort(names);
  fail(reader.source(),
       formatted("several modules could be the {}: {}; {}", option, list_names(names),
                 option_text(option)),
       ErrorCode::invalid_argument);
}

/// `choice`: how to take a part of them.
void refuse_in_a_row(const TensorReader& reader, const std::vector<std::string>& names,
                     const std::string& where, const std::string& choice) {
  if (names.size() < 2) return;
  fail(reader.source(),
       formatted("the linear layers {} follow each other {} the recurrent ones; a state dict does "
                 "not tell which functions are between them: say it with {}, or {} and "
                 "ignore_extra (--ignore-extra)",
                 list_names(names), where, describe_text(), choice),
       ErrorCode::unsupported);
}

}  // namespace

std::string option_text(const std::string& option) {
  return formatted("name one with the option {} (--{}), or '' for none", option, option);
}

void refuse_several_readings(const TensorReader& reader, const std::vector<MatrixModule>& modules,
                             const std::vector<Reading>& readings) {
  std::vector<std::size_t> numbers;
  if (differ_in(readings, take_head)) {
    for (const Reading& reading : readings) numbers.push_back(reading.after.front());
    refuse_several_for(reader, names_of(modules, numbers), "head");
  }
  if (differ_in(readings, take_table)) {
    for (const Reading& reading : readings) numbers.push_back(*reading.table);
    refuse_several_for(reader, names_of(modules, numbers), "embedding");
  }
  std::string text = "names and shapes leave more than one reading:";
  for (std::size_t k = 0; k < 2; ++k) {
    text += formatted("{}{}, chosen by {}", k == 0 ? " " : "; or ",
                      chain_text(modules, readings[k]), choice_text(modules, readings[k]));
  }
  fail(reader.source(), text, ErrorCode::invalid_argument);
}

void refuse_too_many(const TensorReader& reader) {
  fail(reader.source(),
       "too many linear layers and embeddings fit beside the recurrent layers: name those that "
       "belong to the network with the options embedding and head (--embedding, --head; '' for "
       "none), or say it with " +
           describe_text(),
       ErrorCode::invalid_argument);
}

void refuse_unknown_functions(const TensorReader& reader, const std::vector<MatrixModule>& modules,
                              const Reading& reading) {
  if (!reading.between.empty()) {
    fail(reader.source(),
         formatted("the linear layer {} stands between recurrent layers: {}; say so with {}",
                   quote(modules[reading.between.front()].name), chain_text(modules, reading),
                   describe_text()),
         ErrorCode::unsupported);
  }
  refuse_in_a_row(reader, names_of(modules, reading.before), "before",
                  "leave them out with embedding (--embedding '')");
  refuse_in_a_row(reader, names_of(modules, reading.after), "after",
                  "take the first of them only with head (--head)");
}

}  // namespace carousel::loading
