// SPDX-License-Identifier: Apache-2.0
// What is not a model says what it is.
#include "files_of_bytes.hpp"

namespace carousel::testing {
namespace {

using namespace std::string_view_literals;

struct Foreign {
  std::string_view start;
  std::string_view text;
  ErrorCode code;
};

constexpr auto kNoModel = ErrorCode::bad_format;
constexpr auto kOtherModel = ErrorCode::unsupported;

/// The entry of one file in the list at the end of a zip archive.
std::string listed(const std::string& name) {
  std::string entry = "PK\x01\x02" + std::string(42, '\0') + name;
  entry[28] = static_cast<char>(name.size());
  return entry;
}

TEST(Recognize, WhatIsNotAModelSaysWhatItIs) {
  const std::vector<Foreign> files{
      {"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
       "is a Git LFS pointer", kNoModel},
      {"\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08"sv, "is an HDF5 file (Keras .h5); save the weights",
       kOtherModel},
      {"\x1c\0\0\0TFL3\x14\0\x20\0"sv, "is a TensorFlow Lite model", kOtherModel},
      {"\x93NUMPY\1\0\x76\0{'descr'"sv, "is a NumPy array (.npy), not a model", kNoModel},
      {"\x1f\x8b\x08\0\0\0\0\0\0\3"sv, "is compressed with gzip", kNoModel},
      {"\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9"sv,
       "is a PyTorch file in the form that came before version 1.6", kOtherModel},
      {"\x80\4\x95\x10\0\0\0\0\0\0\0}."sv, "is a Python pickle, which is a program", kOtherModel},
      {"<!DOCTYPE HTML><html lang=en>", "is an HTML page", kNoModel},
      {"\n <html>", "is an HTML page", kNoModel},
      {"\x08\x08\x12\7pytorch\x1a\x05", "is an ONNX file, whose name must end in .onnx",
       ErrorCode::invalid_argument},
      {"", "is empty", kNoModel},
  };
  for (const auto& [start, text, code] : files) {
    const auto bytes = to_bytes(start);
    EXPECT_TRUE(contains(load_error(bytes), "bad.safetensors: " + std::string(text)));
    EXPECT_EQ(code_of([&bytes] { static_cast<void>(load(bytes, "x")); }), code) << text;
  }
}

TEST(Recognize, ZipArchivesAreToldApartByTheFilesInThem) {
  const auto error = [](const std::string& name) {
    return load_error(to_bytes("PK\x03\x04 data " + listed("first") + listed(name)));
  };
  EXPECT_TRUE(contains(error("model.weights.h5"), "is a Keras archive (.keras); save the weights"));
  EXPECT_TRUE(contains(error("w.npy"), "is an archive of NumPy arrays (.npz), not a model"));
  EXPECT_TRUE(contains(error("readme.txt"), "is a zip archive of files that Carousel does not"));
  EXPECT_TRUE(contains(load_error(to_bytes("PK\x03\x04 data")),
                       "is a zip archive (as .pt, .keras and .npz files are) that was cut short"));
  // A list that is cut short is no list.
  EXPECT_TRUE(contains(load_error(to_bytes("PK\x03\x04 PK\x01\x02")), "is a zip archive of files"));
}

TEST(Recognize, AnOnnxNameIsNotBelieved) {
  const Bytes pointer = to_bytes("version https://git-lfs.github.com/spec/v1\n");
  EXPECT_TRUE(contains(error_of([&] { static_cast<void>(load(pointer, "m.onnx")); }),
                       "m.onnx: is a Git LFS pointer"));
}

TEST(Recognize, OnlyTheContentDecides) {
  EXPECT_EQ(load(recurrent_dict({}).bytes(), "model.html").layers.size(), 1U);
}

}  // namespace
}  // namespace carousel::testing
