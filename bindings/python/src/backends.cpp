// SPDX-License-Identifier: Apache-2.0
#include "bindings.hpp"
#include "results.hpp"

#include <carousel/backend.hpp>
#include <carousel/cpu.hpp>

#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>
#include <string>
#include <vector>

namespace carousel::python {
namespace {

using namespace py::literals;

Support availability(const BackendEntry& entry) {
  if (entry.backend == nullptr) return Support::no(std::string(entry.missing_reason));
  return entry.backend->available(cpu());
}

py::object info_of(const BackendEntry& entry) {
  const Support support = availability(entry);
  const bool there = entry.backend != nullptr;
  return made("hardware", "BackendInfo", "name"_a = std::string(entry.name),
              "available"_a = support.ok, "reason"_a = support.reason,
              "description"_a = there ? entry.backend->description() : std::string(),
              "version"_a = there ? entry.backend->version() : std::string(),
              "plugin"_a = std::string(entry.plugin));
}

py::object cpu_info() {
  const CpuFeatures& features = cpu();
  return made("hardware", "Cpu", "vendor"_a = features.vendor, "brand"_a = features.brand,
              "features"_a = features.names(), "l1d_bytes"_a = features.l1d_bytes,
              "l2_bytes"_a = features.l2_bytes, "l3_bytes"_a = features.l3_bytes);
}

py::list backend_infos() {
  py::list list;
  for (const BackendEntry& entry : backends()) list.append(info_of(entry));
  return list;
}

std::vector<std::string> selected(const std::string& choice) {
  std::vector<std::string> ids;
  for (const Backend* backend : select_backends(choice)) ids.push_back(backend->id());
  return ids;
}

}  // namespace

void bind_backends(py::module_& module) {
  module.def("cpu", cpu_info);
  module.def("backend_infos", backend_infos);
  module.def("select_backends", selected, "choice"_a);
  module.def(
      "load_plugin", [](const std::filesystem::path& path) { return load_plugin(path).id(); },
      "path"_a,
      "Loads the plug-in in a shared library, for good, and returns its backend's name. "
      "`path` is absolute.");
}

}  // namespace carousel::python
