// SPDX-License-Identifier: Apache-2.0
// What enters and leaves networks besides the sequences of a chain: states that a run sets, final
// states, lengths as an input or computed, inputs and outputs that are left out, other numbers of
// steps.
#include "unit/sample.hpp"

#include <carousel/stream.hpp>

#include <gtest/gtest.h>

namespace carousel::testing_support {
namespace {

constexpr std::int64_t kBatch = 2;
constexpr std::int64_t kInputs = 3;
constexpr std::int64_t kUnits = 4;

/// Values in about +-1 that repeat after `period`.
std::vector<float> values(std::int64_t count, std::int64_t period = 11) {
  std::vector<float> list;
  for (std::int64_t k = 0; k < count; ++k) {
    list.push_back(static_cast<float>(k % period) * (2.0F / static_cast<float>(period)) - 0.9F);
  }
  return list;
}

ModelLayer layer(LayerSpec spec, std::string name, std::vector<std::string> inputs = {}) {
  ModelLayer made{std::move(spec)};
  made.name = std::move(name);
  made.inputs = std::move(inputs);
  for (const WeightRole& role : weight_roles(made.spec)) {
    if (!role.required) continue;
    std::int64_t count = 1;
    for (const std::int64_t size : role.shape) count *= size;
    made.weights[role.name] = Tensor(role.shape, values(count, 13));
  }
  return made;
}

/// An LSTM whose states are inputs, of one step each, and outputs.
Model with_states() {
  Model model;
  model.inputs = {{"x", kInputs},
                  {.name = "h0", .size = kUnits, .one_step = true},
                  {.name = "c0", .size = kUnits, .one_step = true}};
  model.layers = {layer(make_spec(Cell::lstm, kInputs, kUnits), "lstm", {"x"})};
  model.layers[0].initial_states = {{"h", "h0"}, {"c", "c0"}};
  model.outputs = {{"y", "lstm"}, {"hn", "lstm:h"}, {"cn", "lstm:c"}};
  return model;
}

/// A network with its arrays, run by name.
class ByName {
 public:
  explicit ByName(const Model& model, std::int64_t max_steps = 64)
      : network_(prepare(model, {.backend = "scalar"})),
        stream_(network_.stream({.batch = kBatch, .max_steps = max_steps})) {}

  void give(std::string_view name, const std::vector<float>& x, std::int64_t steps) {
    const auto size =
        static_cast<std::int64_t>(x.size()) / (kBatch * std::max<std::int64_t>(steps, 1));
    inputs_.push_back({name, steps_first(x.data(), steps, kBatch, size), {}});
  }
  void give(std::string_view name, const std::vector<std::int32_t>& ids, std::int64_t steps) {
    inputs_.push_back({name, {}, steps_first(ids.data(), steps, kBatch, std::int64_t{1})});
  }
  void want(std::string_view name, std::vector<float>& y, std::int64_t steps, std::int64_t size) {
    y.assign(static_cast<std::size_t>(steps * kBatch * size), kUntouched);
    outputs_.push_back({name, steps_first(y.data(), steps, kBatch, size)});
  }
  Status run(const std::vector<std::int64_t>& lengths = {}) {
    const Status status = stream_.run(inputs_, outputs_, lengths);
    inputs_.clear();
    outputs_.clear();
    return status;
  }
  Network& network() { return network_; }
  Stream& stream() { return stream_; }

