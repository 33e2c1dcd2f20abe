// SPDX-License-Identifier: Apache-2.0
// What a plug-in sets apart, from its Backend through the table and back.
#include "core/plugins/plugin_backend.hpp"

#include <carousel/plugin.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <functional>

namespace carousel::plugin_test {
namespace {

const Backend& scalar() { return *select_backends("scalar").front(); }

/// Does what the scalar backend does, and sets apart what an RNN makes of NaN.
class Careless final : public Backend {
  [[nodiscard]] std::string_view family() const noexcept override { return "careless"; }
  [[nodiscard]] std::string description() const override { return "for tests"; }
  [[nodiscard]] std::string version() const override { return "1"; }
  [[nodiscard]] Support available(const CpuFeatures& /*cpu*/) const override {
    return Support::yes();
  }
  [[nodiscard]] Support supports(const LayerSpec& spec, Precision precision) const override {
    return scalar().supports(spec, precision);
  }
  [[nodiscard]] SetApart sets_apart(const LayerSpec& spec) const override {
    const auto* recurrent = std::get_if<RecurrentSpec>(&spec);
    if (recurrent == nullptr || recurrent->cell != Cell::rnn) return {};
    return {.not_finite = true, .reason = "makes 0 of NaN"};
  }
  [[nodiscard]] std::unique_ptr<Layer> prepare(const LayerSpec& spec, const Weights& weights,
                                               const LayerOptions& options) const override {
    return scalar().prepare(spec, weights, options);
  }
};

/// The table as a plug-in in C++ has it.
carousel_plugin careless_table() {
  char error[256] = "";
  const carousel_plugin* table = export_backend(
      []() -> const Backend& {
        static const Careless backend;
        return backend;
      },
      "", error, sizeof error);
  if (table == nullptr) throw std::runtime_error(error);
  return *table;
}

SetApart of_rnn(const carousel_plugin& table) {
  return plugins::PluginBackend(table, "/some/file.so").sets_apart(make_spec(Cell::rnn, 3, 4));
}

std::string error_of_rnn(const carousel_plugin& table) {
  try {
    (void)of_rnn(table);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::plugin_failed);
    return error.what();
  }
  return "no error";
}

TEST(SetsApart, IsWhatTheBackendSays) {
  const plugins::PluginBackend backend(careless_table(), "/some/file.so");
  const SetApart rnn = backend.sets_apart(make_spec(Cell::rnn, 3, 4));
  EXPECT_TRUE(rnn.not_finite);
  EXPECT_EQ(rnn.reason, "makes 0 of NaN");
  for (const LayerSpec& spec :
       {LayerSpec(make_spec(Cell::gru, 3, 4)), LayerSpec(DenseSpec{3, 4}),
        LayerSpec(EmbeddingSpec{3, 4}), LayerSpec(ConvolutionSpec{.length = 5})}) {
    EXPECT_FALSE(backend.sets_apart(spec).not_finite) << describe(spec);
    EXPECT_TRUE(backend.sets_apart(spec).reason.empty());
  }
}

/// A table that ends before the member says the same as one in which it is null.
TEST(SetsApart, IsNothingInAnOlderPlugin) {
  carousel_plugin table = careless_table();
  table.struct_size = offsetof(carousel_plugin, sets_apart);
  EXPECT_FALSE(of_rnn(table).not_finite);
  table = careless_table();
  table.sets_apart = nullptr;
  EXPECT_FALSE(of_rnn(table).not_finite);
}

/// Bits of later versions mean nothing here.
TEST(SetsApart, IgnoresBitsThatItDoesNotKnow) {
  carousel_plugin table = careless_table();
  table.sets_apart = [](const carousel_layer_spec*, std::uint32_t* what, char*, std::size_t) {
    *what = 0xF0;
    return std::int32_t{CAROUSEL_OK};
  };
  EXPECT_FALSE(of_rnn(table).not_finite);
}

TEST(SetsApart, FailuresNameTheFile) {
  using Spec = const carousel_layer_spec*;
  carousel_plugin table = careless_table();
  table.sets_apart = [](Spec, std::uint32_t* what, char*, std::size_t) {
    *what = CAROUSEL_SET_APART_NOT_FINITE;
    return std::int32_t{CAROUSEL_OK};
  };
  EXPECT_EQ(error_of_rnn(table), "plug-in /some/file.so: sets_apart gave no reason");
  table.sets_apart = [](Spec, std::uint32_t*, char*, std::size_t) -> std::int32_t {
    throw std::runtime_error("who knows");
  };
  EXPECT_EQ(error_of_rnn(table),
            "plug-in /some/file.so: sets_apart failed: threw an exception: who knows");
}

/// The one of this build, where it has one.
TEST(SetsApart, IsWhatOnednnMakesOfNan) {
  for (const BackendEntry& entry : backends()) {
    if (entry.backend == nullptr || !entry.plugin.empty()) continue;
    RecurrentSpec rnn = make_spec(Cell::rnn, 3, 4);
    EXPECT_FALSE(entry.backend->sets_apart(rnn).not_finite) << entry.name;
    rnn.activations[0][0] = {ActivationKind::relu};
    EXPECT_EQ(entry.backend->sets_apart(rnn).not_finite, entry.name == "onednn") << entry.name;
  }
}

}  // namespace
}  // namespace carousel::plugin_test
