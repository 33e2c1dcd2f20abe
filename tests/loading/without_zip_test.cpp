// SPDX-License-Identifier: Apache-2.0
// What a build without libzip says of PyTorch's archives.
#include "torch_files.hpp"

namespace carousel::testing {
namespace {

TEST(WithoutZip, LoadingSaysWhatTheBuildLacks) {
  TorchDict dict;
  dict.pickle.op("}");
  add_tagger(dict);
  const Bytes bytes = torch_archive(dict.pickle, dict.storages);
  EXPECT_TRUE(contains(load_error(bytes),
                       "bad.safetensors: is a PyTorch archive, which this build "
                       "of Carousel cannot read (CAROUSEL_ZIP"));
  EXPECT_EQ(code_of([&] { static_cast<void>(load(bytes, "x")); }), ErrorCode::unsupported);
}

}  // namespace
}  // namespace carousel::testing
