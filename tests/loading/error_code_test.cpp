// SPDX-License-Identifier: Apache-2.0
// What programs are told of a failure: one code for each kind of reason.
#include <carousel/npy.hpp>

#include <sys/resource.h>

#include <algorithm>

#include "core/model/formats/state_dict.hpp"
#include "files_of_bytes.hpp"

namespace carousel::testing {
namespace {

namespace fs = std::filesystem;

std::optional<ErrorCode> load_code(const Bytes& bytes, const LoadOptions& options = {}) {
  return code_of([&] { static_cast<void>(load(bytes, "code.safetensors", options)); });
}

std::optional<ErrorCode> file_code(const fs::path& file) {
  return code_of([&] { static_cast<void>(load(file)); });
}

Model good_model() { return load(recurrent_dict({}).bytes(), ""); }

TEST(ErrorCodes, AMissingFileIsNotFound) {
  const TemporaryFolder folder;
  write_bytes(folder / "file", Bytes(1));
  EXPECT_EQ(file_code(folder / "none.safetensors"), ErrorCode::file_not_found);
  EXPECT_EQ(file_code(folder / "none.onnx"), ErrorCode::file_not_found);
  EXPECT_EQ(file_code(folder / "file" / "below"), ErrorCode::file_not_found);
  EXPECT_EQ(code_of([&] { static_cast<void>(read_npy(folder / "none.npy")); }),
            ErrorCode::file_not_found);
}

TEST(ErrorCodes, WhatCannotBeReadOrWrittenIsFileAccess) {
  const TemporaryFolder folder;
  EXPECT_EQ(file_code(folder / ""), ErrorCode::file_access);
  EXPECT_EQ(code_of([&] { save(good_model(), folder / "none" / "m.safetensors"); }),
            ErrorCode::file_access);
  EXPECT_EQ(code_of([&] { save(good_model(), folder / ""); }), ErrorCode::file_access);
  write_bytes(folder / "secret", recurrent_dict({}).bytes());
  fs::permissions(folder / "secret", fs::perms::none);
  const uid_t user = ::geteuid();
  const bool lowered = user == 0 && ::seteuid(65534) == 0;  // root may read everything
  const std::optional<ErrorCode> secret = file_code(folder / "secret");
  ASSERT_TRUE(!lowered || ::seteuid(user) == 0);
  EXPECT_EQ(secret, ErrorCode::file_access);
}

TEST(ErrorCodes, BrokenContentIsBadFormat) {
  const TemporaryFolder folder;
  write_bytes(folder / "empty.safetensors", {});
  EXPECT_EQ(file_code(folder / "empty.safetensors"), ErrorCode::bad_format);
  EXPECT_EQ(load_code(Bytes(3)), ErrorCode::bad_format);
  EXPECT_EQ(load_code(recurrent_dict({}).remove("lstm.bias_hh_l0").bytes()), ErrorCode::bad_format);
  EXPECT_EQ(load_code(recurrent_dict({}).add("other", {1}).bytes()), ErrorCode::bad_format);
  EXPECT_EQ(load_code(recurrent_dict({}).metadata(R"({"carousel.layers":"x"})").bytes()),
            ErrorCode::bad_format);
  EXPECT_EQ(load_code(recurrent_dict({}).metadata(R"({"carousel.inputs":"[]"})").bytes()),
            ErrorCode::bad_format);
  // Wiring is checked like sizes are.
  const std::string unwired = R"({"carousel.outputs":"[{\"name\":\"y\",\"layer\":\"none\"}]"})";
  EXPECT_EQ(load_code(recurrent_dict({}).metadata(unwired).bytes()), ErrorCode::bad_format);
  EXPECT_EQ(code_of([] { static_cast<void>(read_npy(Bytes(9), "broken.npy")); }),
            ErrorCode::bad_format);
}

TEST(ErrorCodes, WhatIsWellFormedButNotSupported) {
  const TestTensor eight_bits{"F8_E4M3", {8}, Bytes(8)};
  const TestTensor integers{"I32", {8}, Bytes(32)};
  StateDict dict = recurrent_dict({}).add("lstm.bias_ih_l0", eight_bits);
  EXPECT_EQ(load_code(dict.bytes()), ErrorCode::unsupported);
  EXPECT_EQ(load_code(dict.add("lstm.bias_hh_l0", integers).bytes()), ErrorCode::unsupported);
  EXPECT_EQ(load_code(dict.add("other", {1}).bytes()), ErrorCode::bad_format);
  const Bytes npy = to_bytes(std::string("\x93NUMPY\x01\0\x3a\0", 10) +
                             "{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }\n") +
                    Bytes(4);
  EXPECT_EQ(code_of([&] { static_cast<void>(read_npy(npy, "big.npy")); }), ErrorCode::unsupported);
}

TEST(ErrorCodes, WhatTheCallerGaveIsInvalidArgument) {
  const Bytes file = recurrent_dict({}).bytes();
  EXPECT_EQ(load_code(file, {.prefix = "none."}), ErrorCode::invalid_argument);
  EXPECT_EQ(load_code(file, {.embedding = "none"}), ErrorCode::invalid_argument);
  EXPECT_EQ(load_code(file, {.head = "none"}), ErrorCode::invalid_argument);
  EXPECT_EQ(load_code(file, {.from = "none"}), ErrorCode::invalid_argument);
  Model model = good_model();
  EXPECT_EQ(code_of([&] { save(model, "model.onnx"); }), ErrorCode::invalid_argument);
  model.source.clear();
  model.layers[0].weights.clear();
  EXPECT_EQ(code_of([&] { static_cast<void>(loading::to_safetensors(model)); }),
            ErrorCode::invalid_argument);
  const std::vector<std::int64_t> shape{2};
  EXPECT_EQ(code_of([&] { write_npy("x.npy", shape, std::vector<float>(3)); }),
            ErrorCode::invalid_argument);
  EXPECT_EQ(code_of([] { static_cast<void>(NpyArray{}.integers("x.npy")); }),
            ErrorCode::invalid_argument);
}

/// A file that is larger than the memory that the process may have, but has no blocks on the disk.
TEST(ErrorCodes, AFileThatIsTooLargeIsOutOfMemory) {
#ifdef CAROUSEL_TEST_ASAN
  GTEST_SKIP() << "AddressSanitizer needs the address space";
#endif
  const TemporaryFolder folder;
  // A header of 2 bytes, as a safetensors file begins: by its first bytes it may be one.
  write_bytes(folder / "huge", to_bytes(std::string("\2\0\0\0\0\0\0\0{}", 10)));
  fs::resize_file(folder / "huge", std::uintmax_t{1} << 40U);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &before), 0);
  rlimit less = before;
  less.rlim_cur = std::min<rlim_t>(before.rlim_cur, rlim_t{1} << 38U);
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &less), 0);
  EXPECT_EQ(file_code(folder / "huge"), ErrorCode::out_of_memory);
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &before), 0);
}

}  // namespace
}  // namespace carousel::testing
