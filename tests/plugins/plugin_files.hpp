// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace carousel::plugin_test {

/// A folder that goes with the test.
class Folder {
 public:
  Folder() {
    std::string name = testing::TempDir() + "carousel_plugins_XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = std::filesystem::canonical(name).string();
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// The hostile plug-in that commits this crime.
  [[nodiscard]] std::string hostile(const std::string& crime) const {
    return copy(HOSTILE_PLUGIN, crime);
  }
  [[nodiscard]] std::string copy(const std::string& file, const std::string& name) const {
    const std::string to = path_ + "/libcarousel_backend_" + name + ".so";
    std::filesystem::copy_file(file, to);
    return to;
  }
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
    const std::string to = path_ + "/" + name;
    std::ofstream(to) << text;
    return to;
  }

 private:
  std::string path_;
};

}  // namespace carousel::plugin_test
