// SPDX-License-Identifier: Apache-2.0
#include "load_torch.hpp"

#include "core/model/formats/state_dict.hpp"
#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"
#include "state_dict_of.hpp"
#include "zip_archive.hpp"

namespace carousel::loading {
namespace {

constexpr std::string_view kPickle = "data.pkl";
constexpr std::size_t kMaxPickle = std::size_t{1} << 24U;

/// The folder of the archive that everything is in: "archive/".
std::string find_folder(const ZipArchive& archive, const std::string& source) {
  std::string found;
  int count = 0;
  for (const auto& [name, file] : archive.files()) {
    if (name != kPickle && !name.ends_with('/' + std::string(kPickle))) continue;
    found = name.substr(0, name.size() - kPickle.size());
    ++count;
  }
  if (count == 1) return found;
  fail(source, formatted("is a zip archive with {} files data.pkl; one of PyTorch has one", count));
}

/// Archives of before the file existed are little-endian.
void check_byte_order(const ZipArchive& archive, const std::string& folder,
                      const std::string& source) {
  const std::string name = folder + "byteorder";
  if (!archive.files().contains(name)) return;
  const std::vector<std::byte> bytes = archive.read(name);
  const std::string order(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (order == "little") return;
  fail(source,
       formatted("its numbers have the byte order {}; only 'little' is supported", quote(order)),
       ErrorCode::unsupported);
}

std::vector<std::byte> read_pickle(const ZipArchive& archive, const std::string& folder,
                                   const std::string& source) {
  const std::string name = folder + std::string(kPickle);
  if (archive.files().find(name)->second.size > kMaxPickle) {
    fail(source, "its pickle has more than 16 MiB", ErrorCode::unsupported);
  }
  return archive.read(name);
}

}  // namespace

Model model_from_torch_archive(std::span<const std::byte> bytes, const std::string& source,
                               const LoadOptions& options) {
  const ZipArchive archive(bytes, source);
  const std::string folder = find_folder(archive, source);
  check_byte_order(archive, folder, source);
  const pickle::Pickle pickle = pickle::parse(read_pickle(archive, folder, source), source);
  const OwnedTable owned = pickle::read_tensors(
      pickle, pickle::find_state_dict(pickle, source),
      [&](std::string_view key) { return archive.read(formatted("{}data/{}", folder, key)); },
      source);
  return model_from_table(owned.table, source, options);
}

}  // namespace carousel::loading
