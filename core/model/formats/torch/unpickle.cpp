// SPDX-License-Identifier: Apache-2.0
// The machine that pickles are programs for, with the instructions that PyTorch's need.
// https://docs.python.org/3/library/pickletools.html lists them all.
#include "pickle.hpp"
#include "pickle_cursor.hpp"

#include "core/model/formatted.hpp"

#include <bit>
#include <unordered_map>

namespace carousel::loading::pickle {
namespace {

/// A state dict takes some thirty values for a tensor.
constexpr std::size_t kMaxValues = std::size_t{1} << 20U;

class Machine {
 public:
  Machine(std::span<const std::byte> bytes, std::string_view source)
      : cursor_(bytes, source), source_(source) {}

  Pickle run() {
    while (true) {
      const auto instruction = static_cast<std::uint8_t>(cursor_.number(1));
      if (instruction == '.') break;
      const bool known = constant(instruction) || number(instruction) || text(instruction) ||
                         sequence(instruction) || dictionary(instruction) || memory(instruction) ||
                         object(instruction) || frame(instruction);
      if (!known) refuse_instruction(instruction);
    }
    pickle_.root = pop();
    return std::move(pickle_);
  }

 private:
  [[noreturn]] void refuse_instruction(std::uint8_t instruction) const {
    fail(source_,
         formatted("its pickle has the instruction {} at byte {}, which no state dict needs",
                   instruction, cursor_.position() - 1),
         ErrorCode::unsupported);
  }

  // --- The stack ---

  void push(Ref ref) { stack_.push_back(ref); }
  void add(Value value) {
    if (pickle_.values.size() >= kMaxValues) {
      fail(source_, "its pickle has more than a million values", ErrorCode::unsupported);
    }
    pickle_.values.push_back(std::move(value));
    push(static_cast<Ref>(pickle_.values.size() - 1));
  }

  /// Where the values above the last mark begin.
  [[nodiscard]] std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  [[nodiscard]] Ref top() const {
    if (stack_.size() <= floor()) fail(source_, "its pickle takes more values than there are");
    return stack_.back();
  }
  Ref pop() {
    const Ref ref = top();
    stack_.pop_back();
    return ref;
  }
  std::vector<Ref> pop(std::size_t count) {
    if (stack_.size() - floor() < count) {
      fail(source_, "its pickle takes more values than there are");
    }
    const auto begin = stack_.end() - static_cast<std::ptrdiff_t>(count);
    std::vector<Ref> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    return items;
  }
  std::vector<Ref> pop_to_mark() {
    if (marks_.empty()) fail(source_, "its pickle has no mark where it needs one");
    std::vector<Ref> items = pop(stack_.size() - floor());
    marks_.pop_back();
    return items;
  }

  template <class T>
  T& as(Ref ref, const char* what) {
    T* value = std::get_if<T>(&pickle_.values[ref]);
    if (value == nullptr) fail(source_, formatted("its pickle needs {} there", what));
    return *value;
  }

  // --- Instructions by what they make; false: not one of these ---

  bool constant(std::uint8_t instruction) {
    switch (instruction) {
      case 'N': add(None{}); return true;
      case 0x88: add(true); return true;
      case 0x89: add(false); return true;
      default: return false;
    }
  }

  bool number(std::uint8_t instruction) {
    switch (instruction) {
      case 'J': add(std::int64_t{static_cast<std::int32_t>(cursor_.number(4))}); return true;
      case 'K': add(static_cast<std::int64_t>(cursor_.number(1))); return true;
      case 'M': add(static_cast<std::int64_t>(cursor_.number(2))); return true;
      case 0x8a: add(long_integer()); return true;
      case 'G': add(big_endian_double()); return true;
      default: return false;
    }
  }

  std::int64_t long_integer() {
    const auto size = static_cast<std::size_t>(cursor_.number(1));
    if (size > 8) fail(source_, "its pickle has an integer of more than 64 bits");
    if (size == 0) return 0;
    const std::uint64_t bits = cursor_.number(size);
    const auto unused = static_cast<unsigned>(64 - 8 * size);
    return static_cast<std::int64_t>(bits << unused) >> unused;  // extends the sign
  }

  double big_endian_double() {
    std::uint64_t bits = 0;
    for (int k = 0; k < 8; ++k) bits = bits << 8U | cursor_.number(1);
    return std::bit_cast<double>(bits);
  }

  bool text(std::uint8_t instruction) {
    switch (instruction) {
      case 0x8c:
      case 'U':
      case 'C': push_text(1); return true;
      case 'X':
      case 'T':
      case 'B': push_text(4); return true;
      case 0x8d:
      case 0x8e: push_text(8); return true;
      default: return false;
    }
  }

