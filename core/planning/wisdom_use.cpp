// SPDX-License-Identifier: Apache-2.0
#include "core/planning/wisdom_use.hpp"

#include "core/model/formats/spec_text.hpp"
#include "core/model/idle_clip.hpp"
#include "core/model/quote.hpp"
#include "core/planning/file_status.hpp"

#include <algorithm>
#include <mutex>
#include <optional>

namespace carousel::planning {
namespace {

struct Cached {
  std::filesystem::path file;
  std::optional<FileStamp> stamp;
  std::shared_ptr<const Wisdom> wisdom;
  std::string problem;
};

Cached read(const std::filesystem::path& file, const std::optional<FileStamp>& stamp) {
  static const auto kNone = std::make_shared<const Wisdom>();
  if (!stamp) return {file, stamp, kNone, ""};
  try {
    return {file, stamp, std::make_shared<const Wisdom>(read_wisdom(file)), ""};
  } catch (const Error& error) {
    return {file, stamp, kNone, "wisdom is ignored: " + std::string(error.what())};
  }
}

/// The spec without fields that have no effect: what remains when it is written and read back, but
/// for a clip that changes nothing.
LayerSpec without_unused(const LayerSpec& spec) {
  const loading::Json json = loading::spec_to_json(without_idle_clip(spec));
  loading::JsonReader reader(json, {.source = "layer", .key = {}, .path = {}});
  return loading::spec_from_json(reader);
}

/// The factor between times of different numbers of steps: the times of an entry are those of its
/// bucket's steps.
double steps_ratio(std::int64_t to, std::int64_t from) {
  return static_cast<double>(to) / static_cast<double>(from);
}

/// Why an entry tells nothing of a backend in its present version, from the verb on; empty if it
/// does.
std::string unknown_version(const WisdomEntry& entry, const Backend& backend) {
  const std::string id = backend.id();
  const std::string version = backend.version();
  std::string other;
  for (const WisdomTime& time : entry.times) {
    if (time.backend != id) continue;
    if (time.version == version) return "";
    other = time.version;
  }
  if (other.empty()) return "does not have " + id;
  return "has " + id + " in version " + quote(other) + ", this is " + quote(version);
}

/// The time of a candidate, whose backend the entry has in its present version.
const WisdomTime* find(const WisdomEntry& entry, const PlanCandidate& candidate,
                       const std::string& version) {
  const auto found = std::ranges::find_if(entry.times, [&](const WisdomTime& time) {
    return time.backend == candidate.backend && time.threads == candidate.threads &&
           time.tiling == candidate.tiling && time.version == version;
  });
  return found == entry.times.end() ? nullptr : &*found;
}

}  // namespace

std::shared_ptr<const Wisdom> cached_wisdom(const std::filesystem::path& file,
                                            const std::string& machine, std::string& problem) {
  static std::mutex mutex;
  static auto* cache = new Cached;  // never destroyed: an application may prepare while it ends
  const std::optional<FileStamp> stamp = stamp_of(file);
  const std::scoped_lock lock(mutex);
  if (cache->wisdom == nullptr || cache->file != file || cache->stamp != stamp) {
    *cache = read(file, stamp);
  }
  problem = cache->problem;
  const auto& entries = cache->wisdom->entries;
  const auto ours = [&](const WisdomEntry& entry) { return entry.machine == machine; };
  if (!entries.empty() && std::ranges::none_of(entries, ours)) {
    problem = "wisdom is ignored: " + file.string() + " is about other CPUs (" +
              entries.front().machine + ")";
  }
  return cache->wisdom;
}

WisdomEntry make_key(const World& world, const Problem& problem) {
  return {.machine = world.machine,
          .layer = without_unused(problem.spec()),
          .precision = problem.precision,
          .threads = problem.threads,
          .exact_threads = problem.exact_threads,
          .batch = wisdom_bucket(problem.batch),
          .steps = wisdom_bucket(problem.steps),
          .times = {}};
}

WisdomEntry make_entry(const World& world, const Problem& problem,
                       const std::vector<Candidate>& candidates) {
  WisdomEntry entry = make_key(world, problem);
  const double scale = steps_ratio(entry.steps, problem.steps);
  for (const Candidate& candidate : candidates) {
    if (!candidate.supported) continue;
    const PlanCandidate& shown = candidate.shown;
    const double seconds = shown.runs ? shown.measured_seconds * scale : 0;
    if (!candidate.default_tiling && seconds == 0 && shown.verdict.empty())
      continue;  // was not tried
    entry.times.push_back({.backend = shown.backend,
                           .version = candidate.backend->version(),
                           .threads = shown.threads,
                           .tiling = shown.tiling,
                           .seconds = seconds,
                           .left_out = seconds > 0 ? "" : shown.verdict,
                           .spread = seconds > 0 ? shown.spread : 0});
  }
  return entry;
}

WisdomUse apply_wisdom(const WisdomEntry& entry, const Problem& problem,
                       std::vector<Candidate>& candidates) {
  std::vector<Candidate> timed = candidates;
  const double scale = steps_ratio(problem.steps, entry.steps);
  WisdomUse use;
  bool any = false;
  for (Candidate& candidate : timed) {
    if (!candidate.supported) continue;
    if (const std::string why = unknown_version(entry, *candidate.backend); !why.empty()) {
      candidate.judged_by_model = true;
      candidate.shown.verdict = "judged by the cost model: wisdom " + why;
      if (use.unknown.find(why) == std::string::npos) {
        use.unknown += (use.unknown.empty() ? "" : ", ") + why;
      }
      continue;
    }
    const WisdomTime* time = find(entry, candidate.shown, candidate.backend->version());
    if (time == nullptr && !candidate.default_tiling) continue;
    if (time == nullptr) return {.unusable = "it does not have " + way_text(candidate.shown)};
    candidate.shown.measured_seconds = time->seconds * scale;
    candidate.shown.spread = time->spread;
    candidate.shown.verdict = time->left_out;
    any = any || time->seconds > 0;
  }
  if (!any) {
    return {.unusable =
                use.unknown.empty() ? "it has no times of these backends" : "it " + use.unknown};
  }
  candidates = std::move(timed);
  return use;
}

}  // namespace carousel::planning
