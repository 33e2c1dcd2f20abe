// SPDX-License-Identifier: Apache-2.0
// Programs that have more rights than their user.
#include "process/child.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <filesystem>
#include <string>

namespace carousel::process_test {
namespace {

constexpr uid_t kNobody = 65534;

/// Runs `program` as a user without rights, with an environment variable that Carousel would
/// refuse. Returns its exit code.
int exit_code_for_nobody(const std::string& program) {
  const pid_t child = fork();
  if (child == 0) {
    setenv("CAROUSEL_BACKEND", "nonsense", 1);
    if (setuid(kNobody) == 0) execl(program.c_str(), program.c_str(), nullptr);
    _exit(99);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Setuid, ProgramsHearNoVariable) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("carousel-setuid-" + std::to_string(getpid()));
  struct statvfs system {};
  if (getuid() != 0 || statvfs(folder.parent_path().c_str(), &system) != 0 ||
      (system.f_flag & ST_NOSUID) != 0) {
    GTEST_SKIP() << "no right to make a program with its owner's rights";
  }
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder, std::filesystem::perms(0755));
  const std::string program = folder / "hears_environment";
  std::filesystem::copy_file(HEARS_ENVIRONMENT, program);
  ASSERT_EQ(chmod(program.c_str(), 0755), 0);
  EXPECT_EQ(exit_code_for_nobody(program), 1);
  ASSERT_EQ(chmod(program.c_str(), 04755), 0);
  EXPECT_EQ(exit_code_for_nobody(program), 0);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace carousel::process_test
