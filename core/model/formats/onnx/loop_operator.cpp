// SPDX-License-Identifier: Apache-2.0
// Loop, as exporters write recurrent layers out that have no operator of their own.
#include "attributes.hpp"
#include "frames.hpp"
#include "loop.hpp"
#include "operators.hpp"
#include "sizes.hpp"

#include <algorithm>

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

namespace carousel::loading::onnx {
namespace {

constexpr std::int64_t kMaxSteps = 1 << 14;

/// What goes from step to step, by what the body does with it.
enum class VariableKind : std::uint8_t { same, counter, state };

struct Variable {
  VariableKind kind = VariableKind::state;
  std::string name;
};

class LoopReader {
 public:
  explicit LoopReader(const Call& call) : call_(call), body_(body_of(call)) {
    const int carried = call.node.input_size() - 2;
    if (carried < 0 || body_.input_size() != carried + 2 || body_.output_size() < carried + 1) {
      throw Malformed("its body has other inputs and outputs than it");
    }
    for (int k = 0; k < carried; ++k) variables_.push_back(classify(k));
    index_ = call.context.network.add_input("(the number of a step)", {}, ElementType::i64, 1);
  }

  std::vector<Value> run() {
    StepOfLoop step{.index = index_};
    StepOfLoop* outer = std::exchange(call_.context.loop, &step);
    std::vector<Value> results;
    try {
      results = call_.run_branch(call_, {body_, "body", given(marker())});
    } catch (...) {
      call_.context.loop = outer;
      throw;
    }
    call_.context.loop = outer;
    check_results(results);
    check_count(step, results.front());
    return outputs(step, results);
  }

 private:
  static const schema::GraphProto& body_of(const Call& call) {
    const schema::AttributeProto* body = find_attribute(call.node, "body");
    if (body == nullptr || !body->has_g()) throw Malformed("has no body");
    return body->g();
  }

  [[nodiscard]] const Value& initial(std::size_t k) const { return call_.input(k + 2); }

  /// Whether the body gives back what it was given.
  [[nodiscard]] bool is_passed_on(const std::string& from, std::string to) const {
    for (int n = body_.node_size(); n-- > 0 && to != from;) {
      const schema::NodeProto& node = body_.node(n);
      const bool passes =
          node.op_type() == "Identity" && node.output_size() == 1 && node.input_size() == 1;
      if (passes && node.output(0) == to) to = node.input(0);
    }
    return to == from;
  }

  [[nodiscard]] Variable classify(int k) const {
    const std::string& name = body_.input(k + 2).name();
    if (is_passed_on(name, body_.output(k + 1).name())) return {VariableKind::same, name};
    const Value& value = initial(static_cast<std::size_t>(k));
    const std::optional<Integers> integers = as_integers(value);
    const bool zero =
        integers && integers->elements.size() == 1 && integers->elements[0] == Dim{0, {}};
    return {zero ? VariableKind::counter : VariableKind::state, name};
  }

  /// The number of the step, not known.
  [[nodiscard]] Value marker() const {
    return Tensor{.flow = index_, .type = ElementType::i64, .whole = true};
  }

  /// What the body's inputs are, where the number of the step is that.
  [[nodiscard]] std::map<std::string, Value> given(const Value& number) {
    std::map<std::string, Value> values;
    values[body_.input(0).name()] = number;
    values[body_.input(1).name()] = constant_value(from_integers({}, {1}));
    states_.clear();
    for (std::size_t k = 0; k < variables_.size(); ++k) {
      const Variable& variable = variables_[k];
      if (variable.kind == VariableKind::same) {
        values[variable.name] = initial(k);
      } else if (variable.kind == VariableKind::counter) {
        values[variable.name] = shaped_as(number, initial(k));
      } else {
        const Tensor state = state_tensor(call_, initial(k), variable.name);
        states_.push_back({variable.name, &initial(k), state, Value{}});
        values[variable.name] = state;
      }
    }
    return values;
  }

  /// A counter may have an axis.
  static Value shaped_as(const Value& number, const Value& initial) {
    const std::size_t rank = as_integers(initial)->shape.size();
    if (const auto* tensor = std::get_if<Tensor>(&number)) {
      Tensor result = *tensor;
      result.axes.assign(rank, Axis{});
      return result;
    }
    return reshaped(number, Shape(rank, 1));
  }

  /// Counters must count, and nothing may be unsupported.
  void check_results(const std::vector<Value>& results) {
    std::size_t state = 0;
    for (std::size_t k = 0; k < variables_.size(); ++k) {
      const Value& value = results[k + 1];
      if (const auto* unsupported = std::get_if<Unsupported>(&value)) {
        throw Refusal(
            formatted("its body cannot be read: {}: {}", unsupported->where, unsupported->reason));
      }
      if (variables_[k].kind == VariableKind::counter && !counts(value)) {
        throw Refusal("carries an integer from step to step that does not count them");
      }
      if (variables_[k].kind == VariableKind::state) states_[state++].after = value;
    }
  }

