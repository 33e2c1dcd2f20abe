// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/backend.hpp>
#include <carousel/plugin.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>

namespace carousel::plugins {

/// A backend behind the table of a plug-in. Nothing that the plug-in throws or returns gets past it
/// unchecked. Never destroyed.
class PluginBackend final : public Backend {
 public:
  /// Copies the texts and asks whether the plug-in is available. Throws Error, without naming the
  /// file, if the table breaks a rule of plugin.h or the plug-in fails to answer.
  PluginBackend(const carousel_plugin& table, std::string file);

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  [[nodiscard]] const carousel_plugin& table() const noexcept { return table_; }

  [[nodiscard]] std::string_view family() const noexcept override { return family_; }
  [[nodiscard]] std::string_view isa() const noexcept override { return isa_; }
  [[nodiscard]] std::string description() const override { return description_; }
  [[nodiscard]] std::string version() const override { return version_; }
  [[nodiscard]] Support available(const CpuFeatures&) const override { return available_; }
  [[nodiscard]] Support supports(const LayerSpec& spec, Precision precision) const override;
  [[nodiscard]] SetApart sets_apart(const LayerSpec& spec) const override;
  [[nodiscard]] std::unique_ptr<Layer> prepare(const LayerSpec& spec, const Weights& weights,
                                               const LayerOptions& options) const override;

  /// "plug-in FILE: what"
  [[nodiscard]] std::string in_file(const std::string& what) const;
  /// A failure of `forward`, with a text that lives as long as the process.
  [[nodiscard]] Status failure(std::int32_t status, const char* text) const noexcept;
  [[nodiscard]] Status threw() const noexcept { return Status::failure(threw_.c_str()); }

 private:
  [[nodiscard]] Support ask_supports(const LayerSpec& spec, Precision precision) const;
  [[nodiscard]] SetApart ask_sets_apart(const LayerSpec& spec) const;

  carousel_plugin table_;
  std::string file_;
  std::string family_;
  std::string isa_;
  std::string version_;
  std::string description_;
  std::string threw_;
  Support available_;
  mutable std::atomic<bool> stuck_{false};  ///< it did not return in time once: never asked again
  mutable std::mutex mutex_;
  mutable std::map<std::pair<std::int32_t, const char*>, std::string> failures_;
};

/// Throws Error unless `table` can be used by this host.
void check_table(const carousel_plugin& table);

}  // namespace carousel::plugins
