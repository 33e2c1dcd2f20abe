// SPDX-License-Identifier: Apache-2.0
#include "reading.hpp"

#include "module_names.hpp"
#include "tensor_names.hpp"
#include "text.hpp"

#include "core/model/formatted.hpp"

#include <algorithm>

namespace carousel::loading {
namespace {

/// Bounds of the search: a file can have any number of modules that fit everywhere.
constexpr std::size_t kMaxVisits = 20'000;
constexpr std::size_t kMaxReadings = 100;
constexpr std::size_t kMaxPlaced = 16;

/// Tries all readings, and keeps those that place most modules.
class Search {
 public:
  Search(const std::vector<MatrixModule>& modules, const Stack& stack, const LoadOptions& options)
      : modules_(modules), stack_(stack), options_(options), used_(modules.size()) {}

  std::vector<Reading> run() {
    place_before(stack_.input);
    return std::move(best_);
  }

  /// Whether there were too many to try all.
  [[nodiscard]] bool gave_up() const { return visits_ > kMaxVisits || too_many_; }

 private:
  [[nodiscard]] bool is_told(std::size_t k) const { return options_.embedding == modules_[k].name; }

  /// Calls `next` once with each module that fits in a place.
  template <class Fits, class Next>
  void each(Fits fits, Next next) {
    for (std::size_t k = 0; k < modules_.size() && !gave_up(); ++k) {
      if (used_[k] || !fits(modules_[k])) continue;
      ++visits_;
      too_many_ = too_many_ || placed_ == kMaxPlaced;
      if (gave_up()) return;
      used_[k] = true;
      ++placed_;
      next(k);
      --placed_;
      used_[k] = false;
    }
  }

  /// From the recurrent layers outwards; `want`: the features that come next to them.
  void place_before(std::int64_t want) {
    if (!options_.embedding || options_.embedding->empty() || is_begun()) place_between(0);
    if (options_.embedding && (options_.embedding->empty() || is_begun())) return;
    each([&](const MatrixModule& m) { return m.table && m.columns == want; },
         [&](std::size_t k) {
           reading_.table = k;
           if (!options_.embedding || is_told(k)) place_between(0);
           reading_.table.reset();
         });
    each(
        [&](const MatrixModule& m) {
          const bool is_table = options_.embedding == m.name && m.table && m.columns == want;
          return m.before && m.rows == want && !is_table;
        },
        [&](std::size_t k) {
          reading_.before.insert(reading_.before.begin(), k);
          place_before(modules_[k].columns);
          reading_.before.erase(reading_.before.begin());
        });
  }

  /// Whether the module that the options name is the first.
  [[nodiscard]] bool is_begun() const {
    return !reading_.before.empty() && is_told(reading_.before.front());
  }

  void place_between(std::size_t joint) {
    if (joint == stack_.joints.size()) {
      place_after(stack_.output);
      return;
    }
    place_between(joint + 1);
    const std::int64_t features = stack_.joints[joint].features;
    each(
        [&](const MatrixModule& m) {
          return m.before && m.rows == features && m.columns == features;
        },
        [&](std::size_t k) {
          reading_.between.push_back(k);
          place_between(joint + 1);
          reading_.between.pop_back();
        });
  }

  void place_after(std::int64_t have) {
    const std::optional<std::string>& head = options_.head;
    const bool is_done = head && (head->empty() || !reading_.after.empty());
    if (!head || is_done) keep();
    if (is_done) return;
    each(
        [&](const MatrixModule& m) {
          return m.after && m.columns == have && (!head || m.name == *head);
        },
        [&](std::size_t k) {
          reading_.after.push_back(k);
          place_after(modules_[k].rows);
          reading_.after.pop_back();
        });
  }

  void keep() {
    if (placed_ < most_) return;
    if (placed_ > most_) best_.clear();
    most_ = placed_;
    too_many_ = too_many_ || best_.size() == kMaxReadings;
    if (!too_many_) best_.push_back(reading_);
  }

