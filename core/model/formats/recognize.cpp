// SPDX-License-Identifier: Apache-2.0
#include "recognize.hpp"

#include "text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

namespace carousel::loading {
namespace {

using namespace std::string_view_literals;

/// A file that is no model for Carousel, told by some bytes at a fixed place.
struct Signature {
  std::size_t offset;
  std::string_view bytes;
  ErrorCode code;
  std::string_view text;
};

constexpr std::string_view kExport =
    "; save the weights as safetensors with the Python that has it (docs/formats.md shows how)";
constexpr auto kNoModel = ErrorCode::bad_format;
constexpr auto kOtherModel = ErrorCode::unsupported;

constexpr std::array kSignatures{
    Signature{0, "version https://git-lfs"sv, kNoModel,
              "is a Git LFS pointer, not the file that it stands for; fetch that with "
              "'git lfs pull'"},
    Signature{0, "\x89HDF\r\n\x1a\n"sv, kOtherModel, "is an HDF5 file (Keras .h5)"},
    Signature{4, "TFL3"sv, kOtherModel,
              "is a TensorFlow Lite model; load the model that it was made from instead"},
    Signature{0, "\x93NUMPY"sv, kNoModel, "is a NumPy array (.npy), not a model"},
    Signature{0, "GGUF"sv, kOtherModel, "is a GGUF file (llama.cpp)"},
    Signature{0, "\x1f\x8b"sv, kNoModel, "is compressed with gzip; unpack it first"},
    Signature{0, "BZh"sv, kNoModel, "is compressed with bzip2; unpack it first"},
    Signature{0, "\xfd\x37zXZ\0"sv, kNoModel, "is compressed with xz; unpack it first"},
    Signature{0, "\x28\xb5\x2f\xfd"sv, kNoModel, "is compressed with zstd; unpack it first"},
    Signature{257, "ustar"sv, kNoModel, "is a tar archive; unpack it first"},
    Signature{0, "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv, kOtherModel,
              "is a PyTorch file in the form that came before version 1.6; load it there and save "
              "it again with torch.save, or as safetensors"},
};

/// A zip archive, told by the name of a file in it.
struct ArchiveSign {
  std::string_view entry;
  std::string_view text;
};

constexpr std::array kArchives{
    ArchiveSign{"model.weights.h5", "is a Keras archive (.keras)"},
    ArchiveSign{".npy", "is an archive of NumPy arrays (.npz), not a model"},
};
constexpr std::string_view kTorchEntry = "data.pkl";

std::string_view as_text(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string_view without_space(std::string_view text) noexcept {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // byte order mark
  const std::size_t at = text.find_first_not_of(" \t\r\n");
  return at == text.npos ? ""sv : text.substr(at);
}

/// A header length within the format's limit, and the first byte of a JSON object after it.
bool is_safetensors(std::string_view text) noexcept {
  constexpr std::size_t length_bytes = 8;
  return text.size() > length_bytes && text[length_bytes] == '{' &&
         text.substr(4, 4) == "\0\0\0\0"sv;
}

bool is_zip(std::string_view text) noexcept {
  return text.starts_with("PK\x03\x04") || text.starts_with("PK\x05\x06");
}

/// Whether the list of files at the end of a zip archive has one whose name ends so.
bool lists(std::string_view archive, std::string_view ending) noexcept {
  constexpr std::string_view entry_signature("PK\x01\x02");
  constexpr std::size_t name_length = 28;
  constexpr std::size_t name_at = 46;
  for (std::size_t at = archive.find(entry_signature); at != archive.npos;
       at = archive.find(entry_signature, at + 1)) {
    const std::string_view entry = archive.substr(at);
    if (entry.size() < name_at) return false;
    const std::size_t length = static_cast<unsigned char>(entry[name_length]) +
                               256U * static_cast<unsigned char>(entry[name_length + 1]);
    if (entry.substr(name_at, length).ends_with(ending)) return true;
  }
  return false;
}

/// A ModelProto of ONNX begins with its field 1, the version of the format as a small number, and
/// goes on with text, a graph (7) or operator sets (8).
bool is_onnx(std::string_view text) noexcept {
  constexpr std::string_view next_fields("\x12\x1a\x22\x2a\x32\x3a\x42");
  return text.size() > 3 && text[0] == '\x08' && text[1] > 0 && text[1] < 64 &&
         next_fields.find(text[2]) != next_fields.npos;
}

bool is_html(std::string_view text) noexcept {
  const auto starts_with = [&](std::string_view tag) {
    return text.size() >= tag.size() &&
           std::ranges::equal(text.substr(0, tag.size()), tag, [](unsigned char a, char b) {
             return std::tolower(a) == static_cast<unsigned char>(b);
           });
  };
  return starts_with("<!doctype html") || starts_with("<html");
}

/// Any pickle of protocol 2 or later.
bool is_pickle(std::string_view text) noexcept {
  return text.size() > 2 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5;
}

const Signature* find_signature(std::string_view text) noexcept {
  const auto found = std::ranges::find_if(kSignatures, [&](const Signature& signature) {
    return text.size() > signature.offset &&
           text.substr(signature.offset).starts_with(signature.bytes);
  });
  return found == kSignatures.end() ? nullptr : &*found;
}

[[noreturn]] void refuse_zip(std::string_view text, std::string_view source) {
  if (text.find("PK\x01\x02") == text.npos) {
    fail(source,
         "is a zip archive (as .pt, .keras and .npz files are) that was cut short: the list "
         "of its files is missing");
  }
  for (const ArchiveSign& archive : kArchives) {
    if (lists(text, archive.entry)) {
      fail(source, std::string(archive.text).append(kExport), kOtherModel);
    }
  }
  fail(source, "is a zip archive of files that Carousel does not know; unpack it first");
}

}  // namespace

FileKind recognize(std::span<const std::byte> bytes) noexcept {
  const std::string_view text = as_text(bytes);
  if (is_safetensors(text)) return FileKind::safetensors;
  if (is_zip(text)) return lists(text, kTorchEntry) ? FileKind::torch_archive : FileKind::foreign;
  if (find_signature(text) != nullptr || is_pickle(text)) return FileKind::foreign;
  const std::string_view start = without_space(text);
  if (start.starts_with('{') || start.starts_with('[')) return FileKind::json;
  if (is_html(start)) return FileKind::foreign;
  return is_onnx(text) ? FileKind::onnx : FileKind::unknown;
}

void refuse_foreign(std::span<const std::byte> bytes, std::string_view source) {
  const std::string_view text = as_text(bytes);
  const FileKind kind = recognize(bytes);
  if (kind == FileKind::onnx) {
    fail(source, "is an ONNX file, whose name must end in .onnx", ErrorCode::invalid_argument);
  }
  if (kind != FileKind::foreign) return;
  if (is_zip(text)) refuse_zip(text, source);
  if (const Signature* signature = find_signature(text)) {
    const bool exported =
        signature->code == kOtherModel && signature->text.find(';') == std::string_view::npos;
    fail(source, std::string(signature->text).append(exported ? kExport : ""), signature->code);
  }
  if (is_pickle(text)) {
    fail(source, std::string("is a Python pickle, which is a program and not read").append(kExport),
         kOtherModel);
  }
  fail(source, "is an HTML page, not a model (a download that asks for a login or a licence?)");
}

}  // namespace carousel::loading
