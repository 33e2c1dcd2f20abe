// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "files_of_bytes.hpp"

#include <array>

/// Builds what torch.save and torch.jit.save write, byte by byte.
namespace carousel::testing {

/// A pickle of protocol 2, instruction by instruction.
class PickleBuilder {
 public:
  PickleBuilder() { bytes_ = to_bytes("\x80\x02"); }

  PickleBuilder& op(std::string_view code) {
    bytes_ = bytes_ + to_bytes(code);
    return *this;
  }
  PickleBuilder& text(std::string_view value) {
    op("X");
    bytes_ = bytes_ + raw(std::vector<std::uint32_t>{static_cast<std::uint32_t>(value.size())}) +
             to_bytes(value);
    return *this;
  }
  PickleBuilder& number(std::int32_t value) {
    op("J");
    bytes_ = bytes_ + raw(std::vector<std::int32_t>{value});
    return *this;
  }
  PickleBuilder& global(const std::string& module, const std::string& name) {
    return op("c" + module + "\n" + name + "\n");
  }
  PickleBuilder& tuple(const std::vector<std::int64_t>& values) {
    op("(");
    for (const std::int64_t value : values) number(static_cast<std::int32_t>(value));
    return op("t");
  }
  /// The storage of that key and size.
  PickleBuilder& storage(const std::string& type, const std::string& key, std::int64_t count) {
    op("(").text("storage").global("torch", type).text(key).text("cpu");
    return number(static_cast<std::int32_t>(count)).op("tQ");
  }
  /// An OrderedDict without entries.
  PickleBuilder& ordered_dict() { return global("collections", "OrderedDict").op(")R"); }

  struct View {
    std::string type = "FloatStorage";
    std::string key;
    std::int64_t count = 0;
    std::int64_t offset = 0;
    std::vector<std::int64_t> shape{};
    std::vector<std::int64_t> strides{};
  };
  PickleBuilder& view(const View& view) {
    global("torch._utils", "_rebuild_tensor_v2").op("(").storage(view.type, view.key, view.count);
    number(static_cast<std::int32_t>(view.offset)).tuple(view.shape).tuple(view.strides);
    return op("\x89").ordered_dict().op("tR");
  }
  /// A dense tensor that is all of its storage.
  PickleBuilder& tensor(const std::string& key, const std::vector<std::int64_t>& shape,
                        const std::string& type = "FloatStorage") {
    std::vector<std::int64_t> strides(shape.size());
    std::int64_t step = 1;
    for (std::size_t k = shape.size(); k-- > 0; step *= shape[k]) strides[k] = step;
    return view({.type = type, .key = key, .count = step, .shape = shape, .strides = strides});
  }

  [[nodiscard]] Bytes bytes() const { return bytes_ + to_bytes("."); }

 private:
  Bytes bytes_;
};

inline std::uint32_t crc32(const Bytes& bytes) {
  std::uint32_t crc = ~0U;
  for (const std::byte byte : bytes) {
    crc ^= static_cast<std::uint32_t>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
  }
  return ~crc;
}

/// A zip archive of stored files, or of "deflated" ones in blocks that are stored.
class ZipBuilder {
 public:
  ZipBuilder& add(const std::string& name, const Bytes& content, bool deflated = false) {
    const Bytes packed = deflated ? deflate(content) : content;
    // Method, time, date, checksum and sizes, which both headers have.
    const Bytes common = words({deflated ? 8U : 0U, 0, 0x21}) + longs({crc32(content)}) +
                         longs({size(packed), size(content)}) + words({size(name), 0});
    list_ = list_ + to_bytes("PK\x01\x02") + words({20, 20, 0}) + common + words({0, 0, 0}) +
            longs({0, size(files_)}) + to_bytes(name);
    files_ = files_ + to_bytes("PK\x03\x04") + words({20, 0}) + common + to_bytes(name) + packed;
    ++count_;
    return *this;
  }

  [[nodiscard]] Bytes bytes() const {
    return files_ + list_ + to_bytes("PK\x05\x06") + words({0, 0, count_, count_}) +
           longs({size(list_), size(files_)}) + words({0});
  }

 private:
  template <class Container>
  static std::uint32_t size(const Container& container) {
    return static_cast<std::uint32_t>(container.size());
  }
  static Bytes words(const std::vector<std::uint32_t>& values) {
    std::vector<std::uint16_t> result;
    for (const std::uint32_t value : values) result.push_back(static_cast<std::uint16_t>(value));
    return raw(result);
  }
  static Bytes longs(const std::vector<std::uint32_t>& values) { return raw(values); }
  /// One last block that is stored: at most 65535 bytes.
  static Bytes deflate(const Bytes& content) {
    const auto length = static_cast<std::uint32_t>(content.size());
    return to_bytes("\x01") + words({length, length ^ 0xFFFFU}) + content;
  }

  Bytes files_;
  Bytes list_;
  std::uint32_t count_ = 0;
};

/// An archive of torch.save: the pickle, and the storages "0", "1", ... .
inline Bytes torch_archive(const PickleBuilder& pickle, const std::vector<Bytes>& storages,
                           const std::string& byte_order = "little", bool deflated = false) {
  ZipBuilder zip;
  zip.add("archive/data.pkl", pickle.bytes(), deflated)
      .add("archive/byteorder", to_bytes(byte_order));
  for (std::size_t k = 0; k < storages.size(); ++k) {
    zip.add("archive/data/" + std::to_string(k), storages[k], deflated);
  }
  zip.add("archive/version", to_bytes("3\n"));
  return zip.bytes();
}

/// A state dict with tensors of float32, as torch.save writes it: names, and their shapes.
struct TorchDict {
  PickleBuilder pickle;
  std::vector<Bytes> storages;
  StateDict same;  ///< What a safetensors file has.

  TorchDict& add(const std::string& name, const std::vector<std::int64_t>& shape) {
    const auto start = static_cast<float>(storages.size());
    storages.push_back(raw(ramp(product(shape), start)));
    pickle.text(name).tensor(std::to_string(storages.size() - 1), shape);
    same.add(name, {"F32", shape, storages.back()});
    return *this;
  }
};

/// The tensors of an LSTM 3 -> 2 and a Linear 2 -> 4 behind `prefix`, as entries of a dictionary.
inline void add_tagger(TorchDict& dict, const std::string& prefix = "") {
  dict.pickle.op("(");
  dict.add(prefix + "lstm.weight_ih_l0", {8, 3}).add(prefix + "lstm.weight_hh_l0", {8, 2});
  dict.add(prefix + "lstm.bias_ih_l0", {8}).add(prefix + "lstm.bias_hh_l0", {8});
  dict.add(prefix + "fc.weight", {4, 2}).add(prefix + "fc.bias", {4});
  dict.pickle.op("u");
}

}  // namespace carousel::testing
