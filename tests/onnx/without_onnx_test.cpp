// SPDX-License-Identifier: Apache-2.0
// What a build without ONNX support says.
#include "loading/files_of_bytes.hpp"

namespace carousel::testing {
namespace {

TEST(WithoutOnnx, LoadingSaysWhatTheBuildLacks) {
  const std::string error =
      error_of([] { static_cast<void>(load(to_bytes("any bytes"), "x.onnx")); });
  EXPECT_TRUE(contains(error, "x.onnx: this build of Carousel has no ONNX support"));
  EXPECT_TRUE(contains(error, "CAROUSEL_ONNX"));
}

}  // namespace
}  // namespace carousel::testing