 private:
  Network network_;
  Stream stream_;
  std::vector<NamedInput> inputs_;
  std::vector<NamedOutput> outputs_;
};

void set(const SequenceView<float>& state, const std::vector<float>& rows) {
  for (std::int64_t b = 0; b < state.batch; ++b) {
    std::copy_n(rows.data() + b * state.features, state.features, state.row(0, b));
  }
}

std::vector<float> get(const SequenceView<float>& state) {
  std::vector<float> rows;
  for (std::int64_t b = 0; b < state.batch; ++b) {
    rows.insert(rows.end(), state.row(0, b), state.row(0, b) + state.features);
  }
  return rows;
}

TEST(Ports, StatesAreSetFromInputsAndGivenAsOutputs) {
  constexpr std::int64_t kSteps = 5;
  const std::vector<float> x = values(kSteps * kBatch * kInputs);
  const std::vector<float> h0 = values(kBatch * kUnits, 5);
  const std::vector<float> c0 = values(kBatch * kUnits, 7);

  ModelLayer alone = with_states().layers[0];
  alone.inputs.clear();
  alone.initial_states.clear();
  const Network plain = prepare(alone, {.backend = "scalar"});
  Stream expected = plain.stream({.batch = kBatch});
  set(expected.state(0, "h"), h0);
  set(expected.state(0, "c"), c0);
  const Answer answer = run_dense(expected, x, kSteps, kBatch, plain);

  ByName named(with_states());
  EXPECT_TRUE(named.network().optional_input(1));
  EXPECT_FALSE(named.network().optional_input(0));
  std::vector<float> y;
  std::vector<float> hn;
  named.give("c0", c0, 1);
  named.give("x", x, kSteps);
  named.give("h0", h0, 1);
  named.want("hn", hn, 1, kUnits);
  named.want("y", y, kSteps, kUnits);  // cn is left out
  const Status status = named.run();
  ASSERT_TRUE(status) << status.message();
  EXPECT_EQ(y, answer.y);
  EXPECT_EQ(hn, get(expected.state(0, "h")));
}

TEST(Ports, StatesThatAreLeftOutGoOnWhateverThePieces) {
  constexpr std::int64_t kSteps = 10;
  const std::vector<float> x = values(kSteps * kBatch * kInputs);
  const std::vector<float> h0 = values(kBatch * kUnits, 5);
  const std::vector<float> c0 = values(kBatch * kUnits, 7);
  std::vector<float> whole;
  std::vector<float> chunked;
  for (const std::int64_t max_steps : {64, 3}) {
    ByName named(with_states(), max_steps);
    EXPECT_FALSE(named.network().whole_sequence());
    named.give("x", x, kSteps);
    named.give("h0", h0, 1);
    named.give("c0", c0, 1);
    named.want("y", max_steps == 3 ? chunked : whole, kSteps, kUnits);
    ASSERT_TRUE(named.run());
  }
  EXPECT_EQ(chunked, whole);

  ByName pieces(with_states());
  std::vector<float> joined;
  for (std::int64_t first = 0; first < kSteps; first += 5) {
    const auto begin = x.begin() + first * kBatch * kInputs;
    const std::vector<float> part(begin, begin + 5 * kBatch * kInputs);
    std::vector<float> y;
    pieces.give("x", part, 5);
    if (first == 0) pieces.give("h0", h0, 1);
    if (first == 0) pieces.give("c0", c0, 1);
    pieces.want("y", y, 5, kUnits);
    ASSERT_TRUE(pieces.run());
    joined.insert(joined.end(), y.begin(), y.end());
  }
  EXPECT_EQ(joined, whole);
}

TEST(Ports, TheShortFormTakesTheMainInputAndOutput) {
  const Network network = prepare(with_states(), {.backend = "scalar"});
  Stream stream = network.stream({.batch = kBatch});
  const std::vector<float> x = values(4 * kBatch * kInputs);
  const Answer answer = run_dense(stream, x, 4, kBatch, network);
  EXPECT_EQ(answer.y.size(), 4U * kBatch * kUnits);
  EXPECT_NE(answer.y.front(), kUntouched);
}

/// h0 and a mask of it, multiplied before they become the state.
Model masked() {
  Model model = with_states();
  model.inputs.push_back({.name = "mask", .size = kUnits, .one_step = true});
  model.layers.insert(
      model.layers.begin(),
      layer(ElementwiseSpec{ElementwiseOperation::multiply, kUnits}, "masked", {"h0", "mask"}));
  model.layers[1].initial_states = {{"h", "masked"}, {"c", "c0"}};
  return model;
}

TEST(Ports, LayersBeforeAnInitialStateRunOnlyIfTheirInputsAreGiven) {
  const std::vector<float> x = values(3 * kBatch * kInputs);
  const std::vector<float> zeros(kBatch * kUnits);
  const std::vector<float> ones(kBatch * kUnits, 1.0F);
  ByName named(masked(), 2);
  std::vector<float> fresh;
  named.give("x", x, 3);
  named.want("y", fresh, 3, kUnits);
  ASSERT_TRUE(named.run());

  std::vector<float> again;  // the mask forgets what the run before has left
  named.give("x", x, 3);
  named.give("h0", ones, 1);
  named.give("mask", zeros, 1);
  named.give("c0", zeros, 1);
  named.want("y", again, 3, kUnits);
  ASSERT_TRUE(named.run());
  EXPECT_EQ(again, fresh);

  named.give("x", x, 3);
  named.give("h0", ones, 1);
  named.want("y", again, 3, kUnits);
  EXPECT_STREQ(named.run().message(),
               "run: input 'mask' is missing; it sets an initial state together with others");
}

/// States of several layers cut out of one input: in chunks, all are cut out before the first layer
/// runs, wherever the model lists them.
TEST(Ports, PackedStatesOfSeveralLayersDoNotMixUp) {
  Model model;
  model.inputs = {{"x", kUnits}, {.name = "packed", .size = 2 * kUnits, .one_step = true}};
  model.layers = {layer(RearrangeSpec{2 * kUnits, {{0, kUnits}}}, "h0", {"packed"}),
                  layer(make_spec(Cell::gru, kUnits, kUnits), "first", {"x"}),
                  layer(RearrangeSpec{2 * kUnits, {{kUnits, kUnits}}}, "h1", {"packed"}),
                  layer(make_spec(Cell::gru, kUnits, kUnits), "second", {"first"})};
  model.layers[1].initial_states = {{"h", "h0"}};
  model.layers[3].initial_states = {{"h", "h1"}};
  model.outputs = {{"y", "second"}};
  const std::vector<float> x = values(5 * kBatch * kUnits);
  const std::vector<float> packed = values(kBatch * 2 * kUnits, 7);
  ByName named(model, 2);
  EXPECT_FALSE(named.network().whole_sequence());
  std::vector<float> y;
  named.give("x", x, 5);
  named.give("packed", packed, 1);
  named.want("y", y, 5, kUnits);
  ASSERT_TRUE(named.run());

  Model chain;
  chain.layers = {layer(make_spec(Cell::gru, kUnits, kUnits), "first"),
                  layer(make_spec(Cell::gru, kUnits, kUnits), "second")};
  const Network network = prepare(chain, {.backend = "scalar"});
  Stream stream = network.stream({.batch = kBatch});
  for (std::int64_t k = 0; k < 2; ++k) {
    const SequenceView<float> state = stream.state(k, "h");
    for (std::int64_t b = 0; b < kBatch; ++b) {
      std::copy_n(packed.data() + (b * 2 + k) * kUnits, kUnits, state.row(0, b));
    }
  }
  EXPECT_EQ(y, run_dense(stream, x, 5, kBatch, network).y);
}

/// A decoder that starts from where an encoder ended, and an output made of final states.
TEST(Ports, ADecoderStartsWhereTheEncoderEnded) {
  Model model;
  model.inputs = {{"x", kInputs}};
  model.layers = {layer(make_spec(Cell::lstm, kInputs, kUnits), "encoder", {"x"}),
                  layer(make_spec(Cell::lstm, kInputs, kUnits), "decoder", {"x"}),
                  layer(ConcatenateSpec{{kUnits, kUnits}}, "states", {"encoder:h", "decoder:h"})};
  model.layers[1].initial_states = {{"h", "encoder:h"}, {"c", "encoder:c"}};
  model.outputs = {{"y", "decoder"}, {"states", "states"}};
  const std::vector<float> x = values(4 * kBatch * kInputs);
  ByName named(model);
  EXPECT_TRUE(named.network().whole_sequence());
  std::vector<float> y;
  std::vector<float> ends;
  named.give("x", x, 4);
  named.want("y", y, 4, kUnits);
  named.want("states", ends, 1, 2 * kUnits);
  const Status status = named.run();
  ASSERT_TRUE(status) << status.message();

  Model twice;
  twice.layers = {layer(make_spec(Cell::lstm, kInputs, kUnits), "encoder")};
  const Network one = prepare(twice, {.backend = "scalar"});
  Stream stream = one.stream({.batch = kBatch});
  const Answer first = run_dense(stream, x, 4, kBatch, one);
  const std::vector<float> h = get(stream.state(0, "h"));
  EXPECT_EQ(y, run_dense(stream, x, 4, kBatch, one).y);
  EXPECT_EQ(std::vector<float>(ends.begin(), ends.begin() + kUnits),
            std::vector<float>(h.begin(), h.begin() + kUnits));
}

Model with_lengths() {
  Model model;
  model.inputs = {{"x", kInputs}, {.name = "lens", .size = 1, .one_step = true}};
  model.layers = {layer(make_spec(Cell::gru, kInputs, kUnits), "gru", {"x"}),
                  layer(DenseSpec{kUnits, 2}, "head")};
  model.lengths = "lens";
  return model;
}

TEST(Ports, LengthsAreAnInputOrAnArgument) {
  const std::vector<float> x = values(5 * kBatch * kInputs);
  const std::vector<float> lens{2.0F, 5.0F};
  for (const std::int64_t max_steps : {64, 2}) {
    ByName named(with_lengths(), max_steps);
    std::vector<float> by_input;
    named.give("x", x, 5);
    named.give("lens", lens, 1);
    named.want("y", by_input, 5, 2);
    ASSERT_TRUE(named.run());
    named.stream().reset();
    std::vector<float> by_argument;
    named.give("x", x, 5);
    named.want("y", by_argument, 5, 2);
    ASSERT_TRUE(named.run({2, 5}));
    EXPECT_EQ(by_input, by_argument);
    const std::vector<float> bias = values(2, 13);
    EXPECT_EQ(by_input[4 * kBatch * 2], bias[0]) << "a head of zeros past the end is its bias";
  }
}

TEST(Ports, WrongLengthsAreRefused) {
  const std::vector<float> x = values(5 * kBatch * kInputs);
  for (const float bad : {-1.0F, 6.0F, 1.5F, std::numeric_limits<float>::quiet_NaN()}) {
    ByName named(with_lengths());
    std::vector<float> y;
    named.give("x", x, 5);
    const std::vector<float> lens{bad, 5.0F};
    named.give("lens", lens, 1);
    named.want("y", y, 5, 2);
    const std::string text = named.run().message();
    EXPECT_TRUE(text.starts_with("run: the length of row 0 is ")) << text;
    EXPECT_TRUE(text.ends_with(", but must be a whole number in 0..5")) << text;
    EXPECT_EQ(y.front(), kUntouched);
  }
}

/// Ids that are 0 are padding: the lengths are counted, as networks from Keras do.
TEST(Ports, LengthsCanBeComputed) {
  Model model;
  model.inputs = {{"ids", 1, true}};
  model.layers = {layer(CastIdsSpec{}, "numbers", {"ids"}),
                  layer(ActivationSpec{{ActivationKind::sign}, 1}, "real"),
                  layer(ReduceStepsSpec{ReduceOperation::sum, 1}, "count"),
                  layer(EmbeddingSpec{9, kInputs}, "table", {"ids"}),
                  layer(make_spec(Cell::gru, kInputs, kUnits), "gru")};
  model.outputs = {{"h", "gru:h"}};
  model.lengths = "count";
  const std::vector<std::int32_t> ids{3, 1, 4, 5, 0, 2, 0, 7};  // [4, 2]: 2 and 4 are real
  ByName named(model);
  std::vector<float> h;
  named.give("ids", ids, 4);
  named.want("h", h, 1, kUnits);
  const Status status = named.run();
  ASSERT_TRUE(status) << status.message();

  model.layers.erase(model.layers.begin(), model.layers.begin() + 3);
  model.lengths.clear();
  ByName plain(model);
  std::vector<float> expected;
  plain.give("ids", ids, 4);
  plain.want("h", expected, 1, kUnits);
  ASSERT_TRUE(plain.run({2, 4}));
  EXPECT_EQ(h, expected);
}

TEST(Ports, StepsThatChangeAreCounted) {
  Model model;
  model.layers = {
      layer(
          ConvolutionSpec{.in_channels = kInputs, .out_channels = 2, .kernel_size = 3, .stride = 2},
          "conv"),
      layer(make_spec(Cell::gru, 2, kUnits), "gru"),
      layer(SelectStepsSpec{.size = kUnits, .first = -1}, "last")};
  model.outputs = {{"all", "gru"}, {"last", "last"}};
  ByName named(model, 9);
  EXPECT_TRUE(named.network().whole_sequence());
  EXPECT_EQ(named.network().output_steps(9, 0), 4);
  EXPECT_EQ(named.network().output_steps(9, 1), 1);
  EXPECT_EQ(named.network().output_steps(2, 0), 0);
  const std::vector<float> x = values(9 * kBatch * kInputs);
  std::vector<float> all;
  std::vector<float> last;
  named.give("x", x, 9);
  named.want("all", all, 4, kUnits);
  named.want("last", last, 1, kUnits);
  const Status status = named.run();
  ASSERT_TRUE(status) << status.message();
  EXPECT_EQ(last, std::vector<float>(all.end() - kBatch * kUnits, all.end()));

  named.give("x", x, 9);
  named.want("all", all, 9, kUnits);
  EXPECT_STREQ(named.run().message(),
               "run: output 'all' has 9 steps, but must have 4, as many as the network gives "
               "(output_steps)");
  const std::vector<float> long_x = values(10 * kBatch * kInputs);
  named.give("x", long_x, 10);
  named.want("all", all, 4, kUnits);
  EXPECT_NE(std::string(named.run().message()).find("was made for max_steps = 9"),
            std::string::npos);
}

TEST(Ports, OutputsThatAreLeftOutMayBeLongerThanAChunk) {
  constexpr std::int64_t kSteps = 50;
  Model model;
  model.inputs = {{"x", kInputs}};
  model.layers = {layer(make_spec(Cell::gru, kInputs, kUnits), "gru", {"x"}),
                  layer(DenseSpec{kUnits, 2}, "head")};
  model.outputs = {{"features", "gru"}, {"again", "gru"}, {"scores", "head"}};
  const std::vector<float> x = values(kSteps * kBatch * kInputs);
  std::vector<float> with;
  std::vector<float> without;
  std::vector<float> features;
  ByName all(model, 3);
  all.give("x", x, kSteps);
  all.want("features", features, kSteps, kUnits);
  all.want("scores", with, kSteps, 2);
  ASSERT_TRUE(all.run());
  ByName one(model, 3);
  one.give("x", x, kSteps);
  one.want("scores", without, kSteps, 2);
  ASSERT_TRUE(one.run());
  EXPECT_EQ(without, with);
  std::vector<float> again;
  ByName twin(model, 3);
  twin.give("x", x, kSteps);
  twin.want("again", again, kSteps, kUnits);
  ASSERT_TRUE(twin.run());
  EXPECT_EQ(again, features);
}

TEST(Ports, AnInputAndASequenceCanBeOutputsTwice) {
  Model model;
  model.inputs = {{"x", kInputs}};
  model.layers = {layer(make_spec(Cell::rnn, kInputs, kUnits), "rnn", {"x"})};
  model.outputs = {{"a", "rnn"}, {"b", "rnn"}, {"same", "x"}};
  const std::vector<float> x = values(5 * kBatch * kInputs);
  ByName named(model, 2);
  std::vector<float> a;
  std::vector<float> b;
  std::vector<float> same;
  named.give("x", x, 5);
  named.want("a", a, 5, kUnits);
  named.want("b", b, 5, kUnits);
  named.want("same", same, 5, kInputs);
  ASSERT_TRUE(named.run());
  EXPECT_EQ(a, b);
  EXPECT_EQ(same, x);
}

}  // namespace
}  // namespace carousel::testing_support