  const std::vector<MatrixModule>& modules_;
  const Stack& stack_;
  const LoadOptions& options_;
  std::vector<bool> used_;
  Reading reading_;
  std::vector<Reading> best_;
  std::size_t placed_ = 0;  ///< In `reading_`.
  std::size_t most_ = 0;    ///< In each of `best_`.
  std::size_t visits_ = 0;
  bool too_many_ = false;
};

/// Whether the modules run in the order in which the file has them.
bool is_in_order(const std::vector<MatrixModule>& modules, const Stack& stack,
                 const Reading& reading) {
  std::vector<std::size_t> positions;
  const auto add = [&](const std::vector<std::size_t>& numbers) {
    for (const std::size_t k : numbers) positions.push_back(modules[k].position);
  };
  if (reading.table) add({*reading.table});
  add(reading.before);
  positions.push_back(stack.first_position);
  add(reading.between);
  positions.push_back(stack.last_position);
  add(reading.after);
  return std::ranges::is_sorted(positions);
}

std::vector<bool> placed(const Reading& reading, std::size_t count) {
  std::vector<bool> result(count);
  if (reading.table) result[*reading.table] = true;
  for (const auto* numbers : {&reading.before, &reading.between, &reading.after}) {
    for (const std::size_t k : *numbers) result[k] = true;
  }
  return result;
}

/// The modules that fit beside the recurrent layers, but have no place in the reading.
template <class Fits>
void refuse_left(const TensorReader& reader, const std::vector<MatrixModule>& modules,
                 const Reading& reading, const std::string& how, Fits fits) {
  const std::vector<bool> is_placed = placed(reading, modules.size());
  std::vector<std::string> names;
  for (std::size_t k = 0; k < modules.size(); ++k) {
    if (!is_placed[k] && fits(modules[k])) names.push_back(modules[k].name);
  }
  if (!names.empty()) {
    fail(reader.source(),
         formatted("the linear layers or embeddings {} fit beside the recurrent layers, but have "
                   "no place: {}",
                   list_names(names), how),
         ErrorCode::invalid_argument);
  }
}

/// A tensor that is silently ignored is a wrong network where it belongs to a layer of it.
void refuse_silent_loss(const TensorReader& reader, const std::vector<MatrixModule>& modules,
                        const Stack& stack, const Reading& reading, const LoadOptions& options) {
  if (!options.head) {
    refuse_left(reader, modules, reading, option_text("head"),
                [&](const MatrixModule& m) { return can_follow(m, stack); });
  }
  if (!options.embedding) {
    refuse_left(reader, modules, reading, option_text("embedding"),
                [&](const MatrixModule& m) { return can_begin(m, stack); });
  }
  if (options.head && options.embedding) return;
  const std::string both = "the options embedding and head, if both are given, leave them out";
  refuse_left(reader, modules, reading, both, [&](const MatrixModule& m) {
    return m.before && std::ranges::any_of(stack.joints, [&](const Stack::Joint& joint) {
             return m.rows == joint.features && m.columns == joint.features;
           });
  });
}

[[noreturn]] void refuse_of_other(const TensorReader& reader, const std::string& module,
                                  const std::string& other, const std::string& option) {
  fail(reader.source(),
       formatted("the recurrent module {} is left out, so that it is not known whether {} belongs "
                 "to what is taken or to that: name it with the option {} (--{}), or '' for none",
                 quote(other), quote(module), option, option),
       ErrorCode::invalid_argument);
}

/// Modules that may belong to recurrent ones that are not taken.
void refuse_of_others(const TensorReader& reader, const std::vector<MatrixModule>& modules,
                      const Reading& reading, const std::vector<std::string>& left_out,
                      const LoadOptions& options) {
  const auto check = [&](const std::vector<std::size_t>& numbers, const char* option) {
    for (const std::size_t k : numbers) {
      const auto other = std::ranges::find_if(
          left_out, [&](const std::string& prefix) { return is_near(modules[k].name, prefix); });
      if (other != left_out.end()) refuse_of_other(reader, modules[k].name, *other, option);
    }
  };
  if (!options.head) check(reading.after, "head");
  if (options.embedding) return;
  if (reading.table) check({*reading.table}, "embedding");
  check(reading.before, "embedding");
}

[[noreturn]] void refuse_misfit(const TensorReader& reader, const std::string& module,
                                const std::string& option, const std::string& wanted) {
  const std::string name = tensor_name(module, "weight");
  const safetensors::StoredTensor* tensor = reader.find(name);
  const std::string needs = formatted("; the {} needs shape {}", option, wanted);
  fail(reader.source(),
       tensor == nullptr ? formatted("no tensor {}{}", quote(name), needs)
                         : formatted("tensor {} has shape {}{}", quoted_name(*tensor),
                                     shape_text(tensor->shape), needs),
       ErrorCode::invalid_argument);
}

/// No reading has the modules that the options name.
[[noreturn]] void refuse_told(const TensorReader& reader, const std::vector<MatrixModule>& modules,
                              const Stack& stack, const LoadOptions& options) {
  const auto head = std::ranges::find(modules, options.head.value_or(""), &MatrixModule::name);
  const bool head_fits = !options.head || options.head->empty() ||
                         (head != modules.end() && head->columns == stack.output);
  const std::string input = std::to_string(stack.input);
  if (!head_fits) {
    refuse_misfit(reader, *options.head, "head", formatted("[any, {}]", stack.output));
  }
  const std::string name = options.embedding.value_or("");
  const auto embedding = std::ranges::find(modules, name, &MatrixModule::name);
  const bool is_linear = embedding != modules.end() && embedding->bias;
  refuse_misfit(reader, name, "embedding",
                is_linear
                    ? formatted("[{}, any], because it has a bias and so is a linear layer", input)
                    : formatted("[any, {}]", input));
}

}  // namespace

std::optional<std::size_t> first_of(const Reading& reading) {
  if (reading.table) return reading.table;
  if (!reading.before.empty()) return reading.before.front();
  return std::nullopt;
}

Reading find_reading(const TensorReader& reader, const std::vector<MatrixModule>& modules,
                     const Stack& stack, const std::vector<std::string>& left_out,
                     const LoadOptions& options) {
  Search search(modules, stack, options);
  std::vector<Reading> readings = search.run();
  if (search.gave_up()) refuse_too_many(reader);
  if (readings.empty()) refuse_told(reader, modules, stack, options);
  if (readings.size() > 1 && stack.ordered) {
    std::vector<Reading> ordered;
    std::ranges::copy_if(readings, std::back_inserter(ordered), [&](const Reading& reading) {
      return is_in_order(modules, stack, reading);
    });
    if (!ordered.empty()) readings = std::move(ordered);
  }
  if (readings.size() > 1) refuse_several_readings(reader, modules, readings);
  refuse_unknown_functions(reader, modules, readings.front());
  refuse_silent_loss(reader, modules, stack, readings.front(), options);
  if (options.ignore_extra) refuse_of_others(reader, modules, readings.front(), left_out, options);
  return readings.front();
}

}  // namespace carousel::loading
