// SPDX-License-Identifier: Apache-2.0
#include "core/model/formats/text.hpp"
#include "core/model/formatted.hpp"
#include "state_dict_of.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <numeric>

namespace carousel::loading::pickle {
namespace {

/// How often all tensors together may use each number: some share a storage (tied weights), but a
/// small file must not become a large table.
constexpr std::size_t kMaxUses = 4;

class TensorMaker {
 public:
  TensorMaker(const Pickle& pickle, const ReadStorage& read, std::string_view source)
      : pickle_(pickle), read_(read), source_(source) {}

  OwnedTable make(const std::vector<NamedView>& views) {
    for (const auto& [name, view] : views) add(name, *view);
    return std::move(owned_);
  }

 private:
  using Bytes = std::span<const std::byte>;

  [[noreturn]] void error(const std::string& name, const std::string& text) const {
    fail(source_, formatted("tensor {} {}", quote(name), text));
  }

  /// Reads it, or finds what was read.
  Bytes storage(const std::string& name, const Storage& storage) {
    const auto& key = std::get<std::string>(pickle_[storage.key]);
    const auto [place, is_new] = storages_.try_emplace(key);
    if (is_new) {
      owned_.buffers.push_back(read_(key));
      place->second = owned_.buffers.back();
      stored_bytes_ += place->second.size();
    }
    const auto size = static_cast<std::size_t>(safetensors::bits(storage.dtype) / 8);
    if (place->second.size() % size != 0 ||
        place->second.size() / size != static_cast<std::size_t>(storage.count)) {
      error(name, formatted("needs {} elements in the storage {}, which has {} bytes",
                            storage.count, quote(key), place->second.size()));
    }
    return place->second;
  }

  /// Elements of the tensor, all of which must lie in the storage.
  std::size_t check(const std::string& name, const View& view, std::int64_t stored) const {
    const std::optional<std::int64_t> count = element_count(view.shape);
    if (!count || view.offset < 0 || view.strides.size() != view.shape.size()) {
      error(name, "has an impossible shape, offset or number of strides");
    }
    if (*count == 0) return 0;
    std::int64_t last = view.offset;
    for (std::size_t k = 0; k < view.shape.size(); ++k) {
      const auto step = checked_multiply(view.shape[k] - 1, view.strides[k]);
      if (!step || *step > stored || last > stored - *step) error(name, "exceeds its storage");
      last += *step;
    }
    if (last >= stored) error(name, "exceeds its storage");
    if (*count > stored) error(name, "repeats elements by strides of 0, which is not supported");
    return static_cast<std::size_t>(*count);
  }

  static bool is_dense(const View& view) {
    std::int64_t expected = 1;
    for (std::size_t k = view.shape.size(); k-- > 0;) {
      if (view.shape[k] != 1 && view.strides[k] != expected) return false;
      expected *= view.shape[k];
    }
    return true;
  }

  /// The elements of any other tensor, in their order.
  static std::vector<std::byte> gather(const View& view, Bytes stored, std::size_t count,
                                       std::size_t size) {
    std::vector<std::byte> result(count * size);
    std::vector<std::int64_t> index(view.shape.size());
    for (std::size_t k = 0; k < count; ++k) {
      const std::int64_t at =
          std::inner_product(index.begin(), index.end(), view.strides.begin(), view.offset);
      std::memcpy(result.data() + k * size, stored.data() + static_cast<std::size_t>(at) * size,
                  size);
      for (std::size_t axis = index.size(); axis-- > 0;) {
        if (++index[axis] < view.shape[axis]) break;
        index[axis] = 0;
      }
    }
    return result;
  }

  void add(const std::string& name, const View& view) {
    const auto& stored = std::get<Storage>(pickle_[view.storage]);
    const Bytes bytes = storage(name, stored);
    const std::size_t count = check(name, view, stored.count);
    const auto size = static_cast<std::size_t>(safetensors::bits(stored.dtype) / 8);
    used_bytes_ += count * size;
    if (used_bytes_ / kMaxUses > stored_bytes_) {
      error(name, "uses numbers that others use too, all together more than four times each");
    }
    if (count == 0 || is_dense(view)) {
      const std::size_t begin = count == 0 ? 0 : static_cast<std::size_t>(view.offset) * size;
      owned_.table.tensors.push_back(
          {name, stored.dtype, view.shape, bytes.subspan(begin, count * size)});
    } else {
      owned_.add(name, stored.dtype, view.shape, gather(view, bytes, count, size));
    }
  }

  const Pickle& pickle_;
  const ReadStorage& read_;
  std::string_view source_;
  OwnedTable owned_;
  std::map<std::string, Bytes, std::less<>> storages_;
  std::size_t stored_bytes_ = 0;
  std::size_t used_bytes_ = 0;
};

}  // namespace

OwnedTable read_tensors(const Pickle& pickle, const std::vector<NamedView>& views,
                        const ReadStorage& read, std::string_view source) {
  return TensorMaker(pickle, read, source).make(views);
}

}  // namespace carousel::loading::pickle
