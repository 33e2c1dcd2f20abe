// SPDX-License-Identifier: Apache-2.0
// The option cross_check, with plug-in backends that compute wrongly.
#include "node_case.hpp"
#include "plugins/plugin_files.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <string>

namespace carousel::onnxruntime_test {
namespace {

/// Where Carousel in the library under test finds these backends; it looks once, when it makes its
/// first session.
class WrongBackends : public testing::Environment {
 public:
  void SetUp() override {
    folder_ = std::make_unique<plugin_test::Folder>();
    static_cast<void>(folder_->hostile("wrong-number"));
    static_cast<void>(folder_->hostile("nan"));
    static_cast<void>(folder_->hostile("newer"));  // computes as it should
    setenv("CAROUSEL_PLUGIN_PATH", folder_->path().c_str(), 1);
  }
  void TearDown() override { folder_.reset(); }

 private:
  std::unique_ptr<plugin_test::Folder> folder_;
};

const testing::Environment* const kWrongBackends =
    testing::AddGlobalTestEnvironment(new WrongBackends);

/// What a run by that backend throws.
std::string error_of_run(const Way& way, const std::string& backend, bool cross_check) {
  const NodeCase c{.direction = "bidirectional", .initial = true};
  Way chosen = way;
  chosen.settings = way.with("backend", backend);
  Ort::Session session =
      open_session(model_bytes(c), chosen.with("cross_check", cross_check ? "1" : "0"));
  return error_of([&] { static_cast<void>(run_session(session, node_inputs(c, 5, 3))); });
}

void expect_found(const std::string& error, const std::string& value) {
  const std::string text = "node 'layer' (LSTM): cross_check: Y is " + value;
  EXPECT_NE(error.find(text), std::string::npos) << error;
  EXPECT_NE(error.find("by ONNX Runtime at step 0, direction 0, row 0, unit 0: they differ by"),
            std::string::npos)
      << error;
}

TEST(OnnxRuntimeCrossCheck, FindsAWrongNumber) {
  for (const Way& way : ways()) {
    EXPECT_EQ(error_of_run(way, "hostile-wrong-number", false), "") << way.name;
    const std::string error = error_of_run(way, "hostile-wrong-number", true);
    expect_found(error, "");
    EXPECT_NE(error.find("they differ by 0.00"), std::string::npos) << error;
  }
}

TEST(OnnxRuntimeCrossCheck, FindsWhatIsNoNumber) {
  for (const Way& way : ways()) expect_found(error_of_run(way, "hostile-nan", true), "nan");
}

TEST(OnnxRuntimeCrossCheck, AgreesWithARightBackend) {
  for (const Way& way : ways()) {
    EXPECT_EQ(error_of_run(way, "hostile-newer", true), "") << way.name;
  }
}

}  // namespace
}  // namespace carousel::onnxruntime_test
