// SPDX-License-Identifier: Apache-2.0
// Every backend of the process: those of the build, and plug-ins as they are loaded.
#include "backends/list.hpp"
#include "core/model/own_errors.hpp"
#include "core/model/quote.hpp"
#include "core/plugins/load_plugin.hpp"
#include "core/plugins/plugin_path.hpp"
#include "core/plugins/run_within.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>

namespace carousel {
namespace {

using plugins::PluginBackend;

std::string_view family_of(std::string_view id) { return id.substr(0, id.find(':')); }

/// Whether a choice could mean both.
bool collide(std::string_view a, std::string_view b) {
  return a == b || a == family_of(b) || family_of(a) == b;
}

/// Where a name comes from that another plug-in cannot have: the file and version of its backend.
std::string whose_name(const BackendEntry& entry) {
  const std::string version =
      entry.backend == nullptr ? "" : ", version " + quote(entry.backend->version());
  if (!entry.plugin.empty()) return "the plug-in " + std::string(entry.plugin) + version;
  return entry.backend == nullptr ? "a backend that this build lacks"
                                  : "a backend of this Carousel's own" + version;
}

/// The entries never change: adding makes a longer list, and old ones are kept for who holds a
/// span. So reading takes no lock.
class Catalogue {
 public:
  Catalogue() {
    const auto built_in = built_in_backends();
    publish({built_in.begin(), built_in.end()});
  }

  [[nodiscard]] std::span<const BackendEntry> entries() const noexcept { return *current_.load(); }

  /// Opens `path` unless that has been done; throws Error.
  const Backend& load(const std::filesystem::path& path) {
    const std::lock_guard lock(loading_);
    plugins::require_absolute(path);
    std::error_code ignored;
    const std::string file = std::filesystem::weakly_canonical(path, ignored).string();
    if (const auto known = loaded_.find(file); known != loaded_.end()) return *known->second;
    auto backend = plugins::open_plugin(path);
    const std::string id = backend->id();
    if (const BackendEntry* other = taken_by(id)) {
      throw Error(ErrorCode::plugin_failed,
                  backend->in_file("its name is " + quote(id) + " (version " +
                                   quote(backend->version()) + "), which could be taken for " +
                                   quote(other->name) + ", " + whose_name(*other)));
    }
    return keep_plugin(file, path.string(), std::move(backend));
  }

  /// Records that a part of the plug-in path gave no backend.
  void add_failure(const std::string& file, const std::string& reason) {
    const std::lock_guard lock(loading_);
    const std::string name = plugins::backend_name_of(file);
    add({nullptr, keep(taken_by(name) == nullptr ? name : file), keep(reason), keep(file)});
  }

 private:
  /// Adds a backend that is kept from then on. If there is no memory for that, there is no entry
  /// without a backend either.
  const Backend& keep_plugin(const std::string& file, std::string path,
                             std::unique_ptr<PluginBackend> backend) {
    const std::string_view id = keep(backend->id());
    const auto [place, is_new] = loaded_.emplace(file, std::move(backend));
    try {
      add({place->second.get(), id, {}, keep(std::move(path))});
    } catch (...) {
      loaded_.erase(place);
      throw;
    }
    return *place->second;
  }

  /// The entry that keeps a plug-in from having this name, if any.
  [[nodiscard]] const BackendEntry* taken_by(const std::string& name) const {
    const auto list = entries();
    const auto other = std::ranges::find_if(list, [&](const BackendEntry& entry) {
      const bool is_free =
          entry.backend == nullptr && (name == entry.name || !entry.plugin.empty());
      return collide(name, entry.name) && !is_free;
    });
    return other == list.end() ? nullptr : &*other;
  }

  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }

  /// In the place of an entry by that name without a backend, else at the end.
  void add(const BackendEntry& entry) {
    std::vector<BackendEntry> next(entries().begin(), entries().end());
    const auto same = std::ranges::find(next, entry.name, &BackendEntry::name);
    if (same != next.end()) {
      *same = entry;
    } else {
      next.push_back(entry);
    }
    publish(std::move(next));
  }

  void publish(std::vector<BackendEntry> next) { current_ = &lists_.emplace_back(std::move(next)); }

  std::mutex loading_;
  std::deque<std::vector<BackendEntry>> lists_;
  std::atomic<const std::vector<BackendEntry>*> current_{nullptr};
  std::deque<std::string> texts_;
  std::map<std::string, std::unique_ptr<PluginBackend>> loaded_;
};

Catalogue& catalogue() {
  static auto* const one = new Catalogue;  // never destroyed, as its plug-ins
  return *one;
}

void load_from_path() {
  for (const plugins::PathItem& item : plugins::plugin_path()) {
    if (!item.problem.empty()) {
      catalogue().add_failure(item.file, item.problem);
      continue;
    }
    try {
      (void)catalogue().load(item.file);
    } catch (...) {
      catalogue().add_failure(item.file, handled_text());
    }
  }
}

}  // namespace

std::span<const BackendEntry> backends() {
  return with_own_errors([] {
    // A plug-in that asks, on a thread that is waited for, must not wait for all plug-ins.
    if (!plugins::inside_plugin()) {
      static std::once_flag once;
      std::call_once(once, load_from_path);
    }
    return catalogue().entries();
  });
}

const Backend& load_plugin(const std::filesystem::path& path) {
  (void)backends();  // those of the path come first
  return with_own_errors([&]() -> const Backend& { return catalogue().load(path); });
}

}  // namespace carousel
