// SPDX-License-Identifier: Apache-2.0
#include "bench/arm_report/cpu_text.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace carousel::bench {
namespace {

TEST(ArmReport, SaysEachKindOfCoreOnce) {
  const std::string text = kinds_of_cores(
      "processor\t: 0\nCPU part\t: 0xd05\n\n"
      "processor\t: 1\nCPU part\t: 0xd05\n\n"
      "processor\t: 2\nCPU part\t: 0xd0a\n");
  EXPECT_EQ(text, "2 cores\n  CPU part\t: 0xd05\n1 core\n  CPU part\t: 0xd0a\n");
}

TEST(ArmReport, SaysNothingOfWhatTheSystemDoesNotTell) {
  EXPECT_EQ(kinds_of_cores(""), "");
  EXPECT_EQ(caches("/nowhere"), "");
}

TEST(ArmReport, ListsCaches) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(testing::TempDir()) / "arm_report_caches";
  fs::create_directories(folder / "index0");
  std::ofstream(folder / "index0" / "level") << "1\n";
  std::ofstream(folder / "index0" / "type") << "Data\n";
  std::ofstream(folder / "index0" / "size") << "64K\n";
  EXPECT_EQ(caches(folder), "L1 Data 64K\n");
  fs::remove_all(folder);
}

}  // namespace
}  // namespace carousel::bench
