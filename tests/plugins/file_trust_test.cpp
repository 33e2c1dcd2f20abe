// SPDX-License-Identifier: Apache-2.0
// Plug-ins that somebody else could have exchanged are not loaded.
#include "core/plugins/file_trust.hpp"
#include "plugins/plugin_files.hpp"

#include <carousel/backend.hpp>

#include <gtest/gtest.h>

#include <algorithm>

#include <sys/stat.h>

namespace carousel::plugin_test {
namespace {

void set_mode(const std::string& path, mode_t mode) { ASSERT_EQ(chmod(path.c_str(), mode), 0); }

/// What loading says; it must say that it is for this reason that the file is not loaded.
void expect_refused(const std::string& file, const std::string& cause) {
  const std::size_t before = backends().size();
  try {
    (void)load_plugin(file);
    ADD_FAILURE() << file << " was loaded";
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_EQ(error.code(), ErrorCode::file_access) << text;
    EXPECT_NE(text.find("plug-in " + file + ": it is not loaded, since "), std::string::npos);
    EXPECT_NE(text.find(cause), std::string::npos) << text;
  }
  EXPECT_EQ(backends().size(), before);
}

TEST(FileTrust, RefusesFilesThatEverybodyMayWrite) {
  const Folder folder;
  const std::string file = folder.hostile("trusted.file");
  set_mode(file, 0646);
  expect_refused(file, "the file " + file + " may be written by everybody (mode 0646)");
  set_mode(file, 0644);
  EXPECT_EQ(load_plugin(file).id(), "hostile-trusted.file");
}

TEST(FileTrust, RefusesFilesInFoldersThatEverybodyMayWrite) {
  const Folder folder;
  const std::string inner = folder.path() + "/inner";
  std::filesystem::create_directory(inner);
  const std::string file = inner + "/libcarousel_backend_trusted.folder.so";
  std::filesystem::rename(folder.hostile("trusted.folder"), file);
  for (const std::string& open : {inner, folder.path()}) {
    set_mode(open, 0757);
    expect_refused(file, "the folder " + open + " may be written by everybody (mode 0757)");
    set_mode(open, 0755);
  }
  EXPECT_EQ(load_plugin(file).id(), "hostile-trusted.folder");
}

/// In a folder like /tmp only the owner of a file may replace it.
TEST(FileTrust, StickyFoldersAreAsGoodAsTheirFiles) {
  const Folder folder;
  set_mode(folder.path(), 01777);
  EXPECT_EQ(load_plugin(folder.hostile("trusted.sticky")).id(), "hostile-trusted.sticky");
  const std::string file = folder.hostile("trusted.not");
  set_mode(file, 0666);
  expect_refused(file, "may be written by everybody");
}

/// A link does not hide where the file is.
TEST(FileTrust, LooksBehindLinks) {
  const Folder open;
  const Folder links;
  const std::string file = open.hostile("trusted.link");
  const std::string link = links.path() + "/libcarousel_backend_link.so";
  std::filesystem::create_symlink(file, link);
  set_mode(open.path(), 0777);
  expect_refused(link, "the folder " + open.path() + " may be written by everybody");
}

/// Who can exchange this program need not exchange its plug-ins.
TEST(FileTrust, TrustsWhoOwnsTheProgram) {
  const std::vector<uid_t> owners = plugins::trusted_owners();
  std::filesystem::path part = std::filesystem::read_symlink("/proc/self/exe");
  for (; part != part.parent_path(); part = part.parent_path()) {
    struct stat status {};
    ASSERT_EQ(stat(part.c_str(), &status), 0);
    EXPECT_NE(std::ranges::find(owners, status.st_uid), owners.end()) << part;
  }
  EXPECT_NE(std::ranges::find(owners, geteuid()), owners.end());
  EXPECT_NE(std::ranges::find(owners, uid_t{0}), owners.end());
}

/// Groups and owners are given away by root only, so the tests of other users end here.
TEST(FileTrust, RefusesWhatBelongsToOthers) {
  const Folder folder;
  const std::string file = folder.hostile("trusted.owner");
  EXPECT_EQ(plugins::who_else_may_change(file, plugins::trusted_owners()), "");
  constexpr gid_t kForeign = 54321;
  if (geteuid() == 0) {
    ASSERT_EQ(chown(file.c_str(), 0, kForeign), 0);
    set_mode(file, 0664);
    expect_refused(file, "may be written by the group 54321 (mode 0664)");
    set_mode(file, 0644);
    ASSERT_EQ(chown(file.c_str(), kForeign, kForeign), 0);
    expect_refused(file, "the file " + file + " belongs to another user (54321)");
    std::vector<uid_t> owners = plugins::trusted_owners();
    owners.push_back(kForeign);
    EXPECT_EQ(plugins::who_else_may_change(file, owners), "") << "as if this program were theirs";
  }
}

}  // namespace
}  // namespace carousel::plugin_test
