// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/model/formats/owned_table.hpp"
#include "pickle.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// \file
/// From a pickle to the table of tensors that safetensors files give.
namespace carousel::loading::pickle {

struct NamedView {
  std::string name;
  const View* view;
};

/// The tensors of the state dict in a pickle: of the dictionary itself where it holds tensors, or
/// of the dictionary in it that does (a checkpoint's "state_dict"). Where several do, names begin
/// with the keys of these. Attributes of modules of TorchScript archives are named alike.
[[nodiscard]] std::vector<NamedView> find_state_dict(const Pickle& pickle, std::string_view source);

/// Gives the bytes of the storage of that key; throws Error when there is none.
using ReadStorage = std::function<std::vector<std::byte>(std::string_view key)>;

/// The tensors with their numbers, dense and row-major. Each storage is read once; a tensor must
/// lie inside its storage.
[[nodiscard]] OwnedTable read_tensors(const Pickle& pickle, const std::vector<NamedView>& views,
                                      const ReadStorage& read, std::string_view source);

}  // namespace carousel::loading::pickle
