// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <carousel/precision.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace carousel::onnxruntime {
namespace {

constexpr std::array<const char*, 4> kNames{"backend", "threads", "precision", "cross_check"};

std::string known_names() {
  std::string names;
  for (const char* name : kNames) names += (names.empty() ? "" : ", ") + std::string(name);
  return names;
}

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

bool yes_or_no(const std::string& name, const std::string& text) {
  if (text == "1") return true;
  if (text == "0") return false;
  throw Error(ErrorCode::invalid_argument,
              "Carousel's option " + name + " is '" + text + "'; it must be 0 or 1");
}

void set_option(KernelOptions& options, const std::string& name, const std::string& value) {
  if (name == "backend") {
    options.prepare.backend = value;
  } else if (name == "threads") {
    options.prepare.threads = thread_count(value);
  } else if (name == "precision") {
    options.prepare.precision = precision_by_name(value);
  } else if (name == "cross_check") {
    options.cross_check = yes_or_no(name, value);
  } else {
    throw Error(ErrorCode::invalid_argument,
                "Carousel has no option '" + name + "'; there are " + known_names());
  }
}

/// Throws Error where two options do not go together.
KernelOptions checked(const KernelOptions& options) {
  if (options.cross_check && options.prepare.precision != Precision::float32) {
    throw Error(ErrorCode::invalid_argument,
                "Carousel's option cross_check needs the precision float32: ONNX Runtime's own "
                "kernel has no other");
  }
  return options;
}

/// An entry of the session's configuration.
std::optional<std::string> config_entry(const OrtSessionOptions& session, const std::string& key) {
  const OrtApi& api = Ort::GetApi();
  int exists = 0;
  Ort::ThrowOnError(api.HasSessionConfigEntry(&session, key.c_str(), &exists));
  if (exists == 0) return std::nullopt;
  std::size_t size = 0;  // with the zero at the end
  Ort::ThrowOnError(api.GetSessionConfigEntry(&session, key.c_str(), nullptr, &size));
  std::string value(size, '\0');
  Ort::ThrowOnError(api.GetSessionConfigEntry(&session, key.c_str(), value.data(), &size));
  value.resize(size - 1);
  return value;
}

}  // namespace

KernelOptions provider_options(const OrtSessionOptions& session, const std::string& provider) {
  OrtKeyValuePairs* entries = nullptr;
  Ort::ThrowOnError(Ort::GetApi().GetSessionOptionsConfigEntries(&session, &entries));
  const Ort::KeyValuePairs owner(entries);
  const std::string prefix = prefix_of(provider);
  KernelOptions options;
  for (const auto& [key, value] : owner.GetKeyValuePairs()) {
    if (key.starts_with(prefix)) set_option(options, key.substr(prefix.size()), value);
  }
  return checked(options);
}

KernelOptions custom_operator_options(const OrtSessionOptions& session) {
  KernelOptions options;
  for (const char* name : kNames) {
    const std::optional<std::string> value = config_entry(session, std::string("carousel.") + name);
    if (value) set_option(options, name, *value);
  }
  return checked(options);
}

}  // namespace carousel::onnxruntime
