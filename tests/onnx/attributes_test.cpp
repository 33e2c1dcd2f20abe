// SPDX-License-Identifier: Apache-2.0
// Attributes that an operator does not have, or has with values that are not supported.
#include "onnx/graph_builder.hpp"

#include <optional>
#include <sstream>
#include <string>

#include "core/model/formats/onnx/operator_table.hpp"

namespace carousel::onnx_test {
namespace {

using loading::onnx::known_operators;
using loading::onnx::KnownOperator;
using testing::contains;

/// A node of that operator, alone between x and out.
GraphBuilder alone(std::string_view op, std::int64_t operator_set = 22) {
  GraphBuilder g(operator_set);
  g.input("x", {-1, -1, 4});
  g.node(std::string(op), {"x"}, {"out"});
  g.output("out");
  return g;
}

std::string refusal(std::string_view op, const std::string& attribute) {
  return "t.onnx: node '" + std::string(op) + "_out' (" + std::string(op) + "): attribute '" +
         attribute + "' is not one that ONNX's " + std::string(op) + " has";
}

TEST(OnnxAttributes, UnknownOnesAreRefusedWithEveryOperator) {
  ASSERT_GT(known_operators().size(), 90U);
  for (const KnownOperator& known : known_operators()) {
    GraphBuilder g = alone(known.name);
    only_node(g).set("zoneout", 1);
    EXPECT_TRUE(contains(g.error(), refusal(known.name, "zoneout"))) << g.error();
    // A part of a name is none.
    GraphBuilder part = alone(known.name);
    only_node(part).set("axi", 1);
    EXPECT_TRUE(contains(part.error(), refusal(known.name, "axi"))) << part.error();
  }
}

/// What the table says of one attribute: "axes<13", "spatial=1".
struct Limit {
  std::string op;
  std::string attribute;
  std::string value;
};

std::vector<Limit> limits(char sign) {
  std::vector<Limit> found;
  for (const KnownOperator& known : known_operators()) {
    std::istringstream entries{std::string(known.attributes)};
    for (std::string entry; entries >> entry;) {
      const std::size_t at = entry.find(sign);
      if (at == std::string::npos) continue;
      found.push_back({std::string(known.name), entry.substr(0, at), entry.substr(at + 1)});
    }
  }
  return found;
}

TEST(OnnxAttributes, ThoseThatBecameInputsAreRefusedFromThenOn) {
  const std::vector<Limit> all = limits('<');
  ASSERT_GT(all.size(), 30U);
  for (const Limit& limit : all) {
    GraphBuilder g = alone(limit.op, std::stoi(limit.value));
    only_node(g).set(limit.attribute, Sizes{0});
    EXPECT_TRUE(contains(g.error(),
                         refusal(limit.op, limit.attribute) + " since operator set " + limit.value))
        << g.error();
    GraphBuilder before = alone(limit.op, std::stoi(limit.value) - 1);
    only_node(before).set(limit.attribute, Sizes{0});
    EXPECT_FALSE(contains(before.error(), "is not one that")) << before.error();
  }
}

TEST(OnnxAttributes, ThoseOfOneValueAreRefusedWithOthers) {
  const std::vector<Limit> all = limits('=');
  ASSERT_GT(all.size(), 5U);
  for (const Limit& limit : all) {
    GraphBuilder g = alone(limit.op);
    only_node(g).set(limit.attribute, 99);
    EXPECT_TRUE(contains(g.error(), "(" + limit.op + "): attribute '" + limit.attribute +
                                        "' is 99; supported is " + limit.value))
        << g.error();
    GraphBuilder text = alone(limit.op);
    only_node(text).set(limit.attribute, std::string("99"));
    EXPECT_TRUE(contains(text.error(), "'" + limit.attribute + "' is of the wrong type"))
        << text.error();
  }
}

TEST(OnnxAttributes, ThoseWithoutEffectLoad) {
  GraphBuilder g(6);
  g.input("x", {-1, -1, 4});
  g.node("Dropout", {"x"}, {"a"}).set("ratio", 0.5F).set("is_test", 1);
  g.node("Tanh", {"a"}, {"b"});
  g.node("Add", {"b", "b"}, {"out"}).set("axis", 1).set("broadcast", 0);
  g.output("out");
  EXPECT_EQ(g.load().layers.size(), 2U) << g.error();
}

TEST(OnnxAttributes, OneThatIsThereTwiceIsRefused) {
  GraphBuilder g = alone("Flatten");
  only_node(g).set("axis", 1).set("axis", 2);
  EXPECT_TRUE(contains(g.error(), "(Flatten): attribute 'axis' is there twice"));
}

TEST(OnnxAttributes, ValuesThatTheStandardLacksAreRefused) {
  GraphBuilder gelu = alone("Gelu");
  only_node(gelu).set("approximate", std::string("fast"));
  EXPECT_TRUE(contains(gelu.error(), "attribute 'approximate' is 'fast'"));
  GraphBuilder split = alone("Split");
  only_node(split).set("axis", 2).set("num_outputs", 3);
  EXPECT_TRUE(contains(split.error(), "attribute 'num_outputs' is another number"));
}

/// "1<13 2" of that operator set; nothing: any number.
std::optional<int> most_of(std::string_view counts, int operator_set) {
  std::istringstream entries{std::string(counts)};
  std::string entry;
  while (entries >> entry) {
    const std::size_t at = entry.find('<');
    if (at != std::string::npos && operator_set >= std::stoi(entry.substr(at + 1))) continue;
    if (entry == "*") return std::nullopt;
    return std::stoi(entry.substr(0, at));
  }
  ADD_FAILURE() << counts;
  return std::nullopt;
}

TEST(OnnxOperators, MoreInputsOrOutputsThanTheyHaveAreRefused) {
  for (const KnownOperator& known : known_operators()) {
    for (const int set : {6, 8, 10, 12, 14, 18, 22}) {
      const std::string op(known.name);
      const auto check = [&](std::optional<int> most, const std::string& what, bool inputs) {
        if (!most) return;
        GraphBuilder g(set);
        g.input("x", {-1, -1, 4});
        Names outputs{"out"};
        const auto count = static_cast<std::size_t>(*most + 1);
        while (!inputs && outputs.size() < count) {
          outputs.push_back("more" + std::to_string(outputs.size()));
        }
        g.node(op, inputs ? Names(count, "x") : Names{}, outputs);
        g.output("out");
        const std::string text = "node '" + op + "_out' (" + op + "): has " +
                                 std::to_string(*most + 1) + ' ' + what + "; " + op + " has " +
                                 std::to_string(*most) + " at most in operator set " +
                                 std::to_string(set);
        EXPECT_TRUE(contains(g.error(), text)) << g.error();
      };
      check(most_of(known.inputs, set), "inputs", true);
      check(most_of(known.outputs, set), "outputs", false);
    }
  }
}

TEST(OnnxOperators, WhatIsLeftOutAtTheEndIsNotCounted) {
  GraphBuilder g(14);
  g.input("x", {-1, -1, 4});
  g.node("Tanh", {"x", ""}, {"out", ""});
  g.output("out");
  EXPECT_EQ(g.error(), "(no error)");
}

TEST(OnnxAttributes, ConcatHasAnAxis) {
  EXPECT_TRUE(contains(alone("Concat").error(), "(Concat): has no axis"));
}

}  // namespace
}  // namespace carousel::onnx_test
