// SPDX-License-Identifier: Apache-2.0
// Weights in a file beside the model, and nowhere else.
#include "onnx/graph_builder.hpp"

#include <filesystem>

#ifdef __linux__
#include <sys/resource.h>
#endif

namespace carousel::onnx_test {
namespace {

namespace fs = std::filesystem;
using testing::contains;

class OnnxExternalData : public ::testing::Test {
 protected:
  OnnxExternalData() {
    fs::create_directories(folder_ / "model");
    testing::write_bytes(folder_ / "outside.bin", testing::Bytes(96));
    testing::Bytes weights = testing::raw(testing::ramp(24, 0));
    weights.insert(weights.begin(), 16, std::byte{0});
    testing::write_bytes(folder_ / "model/w.bin", weights);
  }

  /// The error of loading a model whose W is said to be there, or "(no error)".
  std::string error(const std::string& location, const std::string& offset = "16",
                    const std::string& length = "96") {
    write_model(location, offset, length);
    return testing::error_of([&] { static_cast<void>(load(path())); });
  }

  void write_model(const std::string& location, const std::string& offset,
                   const std::string& length) {
    GraphBuilder graph = one_node({});
    schema::TensorProto& w = *graph.graph().mutable_initializer(0);
    w.clear_float_data();
    w.set_data_location(schema::TensorProto::EXTERNAL);
    const auto add = [&](const char* key, const std::string& value) {
      if (value.empty()) return;
      auto& entry = *w.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    };
    add("location", location);
    add("offset", offset);
    add("length", length);
    add("checksum", "unused");
    testing::write_bytes(path(), graph.bytes());
  }

  [[nodiscard]] fs::path path() const { return folder_ / "model/m.onnx"; }

  testing::TemporaryFolder folder_;
};

TEST_F(OnnxExternalData, IsReadFromBesideTheModel) {
  const Model expected = one_node({}).load();
  for (const char* length : {"96", ""}) {
    write_model("w.bin", "16", length);
    EXPECT_EQ(load(path()).layers[0].weights.at("weight_ih"),
              expected.layers[0].weights.at("weight_ih"));
  }
  fs::create_directories(folder_ / "model/sub");
  fs::copy_file(folder_ / "model/w.bin", folder_ / "model/sub/w.bin");
  EXPECT_EQ(error("sub/w.bin"), "(no error)");
  EXPECT_EQ(error("./w.bin"), "(no error)");
}

TEST_F(OnnxExternalData, IsFoundFromTheCurrentFolderToo) {
  write_model("w.bin", "16", "96");
  const fs::path before = fs::current_path();
  fs::current_path(folder_ / "model");
  EXPECT_EQ(testing::error_of([] { static_cast<void>(load("m.onnx")); }), "(no error)");
  fs::current_path(before);
}

TEST_F(OnnxExternalData, PathsOutOfTheFolderAreRefused) {
  const std::string absolute = (folder_ / "outside.bin").string();
  for (const std::string& location :
       {std::string("../outside.bin"), absolute, std::string("x/../../outside.bin"),
        std::string("../model/w.bin"), std::string("w.bin\0.txt", 10)}) {
    EXPECT_TRUE(contains(error(location, "0"), "which is not a path inside the model's folder"));
  }
}

TEST_F(OnnxExternalData, LinksOutOfTheFolderAreRefused) {
  fs::create_symlink(folder_ / "outside.bin", folder_ / "model/link.bin");
  EXPECT_TRUE(contains(error("link.bin", "0"), "is a link that leads out of the model's folder"));
  fs::create_directory_symlink(folder_ / "model/..", folder_ / "model/up");
  EXPECT_TRUE(contains(error("up/outside.bin", "0"), "leads out of the model's folder"));
  fs::create_symlink("w.bin", folder_ / "model/inside.bin");
  EXPECT_EQ(error("inside.bin"), "(no error)");
}

TEST_F(OnnxExternalData, MustBeThereInFull) {
  EXPECT_TRUE(contains(error("none.bin"), "'none.bin' does not exist beside the model"));
  EXPECT_TRUE(contains(error("."), "is not a file"));
  EXPECT_TRUE(contains(error(""), "its external data has no location"));
  EXPECT_TRUE(contains(error("w.bin", "17"), "file 'w.bin' is too short"));
  EXPECT_TRUE(contains(error("w.bin", "18446744073709551615"), "file 'w.bin' is too short"));
  EXPECT_TRUE(contains(error("w.bin", "16", "95"), "has 95 bytes, but its shape needs 96"));
  EXPECT_TRUE(contains(error("w.bin", "-1"), "has offset '-1', not a number"));
  EXPECT_TRUE(contains(error("w.bin", "16", "many"), "has length 'many', not a number"));
}

#ifdef __linux__
TEST_F(OnnxExternalData, SaysWhatDoesNotFitInMemory) {
#ifdef CAROUSEL_TEST_ASAN
  GTEST_SKIP() << "AddressSanitizer needs the memory";
#endif
  constexpr std::int64_t kRows = std::int64_t{1} << 28U;
  const auto size = static_cast<std::uintmax_t>(kRows) * 12;
  fs::resize_file(folder_ / "model/w.bin", size);
  write_model("w.bin", "0", std::to_string(size));
  schema::ModelProto model;
  const testing::Bytes bytes = testing::read_bytes(path());
  ASSERT_TRUE(model.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  model.mutable_graph()->mutable_initializer(0)->set_dims(1, kRows);
  testing::write_bytes(path(), testing::to_bytes(model.SerializeAsString()));
  rlimit old{};
  ::getrlimit(RLIMIT_DATA, &old);
  const rlimit little{rlim_t{1} << 30U, old.rlim_max};
  ::setrlimit(RLIMIT_DATA, &little);
  const std::string text = testing::error_of([&] { static_cast<void>(load(path())); });
  const auto code = testing::code_of([&] { static_cast<void>(load(path())); });
  ::setrlimit(RLIMIT_DATA, &old);
  EXPECT_TRUE(contains(text, path().string() +
                                 ": node 'LSTM_y' (LSTM): reads the tensor 'y_W': its " +
                                 std::to_string(size) + " bytes do not fit in memory"))
      << text;
  EXPECT_EQ(code, ErrorCode::out_of_memory);
}
#endif

TEST_F(OnnxExternalData, CodesTellWhatIsWrong) {
  const auto code = [&](const std::string& location, const std::string& offset) {
    write_model(location, offset, "96");
    return testing::code_of([&] { static_cast<void>(load(path())); });
  };
  EXPECT_EQ(code("w.bin", "16"), std::nullopt);
  EXPECT_EQ(code("none.bin", "16"), ErrorCode::file_not_found);
  EXPECT_EQ(code("w.bin", "17"), ErrorCode::bad_format);
  EXPECT_EQ(code("../outside.bin", "0"), ErrorCode::bad_format);
}

TEST_F(OnnxExternalData, AModelInMemoryHasNoFiles) {
  write_model("w.bin", "16", "96");
  const testing::Bytes bytes = testing::read_bytes(path());
  EXPECT_TRUE(contains(testing::error_of([&] { static_cast<void>(load(bytes, path().string())); }),
                       "its values are in the file 'w.bin', but a model in memory has no files"));
}

}  // namespace
}  // namespace carousel::onnx_test
