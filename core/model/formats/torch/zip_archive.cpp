// SPDX-License-Identifier: Apache-2.0
#include "zip_archive.hpp"

#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"

#include <zip.h>

namespace carousel::loading {
namespace {

/// What weights may be compressed by on the whole, and what is always allowed.
constexpr std::uint64_t kMostGain = 64;
constexpr std::uint64_t kAlwaysAllowed = std::uint64_t{1} << 20U;

struct CloseEntry {
  void operator()(zip_file_t* entry) const noexcept { zip_fclose(entry); }
};
using EntryHandle = std::unique_ptr<zip_file_t, CloseEntry>;

/// libzip's text of an error, freed with it.
class ZipError {
 public:
  ZipError() { zip_error_init(&error_); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  ~ZipError() { zip_error_fini(&error_); }

  [[nodiscard]] zip_error_t* get() { return &error_; }
  [[nodiscard]] std::string text() { return zip_error_strerror(&error_); }

 private:
  zip_error_t error_{};
};

[[noreturn]] void refuse(std::string_view source, const std::string& text) {
  fail(source, "is a damaged zip archive: " + text);
}

zip_t* open(std::span<const std::byte> bytes, std::string_view source) {
  ZipError error;
  zip_source_t* data = zip_source_buffer_create(bytes.data(), bytes.size(), 0, error.get());
  if (data == nullptr) refuse(source, error.text());
  zip_t* archive = zip_open_from_source(data, ZIP_RDONLY, error.get());
  if (archive == nullptr) {
    zip_source_free(data);  // an archive that is open owns it
    refuse(source, error.text());
  }
  return archive;
}

zip_stat_t stat_of(zip_t* archive, std::uint64_t index, std::string_view source) {
  constexpr zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                  ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat_index(archive, index, ZIP_FL_ENC_RAW, &stat) != 0 ||
      (stat.valid & needed) != needed) {
    refuse(source, formatted("file {} in it has no name or no size", index));
  }
  const bool known = stat.comp_method == ZIP_CM_STORE || stat.comp_method == ZIP_CM_DEFLATE;
  if (!known || stat.encryption_method != ZIP_EM_NONE) {
    fail(source,
         formatted("the file {} in it is {}", quote(stat.name),
                   known ? "encrypted" : "compressed by another method than deflate"),
         ErrorCode::unsupported);
  }
  return stat;
}

/// Adds up what the files take, packed and unpacked, each of which must stay within its limit.
class Budget {
 public:
  Budget(std::uint64_t archive_size, std::string_view source)
      : archive_size_(archive_size), source_(source) {}

  void add(const zip_stat_t& stat) {
    add(packed_, stat.comp_size, archive_size_, "overlap in the archive");
    add(unpacked_, stat.size, kMostGain * archive_size_ + kAlwaysAllowed,
        "unpack to more than 64 times the size of the archive");
  }

 private:
  void add(std::uint64_t& sum, std::uint64_t size, std::uint64_t most, const char* otherwise) {
    if (size > most - sum) refuse(source_, std::string("the files in it ") + otherwise);
    sum += size;
  }

  std::uint64_t archive_size_;
  std::string_view source_;
  std::uint64_t packed_ = 0;
  std::uint64_t unpacked_ = 0;
};

}  // namespace

void DiscardZip::operator()(zip* archive) const noexcept { zip_discard(archive); }

ZipArchive::ZipArchive(std::span<const std::byte> bytes, std::string_view source)
    : source_(source), handle_(open(bytes, source)) {
  const zip_int64_t count = zip_get_num_entries(handle_.get(), 0);
  Budget budget(bytes.size(), source);
  for (std::uint64_t k = 0; k < static_cast<std::uint64_t>(count); ++k) {
    const zip_stat_t stat = stat_of(handle_.get(), k, source);
    budget.add(stat);
    if (!files_.emplace(stat.name, File{k, static_cast<std::size_t>(stat.size)}).second) {
      refuse(source, "two files in it have the name " + quote(stat.name));
    }
  }
}

std::vector<std::byte> ZipArchive::read(std::string_view name) const {
  const auto found = files_.find(name);
  if (found == files_.end()) refuse(source_, "there is no file " + quote(name));
  const EntryHandle entry(zip_fopen_index(handle_.get(), found->second.index, 0));
  if (!entry) refuse(source_, formatted("{}: {}", quote(name), zip_strerror(handle_.get())));
  std::vector<std::byte> bytes(found->second.size);
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const zip_int64_t got = zip_fread(entry.get(), bytes.data() + filled, bytes.size() - filled);
    if (got <= 0) refuse(source_, quote(name) + " is cut short");
    filled += static_cast<std::size_t>(got);
  }
  std::byte beyond{};
  // The checksum is compared where the file ends.
  if (zip_fread(entry.get(), &beyond, 1) != 0) {
    refuse(source_, quote(name) + " is longer than it should be, or its checksum is wrong");
  }
  return bytes;
}

}  // namespace carousel::loading