  void push_text(std::size_t length_bytes) {
    add(std::string(cursor_.bytes(cursor_.number(length_bytes))));
  }

  bool sequence(std::uint8_t instruction) {
    switch (instruction) {
      case '(': marks_.push_back(stack_.size()); return true;
      case ')':
      case ']': add(Sequence{}); return true;
      case 0x85: add(Sequence{pop(1)}); return true;
      case 0x86: add(Sequence{pop(2)}); return true;
      case 0x87: add(Sequence{pop(3)}); return true;
      case 't':
      case 'l': add(Sequence{pop_to_mark()}); return true;
      case 'a': append(pop(1)); return true;
      case 'e': append(pop_to_mark()); return true;
      default: return false;
    }
  }

  void append(const std::vector<Ref>& items) {
    auto& list = as<Sequence>(top(), "a list").items;
    list.insert(list.end(), items.begin(), items.end());
  }

  bool dictionary(std::uint8_t instruction) {
    switch (instruction) {
      case '}': add(Dict{}); return true;
      case 'd': {
        const std::vector<Ref> items = pop_to_mark();
        add(Dict{});
        set_items(items);
        return true;
      }
      case 's': set_items(pop(2)); return true;
      case 'u': set_items(pop_to_mark()); return true;
      default: return false;
    }
  }

  void set_items(const std::vector<Ref>& items) {
    if (items.size() % 2 != 0) fail(source_, "its pickle has a key without a value");
    auto& dict = as<Dict>(top(), "a dictionary").items;
    for (std::size_t k = 0; k < items.size(); k += 2) dict.emplace_back(items[k], items[k + 1]);
  }

  bool memory(std::uint8_t instruction) {
    switch (instruction) {
      case 'q': remember(cursor_.number(1)); return true;
      case 'r': remember(cursor_.number(4)); return true;
      case 0x94: remember(memo_.size()); return true;
      case 'h': push(remembered(cursor_.number(1))); return true;
      case 'j': push(remembered(cursor_.number(4))); return true;
      case '0': pop(); return true;
      case '1': pop_to_mark(); return true;
      case '2': push(top()); return true;
      default: return false;
    }
  }

  void remember(std::uint64_t number) { memo_.insert_or_assign(number, top()); }

  [[nodiscard]] Ref remembered(std::uint64_t number) const {
    const auto found = memo_.find(number);
    if (found == memo_.end()) fail(source_, "its pickle recalls what it never remembered");
    return found->second;
  }

  bool object(std::uint8_t instruction) {
    switch (instruction) {
      case 'c': push_global(); return true;
      case 0x93: push_stack_global(); return true;
      case 'R':
      case 0x81: push_call(); return true;
      case 'b': build(); return true;
      case 'Q': add(storage_of(pickle_, pickle_[pop()], source_)); return true;
      default: return false;
    }
  }

  void push_global() {
    const std::string_view module = cursor_.line();
    add(find_global(module, cursor_.line(), source_));
  }

  void push_stack_global() {
    const Ref name = pop();
    const Ref module = pop();
    add(find_global(as<std::string>(module, "a name"), as<std::string>(name, "a name"), source_));
  }

  void push_call() {
    const Ref arguments = pop();
    const Global global = as<Global>(pop(), "a name that can be called");
    auto result = call(pickle_, global, as<Sequence>(arguments, "arguments").items, source_);
    if (const Ref* there = std::get_if<Ref>(&result)) {
      push(*there);
    } else {
      add(std::move(std::get<Value>(result)));
    }
  }

  /// Attributes of a dictionary or tensor say nothing of its values; those of an object are all
  /// that it has.
  void build() {
    const Ref state = pop();
    if (auto* target = std::get_if<Object>(&pickle_.values[top()])) target->state = state;
  }

  /// The version of the protocol, and lengths of parts, which nothing depends on.
  bool frame(std::uint8_t instruction) {
    switch (instruction) {
      case 0x80: cursor_.number(1); return true;
      case 0x95: cursor_.number(8); return true;
      default: return false;
    }
  }

  Cursor cursor_;
  std::string_view source_;
  Pickle pickle_;
  std::vector<Ref> stack_;
  std::vector<std::size_t> marks_;  ///< Heights of the stack.
  std::unordered_map<std::uint64_t, Ref> memo_;
};

}  // namespace

Pickle parse(std::span<const std::byte> bytes, std::string_view source) {
  return Machine(bytes, source).run();
}

}  // namespace carousel::loading::pickle
