// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct zip;  // libzip's

namespace carousel::loading {

struct DiscardZip {
  void operator()(zip* archive) const noexcept;
};

/// The files of a zip archive in memory, which must outlive it. Reading each of them once takes no
/// more memory than a fixed multiple of the archive's size: that is checked before anything is
/// unpacked. A build without libzip refuses every archive.
class ZipArchive {
 public:
  struct File {
    std::uint64_t index;
    std::size_t size;  ///< Unpacked.
  };

  /// Throws Error naming `source` when the archive is damaged, has two files of one name, or
  /// anything else than stored and deflated files.
  ZipArchive(std::span<const std::byte> bytes, std::string_view source);

  [[nodiscard]] const std::map<std::string, File, std::less<>>& files() const { return files_; }
  /// Throws Error when there is no such file, or its checksum is wrong.
  [[nodiscard]] std::vector<std::byte> read(std::string_view name) const;

 private:
  std::string source_;
  std::unique_ptr<zip, DiscardZip> handle_;
  std::map<std::string, File, std::less<>> files_;
};

}  // namespace carousel::loading
