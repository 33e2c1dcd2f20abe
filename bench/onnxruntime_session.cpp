// SPDX-License-Identifier: Apache-2.0
#include "onnxruntime_session.hpp"

namespace carousel::bench::ort {
namespace {

OrtEnv* environment() {
  static const Handle<OrtEnv> made =
      make<OrtEnv>(api().CreateEnv, ORT_LOGGING_LEVEL_ERROR, "carousel_bench");
  return made.get();
}

/// What makes it fastest. Its threads watch for work for a while after each run ("spinning");
/// Subject::sample waits until they sleep.
Handle<OrtSessionOptions> session_options(int threads) {
  auto options = make<OrtSessionOptions>(api().CreateSessionOptions);
  check(api().SetIntraOpNumThreads(options.get(), threads));
  check(api().SetInterOpNumThreads(options.get(), 1));
  check(api().SetSessionExecutionMode(options.get(), ORT_SEQUENTIAL));
  check(api().SetSessionGraphOptimizationLevel(options.get(), ORT_ENABLE_ALL));
  check(api().EnableMemPattern(options.get()));
  check(api().EnableCpuMemArena(options.get()));
  check(api().AddSessionConfigEntry(options.get(), "session.intra_op.allow_spinning", "1"));
  return options;
}

}  // namespace

Handle<OrtSession> open_session(const std::filesystem::path& file, int threads) {
  const auto options = session_options(threads);
  return make<OrtSession>(api().CreateSession, environment(), file.c_str(), options.get());
}

}  // namespace carousel::bench::ort
