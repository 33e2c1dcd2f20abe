// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <onnx_schema.pb.h>
#include <string>
#include <vector>

/// Adds an attribute to a node of ONNX's schema.
namespace carousel::onnxruntime {

void add_attribute(onnx_schema::NodeProto& node, const std::string& name, std::int64_t value);
void add_attribute(onnx_schema::NodeProto& node, const std::string& name, float value);
void add_attribute(onnx_schema::NodeProto& node, const std::string& name, const std::string& value);
void add_attribute(onnx_schema::NodeProto& node, const std::string& name,
                   const std::vector<float>& values);
void add_attribute(onnx_schema::NodeProto& node, const std::string& name,
                   const std::vector<std::string>& values);

}  // namespace carousel::onnxruntime
