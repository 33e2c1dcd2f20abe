// SPDX-License-Identifier: Apache-2.0
#pragma once

#define ORT_API_MANUAL_INIT
#include <cstdint>
#include <filesystem>
#include <map>
#include <onnxruntime_cxx_api.h>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>
#undef ORT_API_MANUAL_INIT

/// Sessions of ONNX Runtime with Carousel's execution provider, with its custom operators, and
/// without either.
namespace carousel::onnxruntime_test {

/// What the library of the execution provider is registered as, once and a second time.
inline constexpr const char* kProvider = "CarouselExecutionProvider";
inline constexpr const char* kSecondProvider = "SecondCarousel";

using Options = std::map<std::string, std::string>;

/// The execution providers of a session, in order, with their options; ONNX Runtime's own comes
/// last and is not named.
using Providers = std::vector<std::pair<std::string, Options>>;
inline const Providers kWithout{};
inline const Providers kWith{{kProvider, {}}};

/// What a session does besides.
struct SessionSettings {
  Providers providers = kWithout;
  bool only_providers = false;  ///< A node that is left to ONNX Runtime is an error.
  /// The options of Carousel's custom operators; nothing: they are not registered.
  std::optional<Options> custom_operators{};
  std::string profile{};  ///< Prefix of the file with what ran where; empty: none.
};

/// A way in which Carousel runs the recurrent nodes of a session.
struct Way {
  std::string name;
  SessionSettings settings;
  /// The same with one more option of Carousel.
  [[nodiscard]] SessionSettings with(const std::string& option, const std::string& value) const;
};
inline void PrintTo(const Way& way, std::ostream* stream) { *stream << way.name; }
/// The two ways in.
[[nodiscard]] const std::vector<Way>& ways();
/// These, and each with the option cross_check.
[[nodiscard]] const std::vector<Way>& ways_with_cross_check();

/// What `work` throws; empty where it does not.
template <class Work>
[[nodiscard]] std::string error_of(const Work& work) {
  try {
    work();
    return {};
  } catch (const Ort::Exception& error) {
    return error.what();
  }
}

/// The model of a file, or of the bytes of one; one thread. Throws Ort::Exception.
[[nodiscard]] Ort::Session open_session(const std::filesystem::path& file,
                                        const SessionSettings& settings = {});
[[nodiscard]] Ort::Session open_session(const std::string& bytes,
                                        const SessionSettings& settings = {});

/// Tensors by name.
using Tensors = std::map<std::string, Ort::Value>;

/// ONNX Runtime's own, of which it is the first use.
[[nodiscard]] OrtAllocator* allocator();

template <class T>
[[nodiscard]] Ort::Value make_tensor(const std::vector<std::int64_t>& shape,
                                     std::span<const T> values) {
  Ort::Value tensor = Ort::Value::CreateTensor<T>(allocator(), shape.data(), shape.size());
  std::copy(values.begin(), values.end(), tensor.GetTensorMutableData<T>());
  return tensor;
}

/// All outputs, by name.
[[nodiscard]] Tensors run_session(Ort::Session& session, const Tensors& inputs);

/// Elements of a float32 tensor.
[[nodiscard]] std::span<const float> floats(const Ort::Value& tensor);

/// The largest difference of two sets of float32 tensors, relative to the largest value where that
/// is beyond 1; infinite where names or shapes differ or something is not a number.
[[nodiscard]] double largest_difference(const Tensors& a, const Tensors& b);

/// Whether two sets of tensors are equal, number by number.
[[nodiscard]] bool same_bits(const Tensors& a, const Tensors& b);

/// Which nodes ran in a run, by what a profile says of it.
struct RunNodes {
  int claimed = 0;    ///< By the execution provider.
  int recurrent = 0;  ///< LSTM, GRU and RNN by ONNX Runtime itself.
  int others = 0;     ///< What else ONNX Runtime ran.
};
[[nodiscard]] RunNodes run_nodes(const std::string& model_bytes, const Providers& providers,
                                 const Tensors& inputs);

/// The bytes of a file.
[[nodiscard]] std::string read_file(const std::filesystem::path& file);

}  // namespace carousel::onnxruntime_test
