// SPDX-License-Identifier: Apache-2.0
// ONNX Runtime on the file of a whole network.
#include "onnxruntime.hpp"
#include "onnxruntime_session.hpp"

#include <timing.hpp>

#include <algorithm>
#include <numeric>

namespace carousel::bench {
namespace {

using ort::check;
using ort::Handle;

using Shape = std::vector<std::int64_t>;

std::int64_t count_of(const Shape& shape) {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

/// A tensor whose elements stay where they are. It takes inputs as void* too, but does not write to
/// them.
template <class T>
Handle<OrtValue> tensor(const T* values, const Shape& shape, ONNXTensorElementDataType type) {
  const OrtApi& api = ort::api();
  const auto memory =
      ort::make<OrtMemoryInfo>(api.CreateCpuMemoryInfo, OrtArenaAllocator, OrtMemTypeDefault);
  return ort::make<OrtValue>(
      api.CreateTensorWithDataAsOrtValue, memory.get(), const_cast<T*>(values),
      static_cast<std::size_t>(count_of(shape)) * sizeof(T), shape.data(), shape.size(), type);
}

/// The tensor of one call.
Handle<OrtValue> tensor_of(const NpyArray& array, std::int64_t call) {
  const Shape shape(array.shape.begin() + 1, array.shape.end());
  const std::int64_t offset = call * count_of(shape);
  if (array.is_integer()) {
    return tensor(array.integers("").data() + offset, shape, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64);
  }
  return tensor(array.floats("").data() + offset, shape, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
}

std::string take_name(OrtAllocator* allocator, char* name) {
  std::string text = name;
  check(ort::api().AllocatorFree(allocator, name));
  return text;
}

OrtAllocator* allocator() {
  OrtAllocator* allocator = nullptr;
  check(ort::api().GetAllocatorWithDefaultOptions(&allocator));
  return allocator;
}

class OnnxRuntimeNetwork final : public NetworkSubject {
 public:
  explicit OnnxRuntimeNetwork(const NetworkCase& network)
      : network_(network), session_(ort::open_session(network.file, 1)) {
    find_names();
    for (const cli::GivenArray& given : network_.arrays) {
      Given& one = given_.emplace_back();
      one.input = index_of(input_names_, given.file.name);
      for (std::int64_t call = 0; call < network_.calls(); ++call) {
        one.tensors.push_back(tensor_of(given.array, call));
        one.values.push_back(one.tensors.back().get());
      }
    }
    for (const auto& [name, value] : network_.values) set(name, value);
    for (const cli::Carry& carry : network_.carry) begin_carried(carry);
  }

  double run() override {
    double seconds = 0;
    for (std::size_t call = 0; call < given_.front().values.size(); ++call) {
      for (const Given& one : given_) inputs_[one.input] = one.values[call];
      const double start = cli::now();
      call_once();
      seconds += cli::now() - start;
      // The output becomes the input of the next call, and its memory takes the next output.
      for (const auto& [output, input] : carried_) std::swap(outputs_[output], inputs_[input]);
    }
    return seconds;
  }

  [[nodiscard]] std::string resolved() const override { return kOnnxRuntime; }

  ~OnnxRuntimeNetwork() override {
    // What the first call allocated; the places of carried tensors may hold those of `owned_`.
    for (OrtValue* value : made_) ort::api().ReleaseValue(value);
  }
  OnnxRuntimeNetwork(const OnnxRuntimeNetwork&) = delete;
  OnnxRuntimeNetwork& operator=(const OnnxRuntimeNetwork&) = delete;

 private:
  /// An input with a tensor for each call.
  struct Given {
    std::size_t input = 0;
    std::vector<Handle<OrtValue>> tensors;
    std::vector<OrtValue*> values;
  };

  void find_names() {
    const OrtApi& api = ort::api();
    std::size_t count = 0;
    char* name = nullptr;
    check(api.SessionGetInputCount(session_.get(), &count));
    for (std::size_t k = 0; k < count; ++k) {
      check(api.SessionGetInputName(session_.get(), k, allocator(), &name));
      input_names_.push_back(take_name(allocator(), name));
    }
    check(api.SessionGetOutputCount(session_.get(), &count));
    for (std::size_t k = 0; k < count; ++k) {
      check(api.SessionGetOutputName(session_.get(), k, allocator(), &name));
      output_names_.push_back(take_name(allocator(), name));
    }
    for (const std::string& each : input_names_) input_pointers_.push_back(each.c_str());
    for (const std::string& each : output_names_) output_pointers_.push_back(each.c_str());
    inputs_.resize(input_names_.size());
    outputs_.resize(output_names_.size());
  }

  [[nodiscard]] std::size_t index_of(const std::vector<std::string>& names,
                                     const std::string& name) const {
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    throw Error(ErrorCode::invalid_argument,
                network_.file.string() + ": ONNX Runtime knows no input or output '" + name + "'");
  }

  /// An input that is fixed: a whole number without axes, as sample rates are.
  void set(const std::string& name, double value) {
    const auto& kept =
        fixed_.emplace_back(std::make_unique<std::int64_t>(static_cast<std::int64_t>(value)));
    inputs_[index_of(input_names_, name)] =
        owned_.emplace_back(tensor(kept.get(), {}, ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64)).get();
  }

  /// The first call is given zeros.
  void begin_carried(const cli::Carry& carry) {
    const std::size_t input = index_of(input_names_, carry.input);
    const auto shape = network_.carried_shapes.find(carry.input);
    if (shape == network_.carried_shapes.end()) {
      throw Error(ErrorCode::bad_format,
                  carry.what + ": state_shapes has no shape of '" + carry.input + "'");
    }
    const auto& zeros =
        zeros_.emplace_back(static_cast<std::size_t>(count_of(shape->second)), 0.0F);
    inputs_[input] =
        owned_
            .emplace_back(tensor(zeros.data(), shape->second, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT))
            .get();
    carried_.emplace_back(index_of(output_names_, carry.output), input);
  }

  /// ONNX Runtime allocates the outputs of the first call; later ones write there.
  void call_once() {
    const bool first = made_.empty();
    check(ort::api().Run(session_.get(), nullptr, input_pointers_.data(), inputs_.data(),
                         inputs_.size(), output_pointers_.data(), outputs_.size(),
                         outputs_.data()));
    if (first) made_ = outputs_;
  }

  const NetworkCase& network_;
  Handle<OrtSession> session_;
  std::vector<std::string> input_names_, output_names_;
  std::vector<const char*> input_pointers_, output_pointers_;
  std::vector<Given> given_;
  std::vector<std::unique_ptr<std::int64_t>> fixed_;
  std::vector<std::vector<float>> zeros_;
  std::vector<Handle<OrtValue>> owned_;
  std::vector<OrtValue*> made_;
  std::vector<OrtValue*> inputs_;   ///< Per input of the session; not owned.
  std::vector<OrtValue*> outputs_;  ///< Per output of the session; not owned.
  std::vector<std::pair<std::size_t, std::size_t>> carried_;  ///< Output and input.
};

}  // namespace

std::unique_ptr<NetworkSubject> onnxruntime_network(const NetworkCase& network) {
  return std::make_unique<OnnxRuntimeNetwork>(network);
}

}  // namespace carousel::bench
