// SPDX-License-Identifier: Apache-2.0
// Files are read whole or refused with a reason, and written whole or not at all.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "core/model/formats/files.hpp"
#include "files_of_bytes.hpp"

namespace carousel::testing {
namespace {

namespace fs = std::filesystem;

std::string read_error(const fs::path& file) {
  return error_of([&] { static_cast<void>(load(file)); });
}

TEST(ReadFile, SaysWhyNot) {
  const TemporaryFolder folder;
  const fs::path missing = folder / "missing";
  EXPECT_EQ(read_error(missing), missing.string() + ": cannot open: No such file or directory");
  fs::create_directory(folder / "folder");
  EXPECT_TRUE(contains(read_error(folder / "folder"), "is a directory, not a file"));
  write_bytes(folder / "empty", {});
  EXPECT_TRUE(contains(read_error(folder / "empty"), "is empty"));
  write_bytes(folder / "file", Bytes(1));
  EXPECT_TRUE(contains(read_error(folder / "file" / "below"), "cannot open: Not a directory"));
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(contains(read_error(folder / "pipe"), "is not a regular file"));  // and does not hang
}

/// A hole of 3 GB that is called a model: neither its time nor its memory is spent.
TEST(ReadFile, StopsAtTheHeadOfWhatIsNoModel) {
#ifdef CAROUSEL_TEST_ASAN
  GTEST_SKIP() << "AddressSanitizer needs the memory";
#endif
  const TemporaryFolder folder;
  for (const char* name : {"hole.safetensors", "hole.onnx"}) {
    write_bytes(folder / name, to_bytes(""));
    fs::resize_file(folder / name, std::uintmax_t{3} << 30U);
  }
  rlimit old{};
  ::getrlimit(RLIMIT_DATA, &old);
  const rlimit little{rlim_t{1} << 30U, old.rlim_max};
  ::setrlimit(RLIMIT_DATA, &little);
  const std::string hole = error_of([&] { (void)load(folder / "hole.safetensors"); });
  const std::string onnx = error_of([&] { (void)load(folder / "hole.onnx"); });
  ::setrlimit(RLIMIT_DATA, &old);
  EXPECT_TRUE(contains(hole, "the header does not start with '{'")) << hole;
  EXPECT_TRUE(contains(onnx, "less than 2 GiB")) << onnx;
}

TEST(ReadFile, NeedsPermission) {
  const TemporaryFolder folder;
  write_bytes(folder / "secret", Bytes(8));
  fs::permissions(folder / "secret", fs::perms::none);
  const uid_t user = ::geteuid();
  // Root may read everything; nobody may not.
  const bool lowered = user == 0 && ::seteuid(65534) == 0;
  const std::string error = read_error(folder / "secret");
  ASSERT_TRUE(!lowered || ::seteuid(user) == 0);
  EXPECT_TRUE(contains(error, "cannot open: Permission denied"));
}

TEST(AtomicFile, WithoutCommitNothingHappened) {
  const TemporaryFolder folder;
  write_bytes(folder / "old", to_bytes("old content"));
  {
    loading::AtomicFile replaced(folder / "old");
    loading::AtomicFile fresh(folder / "new");
    replaced.write(to_bytes("half of the n"));
    fresh.write(to_bytes("half"));
    EXPECT_EQ(folder.names().size(), 3U);
  }
  EXPECT_EQ(read_bytes(folder / "old"), to_bytes("old content"));
  EXPECT_EQ(folder.names(), std::vector<std::string>{"old"});
}

TEST(AtomicFile, CommitReplacesAndKeepsPermissionsAndLinks) {
  const TemporaryFolder folder;
  write_bytes(folder / "old", to_bytes("old content"));
  fs::permissions(folder / "old", fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("old", folder / "link");
  loading::AtomicFile file(folder / "link");
  file.write(to_bytes("new"));
  file.commit();
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_bytes(folder / "old"), to_bytes("new"));
  EXPECT_EQ(fs::status(folder / "old").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(folder.names().size(), 2U);
}

/// As a process leaves them that had the same id and was killed.
TEST(AtomicFile, LeftoversOfTheSameProcessIdAreNoObstacle) {
  const TemporaryFolder folder;
  for (int k = 0; k < 100; ++k) {
    const std::string name = "model.partial-" + std::to_string(::getpid()) + "-";
    write_bytes(folder / (name + std::to_string(k)), to_bytes("half"));
  }
  loading::AtomicFile file(folder / "model");
  file.write(to_bytes("new"));
  file.commit();
  EXPECT_EQ(read_bytes(folder / "model"), to_bytes("new"));
  EXPECT_EQ(folder.names().size(), 101U);
}

TEST(AtomicFile, RefusesWithAReason) {
  const TemporaryFolder folder;
  EXPECT_TRUE(contains(error_of([&] { loading::AtomicFile file(folder / "no" / "where"); }),
                       "cannot write: No such file or directory"));
  EXPECT_TRUE(contains(error_of([&] { loading::AtomicFile file(folder / ""); }),
                       "cannot write: is a directory"));
  EXPECT_TRUE(folder.names().empty());
}

TEST(AtomicFile, DevicesAreWrittenNotReplaced) {
  const TemporaryFolder folder;
  // A pipe stands for any device, since nobody should find out on /dev/null.
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const loading::FileHandle reader(std::fopen((folder / "pipe").c_str(), "r+b"));
  loading::AtomicFile file(folder / "pipe");
  file.write(to_bytes("abc"));
  file.commit();
  EXPECT_TRUE(fs::is_fifo(folder / "pipe"));
  EXPECT_EQ(std::fgetc(reader.get()), 'a');
}

/// Limits the size of the files that this process may write: a disk that is full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : old_handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &old_);
    static_cast<void>(std::signal(SIGXFSZ, old_handler_));
  }

 private:
  rlimit old_{};
  void (*old_handler_)(int);
};

TEST(AtomicFile, AFullDiskLeavesTheOldFile) {
  const TemporaryFolder folder;
  const Bytes old = recurrent_dict({}).bytes();
  write_bytes(folder / "model", old);
  for (const std::int64_t hidden : {8, 64}) {  // fails when closing, and when writing
    const Model model = load(recurrent_dict({.hidden = hidden}).bytes(), "");
    std::string error;
    {
      const FullDisk full(512);
      error = error_of([&] { save(model, folder / "model"); });
    }
    EXPECT_EQ(error, (folder / "model").string() + ": cannot write: File too large");
    EXPECT_EQ(read_bytes(folder / "model"), old);
    EXPECT_EQ(folder.names(), std::vector<std::string>{"model"});
  }
}

}  // namespace
}  // namespace carousel::testing
