// SPDX-License-Identifier: Apache-2.0
// State dicts of NX-AI's xlstm package, in each form of its sLSTM cell.
#include "files_of_bytes.hpp"
#include "same_layers.hpp"

#include "core/model/formats/state_dict.hpp"

namespace carousel::testing {
namespace {

constexpr std::int64_t kHeads = 2;
constexpr std::int64_t kUnits = 3;  ///< Of a head.
constexpr std::int64_t kHidden = kHeads * kUnits;
constexpr std::int64_t kRows = 4 * kHidden;
constexpr const char* kPrefix = "blocks.0.xlstm.slstm_cell.";

std::size_t size_of(std::int64_t count) { return static_cast<std::size_t>(count); }

/// The weight of one gate's unit of one head, from that head's unit `input`.
float recurrent_value(std::int64_t gate, std::int64_t head, std::int64_t unit, std::int64_t input) {
  return static_cast<float>(1000 * gate + 100 * head + 10 * unit + input);
}

float bias_value(std::int64_t gate, std::int64_t head, std::int64_t unit) {
  return static_cast<float>(100 * gate + 10 * head + unit) + 0.5F;
}

/// Calls `use(gate, head, unit)` in the order (gate, head, unit).
template <class Use>
void for_each_row(Use use) {
  for (std::int64_t gate = 0; gate < 4; ++gate) {
    for (std::int64_t head = 0; head < kHeads; ++head) {
      for (std::int64_t unit = 0; unit < kUnits; ++unit) use(gate, head, unit);
    }
  }
}

TestTensor floats(std::vector<std::int64_t> shape, const std::vector<float>& values) {
  return {"F32", std::move(shape), raw(values)};
}

/// As the package's own implementation has the cell, in plain PyTorch.
StateDict vanilla_cell(const std::string& prefix = kPrefix) {
  std::vector<float> kernel(size_of(kRows * kUnits));
  std::vector<float> bias;
  for_each_row([&](auto gate, auto head, auto unit) {
    bias.push_back(bias_value(gate, head, unit));
    for (std::int64_t k = 0; k < kUnits; ++k) {
      const std::int64_t at = ((head * 4 + gate) * kUnits + unit) * kUnits + k;
      kernel[size_of(at)] = recurrent_value(gate, head, unit, k);
    }
  });
  StateDict dict;
  dict.add(prefix + "_recurrent_kernel_", floats({kHeads, 4 * kUnits, kUnits}, kernel));
  dict.add(prefix + "_bias_", floats({kRows}, bias));
  return dict;
}

/// As the one in CUDA has it; newer files tell more sizes of the same arrays.
StateDict cuda_cell(bool newer = false) {
  std::vector<float> kernel(size_of(kRows * kUnits));
  std::vector<float> bias(size_of(kRows));
  for_each_row([&](auto gate, auto head, auto unit) {
    bias[size_of((head * 4 + gate) * kUnits + unit)] = bias_value(gate, head, unit);
    for (std::int64_t k = 0; k < kUnits; ++k) {
      const std::int64_t at = (head * kUnits + k) * 4 * kUnits + gate * kUnits + unit;
      kernel[size_of(at)] = recurrent_value(gate, head, unit, k);
    }
  });
  using Shape = std::vector<std::int64_t>;
  StateDict dict;
  dict.add(
      std::string(kPrefix) + "_recurrent_kernel_",
      floats(newer ? Shape{kHeads, kUnits, 4, kUnits} : Shape{kHeads, kUnits, 4 * kUnits}, kernel));
  dict.add(std::string(kPrefix) + "_bias_",
           floats(newer ? Shape{kHeads, 4, kUnits} : Shape{kRows}, bias));
  return dict;
}

/// The same in the project's own form; `weight_ih` [kRows, inputs].
Model own_form(std::int64_t inputs, const std::vector<float>& weight_ih) {
  RecurrentSpec spec = make_spec(Cell::slstm, inputs, kHidden);
  spec.heads = kHeads;
  ModelLayer layer{.spec = spec, .name = "blocks.0.xlstm.slstm_cell"};
  std::vector<float> recurrent;
  std::vector<float> bias;
  for_each_row([&](auto gate, auto head, auto unit) {
    bias.push_back(bias_value(gate, head, unit));
    for (std::int64_t k = 0; k < kUnits; ++k) {
      recurrent.push_back(recurrent_value(gate, head, unit, k));
    }
  });
  set_weight(layer, "weight_ih", {kRows, inputs}, weight_ih);
  set_weight(layer, "weight_hh", {kRows, kUnits}, recurrent);
  set_weight(layer, "bias_ih", {kRows}, bias);
  set_weight(layer, "bias_hh", {kRows}, std::vector<float>(size_of(kRows)));
  Model model;
  model.layers.push_back(layer);
  return model;
}

Model bare_cell() {
  std::vector<float> identity(size_of(kRows * kRows));
  for (std::int64_t k = 0; k < kRows; ++k) identity[size_of(k * kRows + k)] = 1.0F;
  return own_form(kRows, identity);
}

TEST(Xlstm, ACellTakesTheSumsOfItsGates) {
  for (const StateDict& dict : {vanilla_cell(), cuda_cell(), cuda_cell(true)}) {
    const Model model = load(dict.bytes(), "cell");
    expect_same_layers(model, bare_cell());
    EXPECT_EQ(names_of(model), "blocks.0.xlstm.slstm_cell");
    const Model again = load(loading::to_safetensors(model), "again");
    expect_same_layers(again, model);
    EXPECT_EQ(names_of(again), names_of(model));
  }
}

/// With the maps of the layer around it, which differ from gate to gate.
StateDict with_maps(StateDict dict) {
  float start = 1.0F;
  for (const char* gate : {"igate", "fgate", "zgate", "ogate"}) {
    dict.add("blocks.0.xlstm." + std::string(gate) + ".weight",
             floats({kHeads, kUnits, kUnits}, ramp(size_of(kHidden * kUnits), start)));
    start += 100.0F;
  }
  return dict;
}

std::vector<float> mapped_input() {
  std::vector<float> weight(size_of(kRows * kHidden));
  std::int64_t row = 0;
  for_each_row([&](auto gate, auto head, auto unit) {
    const std::vector<float> map =
        ramp(size_of(kHidden * kUnits), 1.0F + 100.0F * static_cast<float>(gate));
    for (std::int64_t k = 0; k < kUnits; ++k) {
      weight[size_of(row * kHidden + head * kUnits + k)] =
          map[size_of((head * kUnits + unit) * kUnits + k)];
    }
    ++row;
  });
  return weight;
}

TEST(Xlstm, ALayerHasMapsBeforeItsCell) {
  for (const StateDict& dict : {vanilla_cell(), cuda_cell(), cuda_cell(true)}) {
    expect_same_layers(load(with_maps(dict).bytes(), "layer"), own_form(kHidden, mapped_input()));
  }
}

TEST(Xlstm, NothingIsLeftOutSilently) {
  StateDict dict = with_maps(vanilla_cell());
  dict.add("blocks.0.xlstm.conv1d.conv.weight", {kHidden, 1, 4});
  dict.add("blocks.0.xlstm.group_norm.weight", {kHidden});
  const std::string text = load_error(dict.bytes());
  EXPECT_TRUE(contains(text, "unexpected tensor 'blocks.0.xlstm.conv1d.conv.weight'"));
  EXPECT_TRUE(contains(text, "unexpected tensor 'blocks.0.xlstm.group_norm.weight'"));
  expect_same_layers(load(dict.bytes(), "layer", {.ignore_extra = true}),
                     own_form(kHidden, mapped_input()));
  dict = with_maps(vanilla_cell());
  dict.remove("blocks.0.xlstm.zgate.weight");
  EXPECT_TRUE(
      contains(load_error(dict.bytes()),
               "tensor 'blocks.0.xlstm.zgate.weight' is missing; expected shape [2, 3, 3]"));
  dict = vanilla_cell();
  dict.remove("blocks.0.xlstm.slstm_cell._bias_");
  EXPECT_TRUE(contains(load_error(dict.bytes()), "_bias_' is missing; expected shape [24]"));
}

TEST(Xlstm, ShapesThatTellNoLayoutAreRefused) {
  for (const std::vector<std::int64_t>& shape : std::vector<std::vector<std::int64_t>>{
           {2, 3, 3}, {2, 0, 0}, {24, 3}, {1, 6, 3}, {2, 3, 12, 1}, {2, 3, 4, 2}}) {
    StateDict dict = vanilla_cell();
    dict.add(std::string(kPrefix) + "_recurrent_kernel_", shape);
    EXPECT_TRUE(
        contains(load_error(dict.bytes()),
                 "an sLSTM cell has [heads, 4 * D, D], [heads, D, 4 * D] or [heads, D, 4, D]"))
        << shape_text(shape);
  }
}

TEST(Xlstm, CellsThatCompeteAreToldApartByTheirPrefix) {
  StateDict dict = vanilla_cell();
  dict.add("other._recurrent_kernel_", {1, 4, 1});
  dict.add("other._bias_", {4});
  EXPECT_TRUE(contains(load_error(dict.bytes()), "--prefix"));
  const Model model = load(dict.bytes(), "two", {.prefix = "other", .ignore_extra = true});
  EXPECT_EQ(recurrent(model.layers.front()).hidden_size, 1);
  EXPECT_TRUE(contains(load_error(dict.bytes(), {.prefix = "none"}), "no tensor"));
  EXPECT_TRUE(contains(load_error(vanilla_cell().bytes(), {.head = "fc"}), "--head"));
}

TEST(Xlstm, PyTorchModulesAreFoundAsEver) {
  StateDict dict = recurrent_dict({});
  dict.add("slstm._recurrent_kernel_", {1, 4, 1});
  EXPECT_TRUE(contains(load_error(dict.bytes()), "unexpected tensor 'slstm._recurrent_kernel_'"));
}

TEST(Xlstm, ACellTooLargeForADenseMatrixIsRefused) {
  StateDict dict;
  dict.add("_recurrent_kernel_", {4096, 4, 1});
  dict.add("_bias_", {4 * 4096});
  EXPECT_TRUE(contains(load_error(dict.bytes()), "2^26"));
  EXPECT_EQ(code_of([&] { static_cast<void>(load(dict.bytes(), "large")); }),
            ErrorCode::unsupported);
}

}  // namespace
}  // namespace carousel::testing
