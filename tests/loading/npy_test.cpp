// SPDX-License-Identifier: Apache-2.0
#include <carousel/npy.hpp>

#include <limits>

#include "files_of_bytes.hpp"

namespace carousel::testing {
namespace {

using Shape = std::vector<std::int64_t>;

/// A .npy file with that header text, correct or not.
Bytes npy(const std::string& header, const Bytes& data = {}, char version = 1) {
  const auto length = header.size();
  std::string front = std::string("\x93NUMPY") + version + '\0';
  for (unsigned i = 0; i < (version == 1 ? 2U : 4U); ++i) {
    front += static_cast<char>(length >> (8 * i) & 0xFFU);
  }
  return to_bytes(front + header) + data;
}

std::string dict(const std::string& descr, const std::string& shape,
                 const char* fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

std::string npy_error(const Bytes& bytes) {
  return error_of([&] { static_cast<void>(read_npy(bytes, "bad.npy")); });
}

template <class T>
NpyArray read_as(const std::string& descr, const std::vector<T>& values) {
  const std::string shape = "(" + std::to_string(values.size()) + ",)";
  return read_npy(npy(dict(descr, shape), raw(values)), "good");
}

TEST(Npy, ReadsEveryFloat) {
  EXPECT_EQ(read_as<float>("<f4", {1.5F, -2}).floats("x"), (std::vector<float>{1.5F, -2}));
  EXPECT_EQ(read_as<float>("=f4", {1.5F}).floats("x"), std::vector<float>{1.5F});
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(read_as<double>("<f8", {0.1, kInfinity}).floats("x"),
            (std::vector<float>{0.1F, std::numeric_limits<float>::infinity()}));
  EXPECT_THROW((void)read_as<double>("<f8", {0.1, 1e300}), Error) << "finite in the file";
  EXPECT_EQ(read_as<std::uint16_t>("<f2", {0x3C00, 0x8001}).floats("x"),
            (std::vector<float>{1.0F, -5.9604645e-8F}));
}

template <class T>
void expect_integers(const std::string& descr) {
  using Limits = std::numeric_limits<T>;
  EXPECT_EQ(read_as<T>(descr, {Limits::min(), 0, 1, Limits::max()}).integers("x"),
            (std::vector<std::int64_t>{static_cast<std::int64_t>(Limits::min()), 0, 1,
                                       static_cast<std::int64_t>(Limits::max())}))
      << descr;
}

TEST(Npy, ReadsEveryInteger) {
  expect_integers<std::int8_t>("|i1");
  expect_integers<std::int8_t>("<i1");
  expect_integers<std::int16_t>("<i2");
  expect_integers<std::int32_t>("<i4");
  expect_integers<std::int64_t>("<i8");
  expect_integers<std::uint8_t>("|u1");
  expect_integers<std::uint16_t>("<u2");
  expect_integers<std::uint32_t>("=u4");
  EXPECT_EQ(read_as<std::uint8_t>("|b1", {0, 1}).integers("x"), (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(read_as<std::uint64_t>("<u8", {7}).integers("x"), std::vector<std::int64_t>{7});
}

TEST(Npy, UnsignedBeyondInt64IsRefused) {
  const std::vector<std::uint64_t> values{std::uint64_t{1} << 63U};
  EXPECT_EQ(npy_error(npy(dict("<u8", "(1,)"), raw(values))),
            "bad.npy: npy value 9223372036854775808 exceeds int64");
}

TEST(Npy, AllVersionsAndSpellings) {
  const Bytes data = raw(std::vector<float>{1, 2});
  for (const char version : {'\1', '\2', '\3'}) {
    EXPECT_EQ(read_npy(npy(dict("<f4", "(2,)"), data, version), "v").floats("x").size(), 2U);
  }
  const std::string spelling = "{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"<f4\"}   ";
  EXPECT_EQ(read_npy(npy(spelling, data), "spelling").shape, Shape{2});
}

TEST(Npy, RankZeroAndEmpty) {
  const NpyArray scalar = read_npy(npy(dict("<f4", "()"), raw(std::vector<float>{7})), "scalar");
  EXPECT_TRUE(scalar.shape.empty());
  EXPECT_EQ(scalar.floats("x"), std::vector<float>{7});
  const NpyArray empty = read_npy(npy(dict("<i8", "(3, 0)", "True")), "empty");
  EXPECT_EQ(empty.shape, (Shape{3, 0}));
  EXPECT_TRUE(empty.integers("x").empty());
}

TEST(Npy, FortranOrderIsConverted) {
  // a[i, j, k] = 100 i + 10 j + k, stored with i fastest.
  std::vector<std::int32_t> stored;
  std::vector<std::int64_t> expected;
  for (int k = 0; k < 4; ++k) {
    for (int j = 0; j < 3; ++j) {
      for (int i = 0; i < 2; ++i) stored.push_back(100 * i + 10 * j + k);
    }
  }
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 3; ++j) {
      for (int k = 0; k < 4; ++k) expected.push_back(100 * i + 10 * j + k);
    }
  }
  const NpyArray array = read_npy(npy(dict("<i4", "(2, 3, 4)", "True"), raw(stored)), "fortran");
  EXPECT_EQ(array.shape, (Shape{2, 3, 4}));
  EXPECT_EQ(array.integers("x"), expected);
}

TEST(Npy, MisalignedDataAreCopied) {
  const std::vector<double> values{1, 2, 3};
  for (std::size_t pad = 0; pad < 8; ++pad) {
    const std::string header = dict("<f8", "(3,)") + std::string(pad, ' ');
    EXPECT_EQ(read_npy(npy(header, raw(values)), "x").floats("x"), (std::vector<float>{1, 2, 3}));
  }
}

struct BadNpy {
  std::string rule;
  Bytes bytes;
  std::string message;
};

void PrintTo(const BadNpy& bad, std::ostream* stream) { *stream << bad.rule; }

std::vector<BadNpy> front_rules() {
  return {
      {"empty", {}, "not a .npy file"},
      {"other_magic", to_bytes("PK\3\4 a zip file"), "not a .npy file"},
      {"no_version", to_bytes("\x93NUMPY"), "cut short in its version"},
      {"version_0", npy("", {}, '\0'), "npy version 0.0 is unknown"},
      {"version_4", npy("", {}, '\4'), "npy version 4.0 is unknown"},
      {"no_length", to_bytes("\x93NUMPY\2") + Bytes(3), "cut short in its header length"},
      {"long_header",
       to_bytes("\x93NUMPY\1") + Bytes(1) + raw(std::vector<std::uint16_t>{9}) + Bytes(8),
       "npy header length 9 exceeds the 8 bytes that follow it"},
  };
}

std::vector<BadNpy> header_rules() {
  const auto with_shape = [](const std::string& shape) {
    return npy(dict("<f4", shape), Bytes(4));
  };
  return {
      {"no_dictionary", npy("  "), "expected '{'"},
      {"cut_short", npy("{'descr': '<f4', 'fortran_order'"), "expected ':'"},
      {"unterminated_string", npy("{'descr"), "unterminated string"},
      {"escape", npy("{'des\\x63r': 1}"), "unterminated string or escape"},
      {"no_string_key", npy("{1: 2}"), "expected a string"},
      {"missing_descr", npy("{'fortran_order': False, 'shape': ()}"), "the key 'descr' is missing"},
      {"missing_order", npy("{'descr': '<f4', 'shape': ()}"), "the key 'fortran_order' is missing"},
      {"missing_shape", npy("{'descr': '<f4', 'fortran_order': False}"),
       "the key 'shape' is missing"},
      {"unknown_key", npy("{'x': 1}"), "unknown key 'x'"},
      {"duplicate_key", npy("{'descr': '<f4', 'descr': '<f4'}"), "duplicate key 'descr'"},
      {"order_number", npy("{'fortran_order': 0}"), "expected True or False"},
      {"no_comma", npy("{'descr': '<f4' 'shape': ()}"), "expected '}'"},
      {"text_after_it", npy(dict("<f4", "()") + "x", Bytes(4)), "text after the dictionary"},
      {"structured", npy("{'descr': [('a', '<f4')]}"), "structured dtypes are not supported"},
      {"shape_list", with_shape("[1]"), "expected '('"},
      {"shape_no_tuple", with_shape("(1)"), "shape must be a tuple: (3,) rather than (3)"},
      {"shape_negative", with_shape("(-1,)"), "negative dimension"},
      {"shape_no_comma", with_shape("(1 1)"), "expected ',' or ')'"},
      {"shape_two_commas", with_shape("(1,,)"), "expected a non-negative integer"},
      {"shape_fraction", with_shape("(1.0,)"), "expected ',' or ')'"},
      {"shape_overflow", with_shape("(9223372036854775808,)"), "dimension too large (overflow)"},
      {"product_overflow", with_shape("(4294967296, 4294967296)"),
       "npy shape [4294967296, 4294967296] overflows"},
      {"overflow_of_nothing", with_shape("(9000000000000000000, 0, 1)"), "overflows"},
      {"byte_overflow", with_shape("(4611686018427387904,)"), "overflows"},
  };
}

std::vector<BadNpy> data_rules() {
  const auto with_type = [](const std::string& type) { return npy(dict(type, "(1,)"), Bytes(4)); };
  return {
      {"big_endian", with_type(">f4"), "npy dtype '>f4' is big-endian, which is not supported"},
      {"object", with_type("|O"), "npy dtype '|O' is not supported"},
      {"complex", with_type("<c8"), "npy dtype '<c8' is not supported"},
      {"text", with_type("<U1"), "npy dtype '<U1' is not supported"},
      {"float128", with_type("<f16"), "npy dtype '<f16' is not supported"},
      {"no_byte_order", with_type("f4"), "npy dtype 'f4' is not supported"},
      {"order_needed", with_type("|f4"), "npy dtype '|f4' is not supported"},
      {"no_type", with_type(""), "npy dtype '' is unknown"},
      {"too_short", npy(dict("<f4", "(2,)"), Bytes(7)),
       "npy shape [2] of '<f4' needs 8 bytes of data, found 7"},
      {"too_long", npy(dict("<f4", "(2,)"), Bytes(9)), "needs 8 bytes of data, found 9"},
      {"data_after_empty", npy(dict("<f4", "(0,)"), Bytes(1)), "needs 0 bytes of data, found 1"},
  };
}

std::vector<BadNpy> all_npy_rules() {
  std::vector<BadNpy> all = front_rules();
  for (const auto& part : {header_rules(), data_rules()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

class NpyRule : public ::testing::TestWithParam<BadNpy> {};

TEST_P(NpyRule, IsEnforcedAndNamed) {
  const std::string error = npy_error(GetParam().bytes);
  EXPECT_TRUE(error.starts_with("bad.npy: ")) << error;
  EXPECT_TRUE(contains(error, GetParam().message));
}

INSTANTIATE_TEST_SUITE_P(Npy, NpyRule, ::testing::ValuesIn(all_npy_rules()),
                         [](const auto& test) { return test.param.rule; });

TEST(Npy, WritesTheBytesOfNumPy) {
  const TemporaryFolder folder;
  const std::vector<float> values{0, 1, 2, 3, 4, 5};
  write_npy(folder / "x.npy", Shape{2, 3}, values);
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  header += std::string(118 - 1 - header.size(), ' ') + "\n";  // 10 + 118 = 128
  EXPECT_EQ(read_bytes(folder / "x.npy"), npy(header, raw(values)));
  EXPECT_EQ(folder.names(), std::vector<std::string>{"x.npy"});
}

TEST(Npy, WhatIsWrittenIsRead) {
  const TemporaryFolder folder;
  for (const Shape& shape :
       {Shape{}, Shape{5}, Shape{0}, Shape{1, 2, 3}, Shape(40, 1), Shape{4, 0, 2}}) {
    const std::vector<float> values = ramp(product(shape), -1);
    write_npy(folder / "x.npy", shape, values);
    EXPECT_EQ(read_bytes(folder / "x.npy").size() % 64, values.size() * 4 % 64);
    const NpyArray array = read_npy(folder / "x.npy");
    EXPECT_EQ(array.shape, shape);
    EXPECT_EQ(array.floats("x"), values);
  }
}

TEST(Npy, WritingNeedsAShapeThatFits) {
  const TemporaryFolder folder;
  for (const Shape& shape : {Shape{3}, Shape{-2, -1}, Shape{std::int64_t{1} << 62U, 4}}) {
    EXPECT_TRUE(
        contains(error_of([&] { write_npy(folder / "x.npy", shape, std::vector<float>(2)); }),
                 "cannot write 2 values as an array of shape ["));
  }
  EXPECT_TRUE(folder.names().empty());
}

TEST(Npy, KindOfArrayIsChecked) {
  EXPECT_EQ(error_of([] { static_cast<void>(read_as<float>("<f4", {1}).integers("ids")); }),
            "ids: expected an array of integers, found floats");
  EXPECT_EQ(error_of([] { static_cast<void>(read_as<std::int8_t>("|i1", {1}).floats("x")); }),
            "x: expected an array of floats, found integers");
}

}  // namespace
}  // namespace carousel::testing
