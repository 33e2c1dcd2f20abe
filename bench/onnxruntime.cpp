// SPDX-License-Identifier: Apache-2.0
#include "onnxruntime.hpp"

#include "onnxruntime_session.hpp"
#include "quantized_onnx.hpp"

#include <carousel/error.hpp>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace carousel::bench {
namespace {

namespace fs = std::filesystem;
using ort::check;
using ort::Handle;

/// A folder of its own for the model file, gone with everything in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = fs::temp_directory_path() / "carousel-bench-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) {
      throw Error(ErrorCode::file_access,
                  name + ": cannot create: " + std::generic_category().message(errno));
    }
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const noexcept { return path_; }

 private:
  fs::path path_;
};

std::vector<std::byte> read(const fs::path& file) {
  std::vector<std::byte> bytes(fs::file_size(file));
  std::ifstream stream(file, std::ios::binary);
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!stream) throw Error(ErrorCode::file_access, file.string() + ": cannot be read");
  return bytes;
}

void write(const fs::path& file, const std::vector<std::byte>& bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  if (!stream.flush()) throw Error(ErrorCode::file_access, file.string() + ": cannot be written");
}

Handle<OrtSession> open_session(const Model& model, int threads, Precision precision) {
  if (precision != Precision::float32 && precision != Precision::int8) {
    throw Error(ErrorCode::unsupported,
                "ONNX Runtime has no LSTM in " + std::string(name(precision)) + " on CPUs");
  }
  const TemporaryFolder folder;
  const fs::path file = folder.path() / "model.onnx";
  save_onnx(model, file);
  if (precision == Precision::int8) write(file, quantized_onnx(read(file)));
  return ort::open_session(file, threads);
}

/// A tensor [steps, batch, size] that stays where it is.
Handle<OrtValue> tensor(const Shape& shape, std::int64_t size, const float* values) {
  const OrtApi& api = ort::api();
  const auto memory =
      ort::make<OrtMemoryInfo>(api.CreateCpuMemoryInfo, OrtArenaAllocator, OrtMemTypeDefault);
  const std::array sizes{shape.steps, shape.batch, size};
  const auto bytes = static_cast<std::size_t>(shape.steps * shape.batch * size) * sizeof(float);
  // It takes inputs as void* too, but does not write to them.
  return ort::make<OrtValue>(api.CreateTensorWithDataAsOrtValue, memory.get(),
                             const_cast<float*>(values), bytes, sizes.data(), sizes.size(),
                             ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT);
}

class OnnxRuntimeRunner : public Runner {
 public:
  OnnxRuntimeRunner(const Work& work, int threads, Precision precision)
      : Runner(work),
        session_(open_session(work.model, threads, precision)),
        input_(tensor(work.shape, work.model.input_size(), work.x.data())),
        output_(tensor(work.shape, work.model.output_size(), y_.data())) {}

  void run(std::span<const std::int64_t> lengths) override {
    if (!lengths.empty())
      throw Error(ErrorCode::unsupported, "onnxruntime: only whole sequences are measured");
    constexpr const char* kInput = "x";
    constexpr const char* kOutput = "y";
    const OrtValue* input = input_.get();
    OrtValue* output = output_.get();
    check(ort::api().Run(session_.get(), nullptr, &kInput, &input, 1, &kOutput, 1, &output));
  }

  [[nodiscard]] std::string resolved() const override { return kOnnxRuntime; }

 private:
  Handle<OrtSession> session_;
  Handle<OrtValue> input_;
  Handle<OrtValue> output_;
};

}  // namespace

std::string onnxruntime_version() { return ort::version(); }

std::unique_ptr<Runner> onnxruntime_runner(const Work& work, int threads, Precision precision) {
  return std::make_unique<OnnxRuntimeRunner>(work, threads, precision);
}

}  // namespace carousel::bench
