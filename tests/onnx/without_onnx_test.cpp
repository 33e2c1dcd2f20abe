// SPDX-License-Identifier: Apache-2.0
// What a build without ONNX support says.
#include "loading/files_of_bytes.hpp"

namespace carousel::testing {
namespace {

TEST(WithoutOnnx, LoadingSaysWhatTheBuildLacks) {
  const auto load_it = [] { static_cast<void>(load(to_bytes("any bytes"), "x.onnx")); };
  const std::string error = error_of(load_it);
  EXPECT_EQ(code_of(load_it), ErrorCode::unsupported);
  EXPECT_TRUE(contains(error, "x.onnx: this build of Carousel has no ONNX support"));
  EXPECT_TRUE(contains(error, "CAROUSEL_ONNX"));
}

}  // namespace
}  // namespace carousel::testing
