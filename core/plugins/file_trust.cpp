// SPDX-License-Identifier: Apache-2.0
#include "core/plugins/file_trust.hpp"

#include "core/model/quote.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string_view>

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace carousel::plugins {
namespace {

/// What the functions of pwd.h and grp.h put texts into.
using EntryBuffer = std::array<char, 16384>;

/// Whether a group has nobody in it but a user after whom it is named, as many systems give to each
/// user. An unknown group may have anybody.
bool is_private_group(gid_t group, uid_t user) {
  EntryBuffer group_text;
  EntryBuffer user_text;
  struct group group_entry {};
  struct passwd user_entry {};
  struct group* found_group = nullptr;
  struct passwd* found_user = nullptr;
  (void)::getgrgid_r(group, &group_entry, group_text.data(), group_text.size(), &found_group);
  (void)::getpwuid_r(user, &user_entry, user_text.data(), user_text.size(), &found_user);
  if (found_group == nullptr || found_user == nullptr) return false;
  const std::string_view name = user_entry.pw_name;
  if (name != group_entry.gr_name || user_entry.pw_gid != group) return false;
  for (char** member = group_entry.gr_mem; *member != nullptr; ++member) {
    if (name != *member) return false;
  }
  return true;
}

std::string mode_text(const struct stat& status) {
  std::array<char, 8> text{};
  (void)std::snprintf(text.data(), text.size(), "%04o", status.st_mode & 07777U);
  return std::string("mode ") + text.data();
}

/// Why somebody else may change a file, or what is in a folder; empty if nobody may.
std::string other_writer(const struct stat& status, std::span<const uid_t> owners) {
  const uid_t owner = status.st_uid;
  if (std::ranges::find(owners, owner) == owners.end()) {
    return "belongs to another user (" + std::to_string(owner) + ")";
  }
  // In a sticky folder only a file's owner may replace it, and that one is looked at as well.
  if (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0) return "";
  if ((status.st_mode & S_IWOTH) != 0)
    return "may be written by everybody (" + mode_text(status) + ")";
  if ((status.st_mode & S_IWGRP) != 0 && !is_private_group(status.st_gid, owner)) {
    return "may be written by the group " + std::to_string(status.st_gid) + " (" +
           mode_text(status) + ")";
  }
  return "";
}

}  // namespace

std::vector<uid_t> trusted_owners() {
  std::vector<uid_t> owners{0, ::geteuid()};
  std::error_code error;
  std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) program = "/";
  std::filesystem::path part;
  for (const std::filesystem::path& name : program) {
    part /= name;
    struct stat status {};
    if (::stat(part.c_str(), &status) == 0) owners.push_back(status.st_uid);
  }
  return owners;
}

std::string who_else_may_change(const std::filesystem::path& file, std::span<const uid_t> owners) {
  std::filesystem::path part;
  for (const std::filesystem::path& name : file) {
    part /= name;
    struct stat status {};
    if (::stat(part.c_str(), &status) != 0) {
      return escaped(part.string()) + " cannot be looked at: " + std::strerror(errno);
    }
    if (const std::string why = other_writer(status, owners); !why.empty()) {
      return (S_ISDIR(status.st_mode) ? "the folder " : "the file ") + escaped(part.string()) +
             " " + why;
    }
  }
  return "";
}

}  // namespace carousel::plugins
