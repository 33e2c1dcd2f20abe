// SPDX-License-Identifier: Apache-2.0
#include "fake.hpp"

#include <carousel/error.hpp>
#include <carousel/wisdom.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

namespace carousel {
namespace {

using planning_test::TemporaryFolder;

WisdomEntry entry(std::int64_t hidden, double seconds = 1e-3) {
  return {.machine = "\"quoted\" machine",
          .layer = make_spec(Cell::lstm, 3, hidden),
          .threads = 2,
          .batch = 4,
          .steps = 64,
          .times = {{.backend = "one",
                     .version = "1",
                     .threads = 1,
                     .tiling = "by \"rows\"",
                     .seconds = seconds,
                     .spread = 0.0125},
                    {.backend = "two", .version = "2", .threads = 2, .left_out = "hopeless"}}};
}

WisdomEntry unusual() {
  WisdomEntry result = entry(7, 0.1 + 0.2);
  RecurrentSpec spec = make_spec(Cell::lstm, 5, 7, Direction::bidirectional, 3, false);
  spec.peephole = true;
  spec.coupling = GateCoupling::forget_from_input;
  spec.clip = 0.1F;
  spec.cell_clip = 3.0F;
  spec.activations[1][2] = {ActivationKind::hard_sigmoid, 0.2F, 0.5F};
  result.layer = spec;
  result.exact_threads = true;
  return result;
}

WisdomEntry of(const LayerSpec& spec) {
  WisdomEntry result = entry(1);
  result.layer = spec;
  return result;
}

std::string read(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void write(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary) << text;
}

std::string error_of(const std::string& text) {
  try {
    (void)parse_wisdom(text, "w.json");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Wisdom, IsWrittenAndReadBack) {
  const Wisdom wisdom{
      {entry(4), unusual(), entry(9), of(DenseSpec{5, 6, false}),
       of(make_spec(Cell::gru, 2, 3, Direction::reverse)), of(make_spec(Cell::rnn, 2, 3))},
      {{.machine = "here", .bytes = 4096, .bytes_per_second = 1e9}}};
  const std::string text = format_wisdom(wisdom);
  EXPECT_EQ(parse_wisdom(text, "w.json").entries, wisdom.entries) << text;
  EXPECT_EQ(parse_wisdom(text, "w.json").reads, wisdom.reads) << text;
  EXPECT_TRUE(parse_wisdom(format_wisdom({}), "w.json").entries.empty());
}

TEST(Wisdom, DamageIsFound) {
  const std::string good = format_wisdom({{entry(4), entry(5)}});
  for (const std::size_t length :
       {std::size_t{0}, std::size_t{1}, good.size() / 2, good.size() - 3}) {
    EXPECT_NE(error_of(good.substr(0, length)).find("damaged"), std::string::npos) << length;
  }
  std::string digit = good;
  digit.replace(digit.find("0.001"), 5, "0.002");
  EXPECT_EQ(error_of(digit), "w.json: is damaged: the checksum is wrong");
  // Every single byte that is changed is found, or changes nothing.
  const std::vector<WisdomEntry> entries = parse_wisdom(good, "w.json").entries;
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    try {
      EXPECT_EQ(parse_wisdom(changed, "w.json").entries, entries) << "byte " << i;
    } catch (const Error&) {
    }
  }
}

TEST(Wisdom, OtherFilesAndVersionsAreToldApart) {
  EXPECT_EQ(error_of("{\"name\": 1}"), "w.json: is not a wisdom file");
  EXPECT_EQ(error_of("[1, 2]"), "w.json: is not a wisdom file");
  std::string newer = format_wisdom({{entry(4)}});
  newer.replace(newer.find("\"version\": 4"), 12, "\"version\": 7");
  EXPECT_EQ(error_of(newer), "w.json: is wisdom of format version 7, this is version 4");
  // Written by Carousel before layers had kinds, and before backends had tilings.
  EXPECT_EQ(error_of("{\"format\": \"carousel wisdom\",\n \"version\": 2,\n \"checksum\": "
                     "\"08326b07b54cff27\",\n \"entries\": []}"),
            "w.json: is wisdom of format version 2, this is version 4");
  EXPECT_EQ(error_of("{\"format\": \"carousel wisdom\",\n \"version\": 1,\n \"checksum\": "
                     "\"08326b07b54cff27\",\n \"entries\": []}"),
            "w.json: is wisdom of format version 1, this is version 4");
}

/// Version 3 differs by having no reads.
TEST(Wisdom, TheVersionBeforeIsUnderstood) {
  const Wisdom old = parse_wisdom(
      "{\"format\": \"carousel wisdom\", \"version\": 3, \"checksum\": \"09612b07b5ecb5a5\", "
      "\"entries\": []}",
      "w.json");
  EXPECT_TRUE(old.entries.empty());
  EXPECT_TRUE(old.reads.empty());
}

/// Neither takes more stack or time than its size: 200,000 levels, 60,000 members.
TEST(Wisdom, DeepAndWideFilesAreRefused) {
  const std::string begin = R"({"format":"carousel wisdom","version":)";
  const std::string deep =
      begin + std::string(200000, '[') + std::string(200000, ']') + R"(,"entries":[]})";
  EXPECT_EQ(error_of(deep), "w.json: is damaged: it is nested too deep");
  std::string wide = begin + "2";
  for (int k = 0; k < 60000; ++k) wide += ",\"k" + std::to_string(k) + "\":0";
  EXPECT_EQ(error_of(wide + "}"), "w.json: is damaged: it has an object of more than 100 members");
}

TEST(Wisdom, TheKeyHasTheLayer) {
  EXPECT_FALSE(entry(4).same_key(of(make_spec(Cell::gru, 3, 4))));
  EXPECT_FALSE(of(DenseSpec{3, 4}).same_key(of(make_spec(Cell::rnn, 3, 4))));
  EXPECT_TRUE(entry(4).same_key(entry(4, 5.0)));
  EXPECT_NE(format_wisdom({{entry(4)}}).find("\"precision\": \"float32\""), std::string::npos);
}

TEST(Wisdom, BucketsAreTheNearestPowersOfTwo) {
  EXPECT_EQ(wisdom_bucket(0), 1);
  for (std::int64_t i = 1; i <= 8; ++i) EXPECT_EQ(wisdom_bucket(i), i);
  EXPECT_EQ(wisdom_bucket(11), 8);
  EXPECT_EQ(wisdom_bucket(12), 16);
  EXPECT_EQ(wisdom_bucket(22), 16);
  EXPECT_EQ(wisdom_bucket(23), 32);
  EXPECT_EQ(wisdom_bucket(100), 128);
  EXPECT_EQ(wisdom_bucket(1 << 20), 1024);
}

TEST(WisdomFile, EntriesAreAddedAndReplaced) {
  const TemporaryFolder folder;
  const auto file = folder.file("new/folder/wisdom.json");
  EXPECT_TRUE(read_wisdom(file).entries.empty());
  add_wisdom(file, {{entry(4), entry(5)}});
  WisdomEntry newer = entry(5, 2e-3);
  newer.times.pop_back();
  newer.times.push_back({.backend = "three", .version = "3", .threads = 1, .seconds = 1});
  add_wisdom(file, {{newer}});
  newer.times.push_back(entry(5).times[1]);  // of a backend that was not measured this time
  newer.times.back().tiling = "by columns";
  add_wisdom(file, {{newer}});  // another tiling of it
  newer.times.push_back(entry(5).times[1]);
  const Wisdom wisdom = read_wisdom(file);
  ASSERT_EQ(wisdom.entries.size(), 2U);
  EXPECT_EQ(wisdom.entries[0], entry(4));
  EXPECT_EQ(wisdom.entries[1], newer);
  EXPECT_TRUE(forget_wisdom(file));
  EXPECT_FALSE(forget_wisdom(file));
}

/// What `forget_wisdom` says, "" if it removes the file or finds none.
std::string refusal_to_forget(const std::filesystem::path& file) {
  try {
    (void)forget_wisdom(file);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

/// A path that is mistyped may be that of anything.
TEST(Wisdom, ForgetRemovesNothingElse) {
  const TemporaryFolder folder;
  const auto file = folder.file("model.safetensors");
  std::ofstream(file) << "weights";
  EXPECT_EQ(refusal_to_forget(file),
            file.string() + ": is not a file of wisdom, and is not removed");
  EXPECT_NE(refusal_to_forget(file.parent_path()).find("is a directory"), std::string::npos);
  EXPECT_TRUE(std::filesystem::exists(file));
  const auto damaged = folder.file("wisdom.json");
  std::ofstream(damaged) << R"({"format": "carousel wisdom", )";
  EXPECT_TRUE(forget_wisdom(damaged));
}

/// What another version wrote is set aside, so that it does not stand in the way for ever.
TEST(WisdomFile, OtherVersionsAreSetAside) {
  const TemporaryFolder folder;
  const auto file = folder.file("wisdom.json");
  const std::string old =
      "{\"format\": \"carousel wisdom\", \"version\": 2, \"checksum\": \"\", \"entries\": []}";
  write(file, old);
  add_wisdom(file, {{entry(5)}});
  EXPECT_EQ(read_wisdom(file).entries, std::vector<WisdomEntry>{entry(5)});
  EXPECT_EQ(read(folder.file("wisdom.json.damaged")), old);
}

TEST(WisdomFile, DamagedOnesAreSetAside) {
  const TemporaryFolder folder;
  const auto file = folder.file("wisdom.json");
  add_wisdom(file, {{entry(4)}});
  const std::string damaged = read(file).substr(0, 200);
  write(file, damaged);
  add_wisdom(file, {{entry(5)}});
  EXPECT_EQ(read_wisdom(file).entries, std::vector<WisdomEntry>{entry(5)});
  EXPECT_EQ(read(folder.file("wisdom.json.damaged")), damaged);
}

TEST(WisdomFile, OtherPeoplesFilesAreLeftAlone) {
  const TemporaryFolder folder;
  const auto file = folder.file("precious.json");
  write(file, "{\"precious\": true}");
  EXPECT_THROW(add_wisdom(file, {{entry(4)}}), Error);
  EXPECT_EQ(read(file), "{\"precious\": true}");
}

/// What is left of a file when the machine goes down: damage, and not what one can do nothing
/// about.
TEST(WisdomFile, EmptyOnesAreDamaged) {
  const TemporaryFolder folder;
  const auto file = folder.file("wisdom.json");
  write(file, "");
  try {
    (void)read_wisdom(file);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(), file.string() +
                                ": is damaged: it is not JSON to its end; `carousel wisdom forget "
                                "--wisdom FILE` removes the file");
  }
  EXPECT_THROW((void)read_wisdom(file.parent_path()), Error) << "a folder";
}

TEST(WisdomFile, AFolderIsNone) {
  const TemporaryFolder folder;
  const auto place = folder.file("wisdom.json");
  std::filesystem::create_directory(place);
  try {
    add_wisdom(place, {{entry(4)}});
    FAIL() << "written";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::file_access);
    EXPECT_NE(std::string(error.what()).find("is a directory"), std::string::npos);
  }
  EXPECT_FALSE(std::filesystem::exists(place.string() + ".lock"));
}

/// Sets an environment variable for as long as it lives; null: removes it.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    put(value);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;
  ~Environment() { put(old_ ? old_->c_str() : nullptr); }

