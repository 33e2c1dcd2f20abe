// SPDX-License-Identifier: Apache-2.0
// One hand-made bad file per rule of the format.
#include "core/model/formats/safetensors.hpp"
#include "files_of_bytes.hpp"

namespace carousel::testing {
namespace {

namespace st = loading::safetensors;

struct BadFile {
  std::string rule;  ///< name of the test
  Bytes bytes;
  std::string message;  ///< part of the error text
};

void PrintTo(const BadFile& bad, std::ostream* stream) { *stream << bad.rule; }

/// A header of one tensor `t` with that JSON as its value.
BadFile bad_tensor(const std::string& rule, const std::string& entry, std::size_t data,
                   const std::string& message) {
  return {rule, safetensors("{\"t\":" + entry + "}", Bytes(data)), "tensor 't': " + message};
}

BadFile bad_header(const std::string& rule, std::string_view header, const std::string& message) {
  return {rule, safetensors(header), message};
}

std::vector<BadFile> length_rules() {
  return {
      {"empty", {}, "is empty"},
      {"short", Bytes(3), "has 3 bytes; a safetensors file starts with an 8-byte header length"},
      {"seven_bytes", Bytes(7), "has 7 bytes"},
      {"header_over_100_MB", raw(std::vector<std::uint64_t>{100'000'001}),
       "header length 100000001 exceeds the limit of 100000000 bytes"},
      {"header_length_overflow", raw(std::vector<std::uint64_t>{~std::uint64_t{0}}),
       "header length 18446744073709551615 exceeds the limit"},
      {"header_beyond_file", raw(std::vector<std::uint64_t>{3}) + to_bytes("{}"),
       "header length 3 exceeds the 2 bytes that follow it"},
      {"header_of_no_bytes", raw(std::vector<std::uint64_t>{0}),
       "the header does not start with '{'"},
  };
}

std::vector<BadFile> text_rules() {
  using namespace std::string_literals;
  return {
      bad_header("leading_space", " {}", "the header does not start with '{'"),
      bad_header("array", "[]", "the header does not start with '{'"),
      bad_header("byte_order_mark", "\xEF\xBB\xBF{}", "the header does not start with '{'"),
      bad_header("utf8_stray_continuation", "{\"\x80\":1}",
                 "the header is not valid UTF-8 at byte 2"),
      bad_header("utf8_overlong", "{\"\xC0\xAF\":1}", "not valid UTF-8 at byte 2"),
      bad_header("utf8_overlong_3", "{\"\xE0\x80\xAF\":1}", "not valid UTF-8 at byte 2"),
      bad_header("utf8_surrogate", "{\"\xED\xA0\x80\":1}", "not valid UTF-8 at byte 2"),
      bad_header("utf8_above_10FFFF", "{\"\xF4\x90\x80\x80\":1}", "not valid UTF-8 at byte 2"),
      bad_header("utf8_cut_short", "{\"\xE2\x82", "not valid UTF-8 at byte 2"),
      bad_header("not_json", "{nonsense}", "the header is not JSON (byte 3)"),
      bad_header("unterminated", "{\"a\":{", "the header is not complete JSON (byte 7)"),
      bad_header("number_beyond_float64", R"({"a":{"shape":[1e999]}})",
                 "the header has a number beyond float64"),
      bad_header("text_after_it", "{}{}", "the header is not JSON (byte 3)"),
      bad_header("comment", "{/*c*/}", "the header is not JSON"),
      bad_header("nul_hides_rest", "{}\0junk"s, "the header is not JSON at byte 2: NUL byte"),
      bad_header("lone_surrogate_escape", R"({"\ud800":1})", "the header is not JSON"),
  };
}

std::vector<BadFile> structure_rules() {
  const std::string entry = R"({"dtype":"F32","shape":[],"data_offsets":[0,4]})";
  return {
      bad_header("duplicate_tensor", "{\"t\":" + entry + ",\"t\":" + entry + "}",
                 "duplicate key 't' in the header"),
      bad_header("duplicate_by_escape", "{\"t\":" + entry + ",\"\\u0074\":" + entry + "}",
                 "duplicate key 't' in the header"),
      bad_header("duplicate_metadata", R"({"__metadata__":{},"__metadata__":{}})",
                 "duplicate key '__metadata__' in the header"),
      bad_header("duplicate_metadata_key", R"({"__metadata__":{"a":"1","a":"1"}})",
                 "duplicate key 'a' in __metadata__"),
      bad_tensor("duplicate_field", R"({"dtype":"F32","dtype":"F32"})", 0, "duplicate key 'dtype'"),
      bad_header("metadata_number", R"({"__metadata__":{"a":1}})",
                 "__metadata__ 'a' must be a string, found 1"),
      bad_header("metadata_null", R"({"__metadata__":null})",
                 "__metadata__ must be an object of strings, found null"),
      bad_header("metadata_nested", R"({"__metadata__":{"a":{"b":"c"}}})",
                 "__metadata__ 'a' must be a string, found an object"),
      bad_header("metadata_list", R"({"__metadata__":["a"]})",
                 "__metadata__ must be an object of strings, found an array"),
      bad_tensor("entry_no_object", "17", 0, "must be an object, found 17"),
      bad_tensor("entry_array", "[1]", 0, "must be an object, found an array"),
      bad_tensor("unknown_field", R"({"dtype":"F32","strides":[1]})", 0, "unknown field 'strides'"),
      bad_tensor("no_dtype", R"({"shape":[],"data_offsets":[0,4]})", 4,
                 "the field 'dtype' is missing"),
      bad_tensor("no_shape", R"({"dtype":"F32","data_offsets":[0,4]})", 4,
                 "the field 'shape' is missing"),
      bad_tensor("no_offsets", R"({"dtype":"F32","shape":[]})", 4,
                 "the field 'data_offsets' is missing"),
      bad_tensor("deep_nesting", R"({"shape":)" + std::string(100'000, '['), 0,
                 "shape must be an array of non-negative integers, found an array"),
      bad_header("deep_objects", "{\"a\":{\"dtype\":{\"b\":{}}}}",
                 "tensor 'a': dtype must be a string, found an object"),
  };
}

std::string ones(int count) {
  std::string text = "[1";
  for (int i = 1; i < count; ++i) text += ",1";
  return text + "]";
}

std::vector<BadFile> value_rules() {
  const auto shape = [](const std::string& text) {
    return R"({"dtype":"F32","data_offsets":[0,4],"shape":)" + text + "}";
  };
  const auto offsets = [](const std::string& text) {
    return R"({"dtype":"F32","shape":[1],"data_offsets":)" + text + "}";
  };
  const std::string wrong_shape = "shape must be an array of non-negative integers, found ";
  const std::string wrong_offsets = "data_offsets must be an array of two non-negative integers";
  return {
      bad_tensor("unknown_dtype", R"({"dtype":"F33"})", 0, "unknown dtype 'F33'"),
      bad_tensor("lower_case_dtype", R"({"dtype":"f32"})", 0, "unknown dtype 'f32'"),
      bad_tensor("dtype_number", R"({"dtype":32})", 0, "dtype must be a string, found 32"),
      bad_tensor("shape_number", shape("4"), 4, wrong_shape + "4"),
      bad_tensor("shape_negative", shape("[-1]"), 4, wrong_shape + "-1"),
      bad_tensor("shape_fraction", shape("[1.5]"), 4, wrong_shape + "1.5"),
      bad_tensor("shape_exponent", shape("[1e0]"), 4, wrong_shape + "1e0"),
      bad_tensor("shape_string", shape("[\"1\"]"), 4, wrong_shape + "the string '1'"),
      bad_tensor("shape_beyond_u64", shape("[18446744073709551616]"), 4,
                 wrong_shape + "18446744073709551616"),
      bad_tensor("shape_beyond_i64", shape("[9223372036854775808]"), 4,
                 "dimension 9223372036854775808 of the shape is too large (overflow)"),
      bad_tensor("element_overflow", shape("[4294967296,4294967296]"), 4,
                 "the number of elements of shape [4294967296, 4294967296] overflows"),
      bad_tensor("element_overflow_to_0", shape("[9223372036854775807,2,0]"), 4,
                 "the number of elements of shape [9223372036854775807, 2, 0] overflows"),
      bad_tensor("byte_overflow", shape("[4611686018427387904]"), 4,
                 "the size in bytes of F32 [4611686018427387904] overflows"),
      bad_tensor("rank_65", shape(ones(65)), 4, "shape has more than 64 dimensions"),
      bad_tensor("offsets_one", offsets("[0]"), 4,
                 "data_offsets must be exactly two numbers, found 1"),
      bad_tensor("offsets_three", offsets("[0,4,4]"), 4,
                 "data_offsets must be exactly two numbers, found more"),
      bad_tensor("offsets_negative", offsets("[-4,0]"), 4, wrong_offsets + ", found -4"),
      bad_tensor("offsets_object", offsets("{}"), 4, wrong_offsets + ", found an object"),
      bad_tensor("offsets_reversed", offsets("[4,0]"), 4,
                 "data_offsets [4, 0] end before they begin"),
      bad_tensor("offsets_beyond_data", offsets("[4,8]"), 4,
                 "data_offsets [4, 8] exceed the 4 bytes of data in the file"),
      bad_tensor("size_mismatch", shape("[2]"), 4,
                 "data_offsets [0, 4] hold 4 bytes, but F32 [2] needs 8"),
      bad_tensor("partial_byte", R"({"dtype":"F4","shape":[3],"data_offsets":[0,1]})", 1,
                 "F4 [3] does not fill whole bytes"),
  };
}

std::vector<BadFile> tiling_rules() {
  const auto two = [](const std::string& a, const std::string& b, std::size_t data) {
    const std::string start = R"({"dtype":"U8","shape":)";
    return safetensors("{\"a\":" + start + a + "},\"b\":" + start + b + "}}", Bytes(data));
  };
  return {
      {"hole_first", two(R"([4],"data_offsets":[2,6])", R"([2],"data_offsets":[6,8])", 8),
       "tensor 'a': a hole of 2 bytes in the data before it"},
      {"hole_between", two(R"([4],"data_offsets":[0,4])", R"([2],"data_offsets":[6,8])", 8),
       "tensor 'b': a hole of 2 bytes in the data before it"},
      {"overlap", two(R"([4],"data_offsets":[0,4])", R"([2],"data_offsets":[3,5])", 5),
       "tensor 'b': its data overlap those of tensor 'a'"},
      {"same_place", two(R"([4],"data_offsets":[0,4])", R"([4],"data_offsets":[0,4])", 4),
       "tensor 'b': its data overlap those of tensor 'a'"},
      {"empty_inside", two(R"([4],"data_offsets":[0,4])", R"([0],"data_offsets":[2,2])", 4),
       "tensor 'b': its data overlap those of tensor 'a'"},
      {"trailing", two(R"([4],"data_offsets":[0,4])", R"([2],"data_offsets":[4,6])", 9),
       "3 trailing bytes after the data of the last tensor"},
      {"trailing_without_tensor", safetensors("{}", Bytes(1)), "1 trailing bytes"},
  };
}

std::vector<BadFile> all_rules() {
  std::vector<BadFile> all;
  for (const auto& part :
       {length_rules(), text_rules(), structure_rules(), value_rules(), tiling_rules()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return all;
}

class SafetensorsRule : public ::testing::TestWithParam<BadFile> {};

TEST_P(SafetensorsRule, IsEnforcedAndNamed) {
  const std::string error = load_error(GetParam().bytes);
  EXPECT_TRUE(error.starts_with("bad.safetensors: ")) << error;
  EXPECT_TRUE(contains(error, GetParam().message));
  EXPECT_LT(error.size(), 1000U) << "an error must be fit to be shown";
}

INSTANTIATE_TEST_SUITE_P(Format, SafetensorsRule, ::testing::ValuesIn(all_rules()),
                         [](const auto& test) { return test.param.rule; });

TEST(Safetensors, AcceptsWhatTheFormatAllows) {
  const Bytes bytes = safetensors(
      "{ \"scalar\" : {\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]},\n"
      "\"empty\":{\"data_offsets\":[8,8],\"shape\":[3,0],\"dtype\":\"I16\"},"
      "\"pairs\":{\"data_offsets\":[8,9],\"shape\":[2],\"dtype\":\"F4\"},"
      "\"__metadata__\":{\"k\\u00fc\":\"\\n\"}}\t  ",
      Bytes(9));
  const st::Table table = st::parse(bytes, "good");
  ASSERT_EQ(table.tensors.size(), 3U);
  EXPECT_EQ(table.tensors[0].name, "scalar");
  EXPECT_TRUE(table.tensors[0].shape.empty());
  EXPECT_EQ(table.tensors[0].data.size(), 8U);
  EXPECT_EQ(table.tensors[1].name, "empty");
  EXPECT_EQ(table.tensors[1].shape, (std::vector<std::int64_t>{3, 0}));
  EXPECT_TRUE(table.tensors[1].data.empty());
  EXPECT_EQ(table.tensors[2].dtype, st::DType::f4);
  EXPECT_EQ(table.metadata.at("k\xC3\xBC"), "\n");
}

TEST(Safetensors, AnEmptyTableIsAGoodFile) {
  EXPECT_TRUE(st::parse(safetensors("{}"), "good").tensors.empty());
}

TEST(Safetensors, KnowsEveryDType) {
  for (const char* text : {"BOOL",    "F4",      "F6_E2M3", "F6_E3M2", "U8",  "I8",   "F8_E5M2",
                           "F8_E4M3", "F8_E8M0", "I16",     "U16",     "F16", "BF16", "I32",
                           "U32",     "F32",     "C64",     "F64",     "I64", "U64"}) {
    const auto dtype = st::dtype_from_name(text);
    ASSERT_TRUE(dtype) << text;
    EXPECT_EQ(st::name(*dtype), text);
    EXPECT_GT(st::bits(*dtype), 0) << text;
  }
}

TEST(Safetensors, ErrorsEscapeAndCutHostileNames) {
  const std::string name = std::string("a\\u001b[31m") + std::string(1000, 'x');
  const std::string error = load_error(safetensors("{\"" + name + "\":1}"));
  EXPECT_TRUE(contains(error, "'a\\x1b[31mxxx"));
  EXPECT_LT(error.size(), 300U);
}

TEST(Safetensors, WritesTheOfficialBytes) {
  // The example of the official implementation's own test of its writer.
  const std::vector<float> values{0, 1, 2, 3, 4, 5};
  st::Table table;
  table.tensors.push_back(
      {"attn0", st::DType::f32, {1, 1, 2, 3}, std::as_bytes(std::span(values))});
  const std::string header =
      R"({"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       )";
  ASSERT_EQ(header.size(), 72U);
  EXPECT_EQ(st::serialize(table), safetensors(header, raw(values)));
}

TEST(Safetensors, WritesByDTypeThenName) {
  const Bytes two(2);
  const Bytes four(4);
  st::Table table;
  table.metadata = {{"z", "\x01\"\\/\x7F\xC3\xBC"}, {"a", ""}};
  table.tensors = {{"b", st::DType::f16, {}, two},
                   {"a", st::DType::bf16, {}, two},
                   {"B", st::DType::f32, {}, four},
                   {"z", st::DType::f32, {1}, four},
                   {"a\n", st::DType::f32, {1, 1}, four}};
  std::string header =
      "{\"__metadata__\":{\"a\":\"\",\"z\":\"\\u0001\\\"\\\\/\x7F\xC3\xBC\"},"
      "\"B\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
      "\"a\\n\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[4,8]},"
      "\"z\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]},"
      "\"a\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[12,14]},"
      "\"b\":{\"dtype\":\"F16\",\"shape\":[],\"data_offsets\":[14,16]}}";
  while (header.size() % 8 != 0) header += ' ';
  EXPECT_EQ(st::serialize(table), safetensors(header, Bytes(16)));
  EXPECT_EQ(st::parse(st::serialize(table), "again").metadata, table.metadata);
}

TEST(Safetensors, RefusesToWriteWhatItCouldNotRead) {
  st::Table twins;
  twins.tensors = {{"a", st::DType::u8, {0}, {}}, {"a", st::DType::i8, {0}, {}}};
  EXPECT_TRUE(contains(error_of([&] { static_cast<void>(st::serialize(twins)); }),
                       "two tensors have the name 'a'"));
  st::Table no_text;
  no_text.metadata = {{"a", "\xFF"}};
  EXPECT_TRUE(
      contains(error_of([&] { static_cast<void>(st::serialize(no_text)); }), "is not valid UTF-8"));
}

}  // namespace
}  // namespace carousel::testing
