// SPDX-License-Identifier: Apache-2.0
// The entry of the plug-in execution provider: what ONNX Runtime looks up in this library.
// https://onnxruntime.ai/docs/execution-providers/plugin-ep-libraries.html
#include "options.hpp"
#include "ort.hpp"
#include "provider.hpp"

#include <memory>
#include <string>
#include <utility>

namespace carousel::onnxruntime {
namespace {

constexpr const char* kVendor = "Carousel";
constexpr std::uint32_t kOldest = 23;  // ONNX Runtime 1.23, the first with such libraries

/// Makes a provider for each session. It is called what the library was registered as.
class Factory : public OrtEpFactory {
 public:
  explicit Factory(std::string name) : OrtEpFactory{}, name_(std::move(name)) {
    ort_version_supported = ORT_API_VERSION;
    set_descriptions();
    set_devices();
    set_providers();
    set_what_cpu_memory_needs();
  }

 private:
  void set_descriptions() {
    GetName = [](const OrtEpFactory* self) noexcept {
      return static_cast<const Factory*>(self)->name_.c_str();
    };
    GetVendor = [](const OrtEpFactory*) noexcept { return kVendor; };
    GetVendorId = [](const OrtEpFactory*) noexcept { return std::uint32_t{0}; };
    GetVersion = [](const OrtEpFactory*) noexcept -> const char* { return CAROUSEL_VERSION; };
  }

  void set_devices() {
    GetSupportedDevices = [](OrtEpFactory* self, const OrtHardwareDevice* const* devices,
                             std::size_t count, OrtEpDevice** found, std::size_t most,
                             std::size_t* found_count) noexcept {
      return status_of([&] {
        *found_count = 0;
        for (std::size_t k = 0; k < count && *found_count < most; ++k) {
          if (Ort::ConstHardwareDevice(devices[k]).Type() != OrtHardwareDeviceType_CPU) continue;
          Ort::ThrowOnError(Ort::GetEpApi().CreateEpDevice(self, devices[k], nullptr, nullptr,
                                                           &found[*found_count]));
          ++*found_count;
        }
      });
    };
  }

  void set_providers() {
    CreateEp = [](OrtEpFactory* self, const OrtHardwareDevice* const*,
                  const OrtKeyValuePairs* const*, std::size_t, const OrtSessionOptions* session,
                  const OrtLogger* logger, OrtEp** made) noexcept {
      return status_of([&] {
        const std::string& name = static_cast<Factory*>(self)->name_;
        *made =
            std::make_unique<Provider>(name, provider_options(*session, name), *logger).release();
      });
    };
    ReleaseEp = [](OrtEpFactory*, OrtEp* provider) noexcept {
      delete static_cast<Provider*>(provider);
    };
  }

  /// All tensors are in the CPU's memory, which ONNX Runtime manages by itself.
  void set_what_cpu_memory_needs() {
    CreateAllocator = [](OrtEpFactory*, const OrtMemoryInfo*, const OrtKeyValuePairs*,
                         OrtAllocator** allocator) noexcept -> OrtStatus* {
      *allocator = nullptr;
      return nullptr;
    };
    ReleaseAllocator = [](OrtEpFactory*, OrtAllocator*) noexcept {};
    CreateDataTransfer = [](OrtEpFactory*, OrtDataTransferImpl** transfer) noexcept -> OrtStatus* {
      *transfer = nullptr;
      return nullptr;
    };
    IsStreamAware = [](const OrtEpFactory*) noexcept { return false; };
  }

  std::string name_;
};

}  // namespace
}  // namespace carousel::onnxruntime

extern "C" {

using namespace carousel::onnxruntime;

CAROUSEL_ONNXRUNTIME_EXPORT OrtStatus* CreateEpFactories(
    const char* registered_name, const OrtApiBase* base, const OrtLogger* /*default_logger*/,
    OrtEpFactory** factories, std::size_t max_factories, std::size_t* num_factories) {
  if (OrtStatus* too_old = take_api(*base, kOldest, "execution provider")) return too_old;
  return status_of([&] {
    *num_factories = 0;
    if (max_factories < 1) return;
    factories[0] = std::make_unique<Factory>(registered_name).release();
    *num_factories = 1;
  });
}

CAROUSEL_ONNXRUNTIME_EXPORT OrtStatus* ReleaseEpFactory(OrtEpFactory* factory) {
  delete static_cast<Factory*>(factory);
  return nullptr;
}

}  // extern "C"