 private:
  void put(const char* value) const {
    (void)(value == nullptr ? unsetenv(name_) : setenv(name_, value, 1));
  }
  const char* name_;
  std::optional<std::string> old_;
};

TEST(WisdomFile, AMissingHomeIsNotMade) {
  const TemporaryFolder folder;
  const std::string home = folder.file("nobody").string();
  const Environment no_file("CAROUSEL_WISDOM", nullptr);
  const Environment no_cache("XDG_CACHE_HOME", nullptr);
  const Environment variable("HOME", home.c_str());
  EXPECT_THROW(add_wisdom(wisdom_path(), {{entry(4)}}), Error);
  EXPECT_FALSE(std::filesystem::exists(home));
  std::filesystem::create_directory(home);
  add_wisdom(wisdom_path(), {{entry(4)}});
  EXPECT_EQ(read_wisdom(wisdom_path()).entries.size(), 1U);
}

/// The null device has no wisdom and keeps none.
TEST(WisdomFile, TheNullDeviceKeepsNothing) {
  add_wisdom("/dev/null", {{entry(4)}});
  EXPECT_TRUE(read_wisdom("/dev/null").entries.empty());
  EXPECT_FALSE(forget_wisdom("/dev/null"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(WisdomFile, NothingIsLostWithEightWriters) {
  constexpr int kWriters = 8;
  constexpr int kEach = 6;
  const TemporaryFolder folder;
  const auto file = folder.file("wisdom.json");
  std::vector<pid_t> children;
  for (int writer = 0; writer < kWriters; ++writer) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      int status = 0;
      try {
        for (int i = 0; i < kEach; ++i) {
          add_wisdom(file, {{entry(1 + writer * kEach + i)}});
          (void)read_wisdom(file);  // never half a file
        }
      } catch (const Error&) {
        status = 1;
      }
      _exit(status);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(read_wisdom(file).entries.size(), static_cast<std::size_t>(kWriters * kEach));
}

}  // namespace
}  // namespace carousel
