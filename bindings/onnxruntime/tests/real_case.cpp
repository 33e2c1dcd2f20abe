// SPDX-License-Identifier: Apache-2.0
#include "real_case.hpp"

#include <carousel/npy.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <functional>
#include <numeric>
#include <span>

namespace carousel::onnxruntime_test {
namespace {

namespace fs = std::filesystem;
using Shape = std::vector<std::int64_t>;

/// Names of inputs as they stand in names of files.
std::string file_name(std::string name) {
  std::ranges::replace_if(
      name,
      [](char letter) {
        return std::isalnum(static_cast<unsigned char>(letter)) == 0 && letter != '.' &&
               letter != '_' && letter != '-';
      },
      '_');
  return name;
}

/// Part `part` of `parts` equal ones of an array.
template <class T>
Ort::Value part_of(const NpyArray& array, const Shape& shape, std::size_t part, std::size_t parts) {
  return std::visit(
      [&](const auto& values) {
        const std::size_t count = values.size() / parts;
        const auto first = values.begin() + static_cast<std::ptrdiff_t>(part * count);
        std::vector<T> converted;
        std::transform(first, first + static_cast<std::ptrdiff_t>(count),
                       std::back_inserter(converted),
                       [](auto value) { return static_cast<T>(value); });
        return make_tensor<T>(shape, converted);
      },
      array.values);
}

Ort::Value part_as(ONNXTensorElementDataType type, const NpyArray& array, const Shape& shape,
                   std::size_t part, std::size_t parts) {
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64) {
    return part_of<std::int64_t>(array, shape, part, parts);
  }
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32) {
    return part_of<std::int32_t>(array, shape, part, parts);
  }
  return part_of<float>(array, shape, part, parts);
}

Ort::Value copy_of(const Ort::Value& tensor) {
  return make_tensor<float>(tensor.GetTensorTypeAndShapeInfo().GetShape(), floats(tensor));
}

}  // namespace

void RealCase::add_input(const fs::path& file, const std::string& name,
                         ONNXTensorElementDataType type, bool in_calls) {
  const NpyArray array = read_npy(file);
  Shape shape = array.shape;
  if (in_calls) {
    calls_.resize(static_cast<std::size_t>(shape.front()));
    shape.erase(shape.begin());
  }
  for (std::size_t call = 0; call < calls_.size(); ++call) {
    calls_[call].emplace(name, part_as(type, array, shape, call, calls_.size()));
  }
}

void RealCase::add_other(const std::string& name, const Ort::ConstTensorTypeAndShapeInfo& info,
                         const std::map<std::string, double>& fixed) {
  Shape shape = info.GetShape();
  std::ranges::replace(shape, -1, 1);
  const auto given = fixed.find(name);
  for (Tensors& call : calls_) {
    if (given != fixed.end()) {
      call.emplace(name, make_tensor<std::int64_t>(
                             shape, std::vector{static_cast<std::int64_t>(given->second)}));
    } else if (&call == calls_.data()) {
      const auto count =
          std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
      call.emplace(name,
                   make_tensor<float>(shape, std::vector<float>(static_cast<std::size_t>(count))));
    }
  }
}

RealCase::RealCase(const fs::path& folder) {
  const bool in_calls = fs::exists(folder / "calls.json");
  std::map<std::string, double> fixed;
  if (in_calls) {
    const nlohmann::json calls = nlohmann::json::parse(read_file(folder / "calls.json"));
    carried_ = calls.at("carry").get<std::map<std::string, std::string>>();
    fixed = calls.value("set", fixed);
  }
  Ort::Session session = open_session(folder / "model.onnx");
  const std::vector<std::string> names = session.GetInputNames();
  // The inputs that have files say how many calls there are.
  for (const bool from_files : {true, false}) {
    for (std::size_t k = 0; k < names.size(); ++k) {
      const fs::path file = folder / ("input_" + file_name(names[k]) + ".npy");
      if (fs::exists(file) != from_files) continue;
      const Ort::TypeInfo type = session.GetInputTypeInfo(k);
      const auto info = type.GetTensorTypeAndShapeInfo();
      if (from_files) {
        add_input(file, names[k], info.GetElementType(), in_calls);
      } else {
        add_other(names[k], info, fixed);
      }
    }
  }
}

std::vector<Tensors> RealCase::run(Ort::Session& session) {
  std::vector<Tensors> outputs;
  for (std::size_t call = 0; call < calls_.size(); ++call) {
    if (call > 0) {
      for (const auto& [output, input] : carried_) {
        calls_[call].insert_or_assign(input, copy_of(outputs.back().at(output)));
      }
    }
    outputs.push_back(run_session(session, calls_[call]));
  }
  return outputs;
}

}  // namespace carousel::onnxruntime_test
