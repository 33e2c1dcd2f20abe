// SPDX-License-Identifier: Apache-2.0
#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"
#include "core/model/utf8.hpp"
#include "state_dict_of.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

namespace carousel::loading::pickle {
namespace {

/// Dictionaries inside of each other, from the outermost to a tensor.
constexpr std::size_t kMaxDepth = 16;
/// Entries that are looked at: a pickle may say the same dictionary many times.
constexpr std::size_t kMaxVisits = std::size_t{1} << 18U;
constexpr std::size_t kMaxName = 500;

/// A dictionary, or the attributes of an object, with the names that led there.
struct Node {
  Ref ref;
  std::string name;
  std::size_t depth;
};

class Finder {
 public:
  Finder(const Pickle& pickle, std::string_view source) : pickle_(pickle), source_(source) {}

  std::vector<NamedView> find() {
    std::vector<NamedView> found;
    std::set<std::string> names;
    for (const Node& start : starts()) collect(start, found);
    for (const NamedView& view : found) {
      if (!names.insert(view.name).second) {
        fail(source_, "its pickle has two tensors of the name " + quote(view.name));
      }
    }
    if (found.empty()) fail(source_, "its pickle holds no tensors in dictionaries");
    return found;
  }

 private:
  /// The entries of a dictionary or object; null for other values.
  [[nodiscard]] const Dict* entries(Ref ref) const {
    if (const auto* object = std::get_if<Object>(&pickle_[ref])) {
      return object->state ? std::get_if<Dict>(&pickle_[*object->state]) : nullptr;
    }
    return std::get_if<Dict>(&pickle_[ref]);
  }

  /// The name of an entry; nothing where the key is neither text nor a number.
  [[nodiscard]] std::optional<std::string> name_of(const Node& parent, Ref key) const {
    const std::string prefix = parent.name.empty() ? "" : parent.name + '.';
    if (const auto* number = std::get_if<std::int64_t>(&pickle_[key])) {
      return prefix + std::to_string(*number);
    }
    const auto* text = std::get_if<std::string>(&pickle_[key]);
    if (text == nullptr) return std::nullopt;
    if (text->size() + prefix.size() > kMaxName || find_invalid_utf8(*text)) {
      fail(source_,
           formatted("its pickle has the key {}, which is no name of a tensor", quote(*text)));
    }
    return prefix + *text;
  }

  void visit() {
    if (++visits_ > kMaxVisits) fail(source_, "its pickle has too many entries");
  }

  /// The dictionaries in one, in their order.
  [[nodiscard]] std::vector<Node> children(const Node& node) {
    std::vector<Node> result;
    const Dict* dict = entries(node.ref);
    if (dict == nullptr) return result;
    for (const auto& [key, value] : dict->items) {
      visit();
      if (entries(value) == nullptr) continue;
      if (auto name = name_of(node, key)) result.push_back({value, *name, node.depth + 1});
    }
    return result;
  }

  /// Whether it holds a matrix, as every dictionary of weights does.
  [[nodiscard]] bool holds_matrix(Ref ref) {
    const Dict* dict = entries(ref);
    return dict != nullptr && std::ranges::any_of(dict->items, [&](const auto& item) {
             visit();
             const auto* view = std::get_if<View>(&pickle_[item.second]);
             return view != nullptr && view->shape.size() > 1;
           });
  }

  /// Where to collect from: the first level that has dictionaries of weights.
  [[nodiscard]] std::vector<Node> starts() {
    std::vector<Node> level{{pickle_.root, "", 0}};
    if (std::holds_alternative<Object>(pickle_[pickle_.root])) return level;
    for (std::size_t depth = 0; depth < kMaxDepth && !level.empty(); ++depth) {
      std::vector<Node> found;
      std::ranges::copy_if(level, std::back_inserter(found),
                           [&](const Node& node) { return holds_matrix(node.ref); });
      if (found.size() == 1) found.front().name.clear();
      if (!found.empty()) return found;
      std::vector<Node> below;
      for (const Node& node : level) std::ranges::move(children(node), std::back_inserter(below));
      level = std::move(below);
    }
    return {};
  }

  /// All tensors below a dictionary: first its own, then those of the dictionaries in it.
  void collect(const Node& start, std::vector<NamedView>& found) {
    std::vector<Node> open{start};
    while (!open.empty()) {
      const Node node = std::move(open.back());
      open.pop_back();
      if (node.depth > kMaxDepth) fail(source_, "its pickle nests dictionaries too deep");
      collect_own(node, found);
      std::vector<Node> below = children(node);
      std::ranges::reverse(below);
      std::ranges::move(below, std::back_inserter(open));
    }
  }

  void collect_own(const Node& node, std::vector<NamedView>& found) {
    const Dict* dict = entries(node.ref);
    if (dict == nullptr) return;
    for (const auto& [key, value] : dict->items) {
      visit();
      const auto* view = std::get_if<View>(&pickle_[value]);
      if (view == nullptr) continue;
      if (auto name = name_of(node, key)) found.push_back({std::move(*name), view});
    }
  }

  const Pickle& pickle_;
  std::string_view source_;
  std::size_t visits_ = 0;
};

}  // namespace

std::vector<NamedView> find_state_dict(const Pickle& pickle, std::string_view source) {
  return Finder(pickle, source).find();
}

}  // namespace carousel::loading::pickle
