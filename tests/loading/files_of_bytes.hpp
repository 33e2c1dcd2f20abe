// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <carousel/model.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Builds good and bad files byte by byte, sharing no code with the loaders.
namespace carousel::testing {

using Bytes = std::vector<std::byte>;

inline Bytes to_bytes(std::string_view text) {
  const auto* data = reinterpret_cast<const std::byte*>(text.data());
  return {data, data + text.size()};
}

template <class T>
Bytes raw(const std::vector<T>& values) {
  Bytes bytes(values.size() * sizeof(T));
  if (!bytes.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
  return bytes;
}

inline Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

/// A safetensors file with that header text, correct or not.
inline Bytes safetensors(std::string_view header, const Bytes& data = {}) {
  return raw(std::vector<std::uint64_t>{header.size()}) + to_bytes(header) + data;
}

/// The text of the Error that `call` throws.
inline std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

/// The code of the Error that `call` throws; nothing when it throws none.
inline std::optional<ErrorCode> code_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

inline std::string load_error(const Bytes& bytes, const LoadOptions& options = {}) {
  return error_of([&] { static_cast<void>(load(bytes, "bad.safetensors", options)); });
}

inline ::testing::AssertionResult contains(const std::string& text, const std::string& part) {
  if (text.find(part) != text.npos) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "not found: " << part << "\nin: " << text;
}

/// The values 0.5, 1.0, 1.5, ... so that every element of every tensor differs, starting elsewhere
/// in each tensor; exact in float16 as long as there are few.
inline std::vector<float> ramp(std::size_t count, float start) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = start + 0.5F * static_cast<float>(i);
  return values;
}

/// The values of a weight of a layer; empty where there is none.
inline std::vector<float> weight(const ModelLayer& layer, std::string_view role) {
  const Tensor* tensor = find_weight(layer.weights, role);
  return tensor == nullptr ? std::vector<float>{} : tensor->to_float32();
}

/// Sets a weight to these float32 values.
inline void set_weight(ModelLayer& layer, const std::string& role,
                       const std::vector<std::int64_t>& shape, const std::vector<float>& values) {
  layer.weights.insert_or_assign(role, Tensor(shape, values));
}

/// The spec of a layer that must be recurrent.
inline RecurrentSpec& recurrent(ModelLayer& layer) { return std::get<RecurrentSpec>(layer.spec); }
inline const RecurrentSpec& recurrent(const ModelLayer& layer) {
  return std::get<RecurrentSpec>(layer.spec);
}

/// "embedding lstm.l0 fc"
inline std::string names_of(const Model& model) {
  std::string text;
  for (const std::string& name : layer_names(model)) text += (text.empty() ? "" : " ") + name;
  return text;
}

inline std::size_t product(const std::vector<std::int64_t>& shape) {
  std::size_t count = 1;
  for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
  return count;
}

struct TestTensor {
  std::string dtype;
  std::vector<std::int64_t> shape;
  Bytes data;
};

/// A state dict, laid out in the order of names, which is the canonical order when all are F32.
class StateDict {
 public:
  StateDict& add(const std::string& name, const std::vector<std::int64_t>& shape) {
    const auto start = static_cast<float>(tensors_.size());
    tensors_[name] = {"F32", shape, raw(ramp(product(shape), start))};
    return *this;
  }
  StateDict& add(const std::string& name, TestTensor tensor) {
    tensors_[name] = std::move(tensor);
    return *this;
  }
  StateDict& remove(const std::string& name) {
    EXPECT_EQ(tensors_.erase(name), 1U) << name;
    return *this;
  }
  StateDict& metadata(const std::string& json) {
    metadata_ = json;
    return *this;
  }

  [[nodiscard]] Bytes bytes() const {
    std::string header = "{";
    if (!metadata_.empty()) header += "\"__metadata__\":" + metadata_;
    Bytes data;
    for (const auto& [name, tensor] : tensors_) {
      if (header.size() > 1) header += ",";
      header += entry(name, tensor, data.size());
      data = data + tensor.data;
    }
    header += "}";
    while (header.size() % 8 != 0) header += " ";
    return safetensors(header, data);
  }

 private:
  static std::string entry(const std::string& name, const TestTensor& tensor, std::size_t begin) {
    std::string shape;
    for (const std::int64_t size : tensor.shape) {
      shape += (shape.empty() ? "" : ",") + std::to_string(size);
    }
    return "\"" + name + "\":{\"dtype\":\"" + tensor.dtype + "\",\"shape\":[" + shape +
           "],\"data_offsets\":[" + std::to_string(begin) + "," +
           std::to_string(begin + tensor.data.size()) + "]}";
  }

  std::map<std::string, TestTensor> tensors_;
  std::string metadata_;
};

struct DictOptions {
  std::string prefix = "lstm.";
  std::int64_t gates = 4;
  std::int64_t input = 3;
  std::int64_t hidden = 2;
  std::int64_t layers = 1;
  bool bidirectional = false;
  std::int64_t proj = 0;
  bool bias = true;
};

/// What PyTorch's LSTM (4 gates), GRU (3) or RNN (1) of these sizes has in its state_dict().
inline StateDict recurrent_dict(const DictOptions& o) {
  StateDict dict;
  const std::int64_t state = o.proj > 0 ? o.proj : o.hidden;
  std::int64_t input = o.input;
  for (std::int64_t k = 0; k < o.layers; ++k) {
    for (int d = 0; d < (o.bidirectional ? 2 : 1); ++d) {
      const std::string suffix = "_l" + std::to_string(k) + (d == 1 ? "_reverse" : "");
      dict.add(o.prefix + "weight_ih" + suffix, {o.gates * o.hidden, input});
      dict.add(o.prefix + "weight_hh" + suffix, {o.gates * o.hidden, state});
      if (o.bias) dict.add(o.prefix + "bias_ih" + suffix, {o.gates * o.hidden});
      if (o.bias) dict.add(o.prefix + "bias_hh" + suffix, {o.gates * o.hidden});
      if (o.proj > 0) dict.add(o.prefix + "weight_hr" + suffix, {o.proj, o.hidden});
    }
    input = state * (o.bidirectional ? 2 : 1);
  }
  return dict;
}

/// A folder of its own for each test, removed with all that is in it.
class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(std::filesystem::temp_directory_path() /
              ("carousel-loading-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::filesystem::path operator/(const std::string& name) const {
    return path_ / name;
  }
  /// The names of all that is in it.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& item : std::filesystem::directory_iterator(path_)) {
      found.push_back(item.path().filename().string());
    }
    return found;
  }

 private:
  std::filesystem::path path_;
};

inline void write_bytes(const std::filesystem::path& file, const Bytes& bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

inline Bytes read_bytes(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  return to_bytes(text);
}

}  // namespace carousel::testing
