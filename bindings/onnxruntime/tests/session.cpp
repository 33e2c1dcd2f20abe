// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <unistd.h>

namespace carousel::onnxruntime_test {
namespace {

Ort::Env make_environment() {
  Ort::InitApi(OrtGetApiBase()->GetApi(ORT_API_VERSION));
  Ort::Env environment(ORT_LOGGING_LEVEL_ERROR, "carousel_test");
  for (const char* name : {kProvider, kSecondProvider}) {
    environment.RegisterExecutionProviderLibrary(name, CAROUSEL_ONNXRUNTIME_PROVIDER);
  }
  return environment;
}

Ort::Env& environment() {
  static Ort::Env made = make_environment();
  return made;
}

void append_provider(Ort::SessionOptions& session, const std::string& name,
                     const Options& options) {
  Ort::KeyValuePairs pairs;
  for (const auto& [key, value] : options) pairs.Add(key.c_str(), value.c_str());
  std::vector<Ort::ConstEpDevice> devices = environment().GetEpDevices();
  std::erase_if(devices, [&](const auto& device) { return device.EpName() != name; });
  session.AppendExecutionProvider_V2(environment(), devices, pairs);
}

void register_operators(Ort::SessionOptions& session, const Options& options) {
  for (const auto& [key, value] : options) {
    session.AddConfigEntry(("carousel." + key).c_str(), value.c_str());
  }
  session.RegisterCustomOpsLibrary(CAROUSEL_ONNXRUNTIME_PROVIDER, Ort::CustomOpConfigs());
}

Ort::SessionOptions session_options(const SessionSettings& settings) {
  environment();
  Ort::SessionOptions session;
  session.SetIntraOpNumThreads(1);
  session.SetInterOpNumThreads(1);
  if (settings.only_providers) session.AddConfigEntry("session.disable_cpu_ep_fallback", "1");
  if (!settings.profile.empty()) session.EnableProfiling(settings.profile.c_str());
  for (const auto& [name, options] : settings.providers) append_provider(session, name, options);
  if (settings.custom_operators) register_operators(session, *settings.custom_operators);
  return session;
}

double difference(const Ort::Value& a, const Ort::Value& b) {
  constexpr double kDifferent = std::numeric_limits<double>::infinity();
  if (a.GetTensorTypeAndShapeInfo().GetShape() != b.GetTensorTypeAndShapeInfo().GetShape()) {
    return kDifferent;
  }
  const std::span<const float> left = floats(a);
  const std::span<const float> right = floats(b);
  double scale = 1.0;
  double worst = 0.0;
  for (std::size_t k = 0; k < left.size(); ++k) {
    const double apart = std::abs(static_cast<double>(left[k]) - static_cast<double>(right[k]));
    if (std::isnan(apart)) return kDifferent;
    worst = std::max(worst, apart);
    scale = std::max(scale, std::abs(static_cast<double>(right[k])));
  }
  return worst / scale;
}

}  // namespace

SessionSettings Way::with(const std::string& option, const std::string& value) const {
  SessionSettings changed = settings;
  for (auto& [provider, options] : changed.providers) options[option] = value;
  if (changed.custom_operators) (*changed.custom_operators)[option] = value;
  return changed;
}

const std::vector<Way>& ways() {
  static const std::vector<Way> both{
      {"ExecutionProvider", {.providers = kWith, .only_providers = true}},
      {"CustomOperators", {.custom_operators = Options{}}}};
  return both;
}

const std::vector<Way>& ways_with_cross_check() {
  static const std::vector<Way> all = [] {
    std::vector<Way> made = ways();
    for (const Way& way : ways()) {
      made.push_back({way.name + "CrossChecked", way.with("cross_check", "1")});
    }
    return made;
  }();
  return all;
}

OrtAllocator* allocator() {
  environment();
  return Ort::AllocatorWithDefaultOptions();
}

Ort::Session open_session(const std::filesystem::path& file, const SessionSettings& settings) {
  const Ort::SessionOptions options = session_options(settings);
  return {environment(), file.c_str(), options};
}

Ort::Session open_session(const std::string& bytes, const SessionSettings& settings) {
  const Ort::SessionOptions options = session_options(settings);
  return {environment(), bytes.data(), bytes.size(), options};
}

Tensors run_session(Ort::Session& session, const Tensors& inputs) {
  std::vector<const char*> input_names;
  std::vector<const OrtValue*> values;
  for (const auto& [name, value] : inputs) {
    input_names.push_back(name.c_str());
    values.push_back(value);
  }
  const std::vector<std::string> names = session.GetOutputNames();
  std::vector<const char*> output_names;
  for (const std::string& name : names) output_names.push_back(name.c_str());
  std::vector<OrtValue*> made(names.size());
  Ort::ThrowOnError(Ort::GetApi().Run(session, nullptr, input_names.data(), values.data(),
                                      values.size(), output_names.data(), output_names.size(),
                                      made.data()));
  Tensors outputs;
  for (std::size_t k = 0; k < names.size(); ++k) outputs.emplace(names[k], Ort::Value(made[k]));
  return outputs;
}

std::span<const float> floats(const Ort::Value& tensor) {
  return {tensor.GetTensorData<float>(), tensor.GetTensorTypeAndShapeInfo().GetElementCount()};
}

double largest_difference(const Tensors& a, const Tensors& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double worst = 0.0;
  for (const auto& [name, value] : a) {
    const auto other = b.find(name);
    if (other == b.end()) return std::numeric_limits<double>::infinity();
    worst = std::max(worst, difference(value, other->second));
  }
  return worst;
}

bool same_bits(const Tensors& a, const Tensors& b) {
  return std::ranges::all_of(a, [&](const auto& entry) {
    return std::ranges::equal(floats(entry.second), floats(b.at(entry.first)));
  });
}

RunNodes run_nodes(const std::string& model_bytes, const Providers& providers,
                   const Tensors& inputs) {
  const auto prefix = std::filesystem::temp_directory_path() /
                      ("carousel-onnxruntime-profile-" + std::to_string(getpid()));
  Ort::Session session =
      open_session(model_bytes, {.providers = providers, .profile = prefix.string()});
  static_cast<void>(run_session(session, inputs));
  const std::string file = session.EndProfilingAllocated(allocator()).get();
  const nlohmann::json events = nlohmann::json::parse(read_file(file));
  std::filesystem::remove(file);
  RunNodes nodes;
  for (const nlohmann::json& event : events) {
    if (!event.value("name", "").ends_with("_kernel_time")) continue;
    const nlohmann::json& arguments = event.at("args");
    const std::string op = arguments.value("op_name", "");
    const bool recurrent = op == "LSTM" || op == "GRU" || op == "RNN";
    const bool claimed = arguments.value("provider", "") == kProvider;
    ++(claimed ? nodes.claimed : recurrent ? nodes.recurrent : nodes.others);
  }
  return nodes;
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace carousel::onnxruntime_test
