// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <carousel/precision.hpp>

#include <algorithm>
#include <charconv>

namespace carousel::onnxruntime {
namespace {

constexpr const char* kKnown = "backend, threads, precision";

/// ONNX Runtime keeps the options of a provider among those of the session, behind its name in
/// lower case.
std::string prefix_of(std::string provider) {
  std::ranges::transform(provider, provider.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return "ep." + provider + ".";
}

int thread_count(const std::string& text) {
  int threads = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, threads);
  if (error != std::errc() || stop != end || threads < 1) {
    throw Error(ErrorCode::invalid_argument,
                "Carousel's option threads is '" + text + "'; it must be a positive number");
  }
  return threads;
}

void set_option(PrepareOptions& options, const std::string& name, const std::string& value) {
  if (name == "backend") {
    options.backend = value;
  } else if (name == "threads") {
    options.threads = thread_count(value);
  } else if (name == "precision") {
    options.precision = precision_by_name(value);
  } else {
    throw Error(ErrorCode::invalid_argument,
                "Carousel has no option '" + name + "'; there are " + kKnown);
  }
}

}  // namespace

PrepareOptions read_options(const OrtSessionOptions& session, const std::string& provider) {
  OrtKeyValuePairs* entries = nullptr;
  Ort::ThrowOnError(Ort::GetApi().GetSessionOptionsConfigEntries(&session, &entries));
  const Ort::KeyValuePairs owner(entries);
  const std::string prefix = prefix_of(provider);
  PrepareOptions options;
  for (const auto& [key, value] : owner.GetKeyValuePairs()) {
    if (key.starts_with(prefix)) set_option(options, key.substr(prefix.size()), value);
  }
  return options;
}

}  // namespace carousel::onnxruntime