  /// Whether a value is the number of the step and 1.
  [[nodiscard]] bool counts(const Value& value) const {
    const Network& network = call_.context.network;
    const auto* tensor = std::get_if<Tensor>(&value);
    if (tensor == nullptr || network[tensor->flow].kind != Flow::Kind::layer) return false;
    const Flow& flow = network[tensor->flow];
    const auto* spec = std::get_if<ElementwiseSpec>(&flow.layer.spec);
    const bool adds = spec != nullptr && spec->operation == ElementwiseOperation::add &&
                      spec->constant != ElementwiseSpec::Constant::none;
    if (!adds) return false;
    const Flow& from = network[flow.parents.front()];
    const bool of_index = from.kind == Flow::Kind::layer &&
                          std::holds_alternative<CastIdsSpec>(from.layer.spec) &&
                          from.parents.front() == index_;
    const std::vector<float> operand = flow.layer.weights.at("operand").to_float32();
    return of_index && operand == std::vector<float>{1.0F};
  }

  /// The loop must go through the whole sequence, step by step.
  void check_count(const StepOfLoop& step, const Value& condition) {
    if (!step.sequence) throw Refusal("its body reads no element of a sequence");
    const std::optional<Dim> size =
        call_.atoms().size_of(call_.atoms().normal(step.sequence->axes[0]));
    if (call_.has(1) && !is_true(call_.input(1))) {
      throw Refusal("its condition is not known to be true at first");
    }
    const std::optional<Dim> most = trip_count();
    const bool always = is_true(condition);
    if (always && most && most == size) return;
    if (!size || !size->known() || size->factor > kMaxSteps) {
      throw Refusal("how often it runs is not known to be the number of steps");
    }
    std::int64_t count = 0;
    bool goes_on = true;
    while (goes_on && count <= size->factor && (!most || count < most->factor)) {
      goes_on = condition_after(count);
      ++count;
    }
    if (count != size->factor) {
      throw Refusal(
          formatted("runs {} times or more, but the sequence has {} steps", count, size->factor));
    }
  }

  [[nodiscard]] std::optional<Dim> trip_count() const {
    if (!call_.has(0)) return std::nullopt;
    const std::optional<Integers> integers = as_integers(call_.input(0));
    if (!integers || integers->elements.size() != 1 || !integers->elements[0]) {
      throw Refusal("how often it runs is not known");
    }
    return call_.atoms().normal(*integers->elements[0]);
  }

  static bool is_true(const Value& value) {
    const auto* constant = std::get_if<Constant>(&value);
    return constant != nullptr && constant->array->size() == 1 &&
           to_doubles(*constant->array)[0] != 0.0;
  }

  /// The condition that the body computes in that step.
  bool condition_after(std::int64_t number) {
    std::map<std::string, Value> values;
    values[body_.input(0).name()] = constant_value(from_integers({}, {number}));
    values[body_.input(1).name()] = constant_value(from_integers({}, {1}));
    for (std::size_t k = 0; k < variables_.size(); ++k) {
      Value value = Unsupported{call_.where, "is a state of the loop"};
      if (variables_[k].kind == VariableKind::same) value = initial(k);
      if (variables_[k].kind == VariableKind::counter) {
        value = shaped_as(constant_value(from_integers({}, {number})), initial(k));
      }
      values[variables_[k].name] = std::move(value);
    }
    const Value result = call_.run_branch(call_, {body_, "body", values, true}).front();
    if (!std::holds_alternative<Constant>(result)) {
      throw Refusal("its condition depends on the values of the network");
    }
    return is_true(result);
  }

  std::vector<Value> outputs(const StepOfLoop& step, const std::vector<Value>& results) {
    const std::vector<Value> scans(
        results.begin() + static_cast<std::ptrdiff_t>(variables_.size()) + 1, results.end());
    const LoopLayer layer = make_layer(call_, step, states_, scans);
    std::vector<Value> values;
    std::size_t state = 0;
    for (std::size_t k = 0; k < variables_.size(); ++k) {
      if (variables_[k].kind == VariableKind::same) values.push_back(initial(k));
      if (variables_[k].kind == VariableKind::state) values.push_back(layer.finals[state++]);
      if (variables_[k].kind == VariableKind::counter) {
        values.emplace_back(Unsupported{call_.where, "the number of its steps is not supported"});
      }
    }
    values.insert(values.end(), layer.scans.begin(), layer.scans.end());
    return values;
  }

  const Call& call_;
  const schema::GraphProto& body_;
  std::vector<Variable> variables_;
  std::vector<Carried> states_;
  std::size_t index_ = 0;
};

}  // namespace

std::vector<Value> loop(const Call& call) { return LoopReader(call).run(); }

}  // namespace carousel::loading::onnx
