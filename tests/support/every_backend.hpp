// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

/// For tests that are repeated on each backend and ISA that this CPU can run.
namespace carousel::testing_support {

inline std::vector<std::string> runnable_ids() {
  std::vector<std::string> ids;
  for (const Backend* backend : select_backends("auto")) ids.push_back(backend->id());
  return ids;
}

/// Those that promise the same bits whatever the batch, chunking, padding and threads.
inline std::vector<std::string> deterministic_ids() {
  std::vector<std::string> ids = runnable_ids();
  std::erase_if(ids, [](const std::string& id) { return id.starts_with("onednn"); });
  return ids;
}

/// GoogleTest wants names of letters, digits and underscores.
inline std::string id_as_test_name(const ::testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::ranges::replace(name, ':', '_');
  return name;
}

}  // namespace carousel::testing_support
