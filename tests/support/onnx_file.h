/// ONNX files and the values in them, for tests of exports.
#pragma once

#include <gtest/gtest.h>
#include <onnx/checker.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace winnow {

inline onnx::ModelProto ReadOnnxFile(const std::filesystem::path& path) {
  onnx::ModelProto model;
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(model.ParseFromIstream(&file)) << path;
  return model;
}

inline const onnx::TensorProto* FindTensor(const onnx::ModelProto& model, const std::string& name) {
  for (const onnx::TensorProto& tensor : model.graph().initializer()) {
    if (tensor.name() == name) return &tensor;
  }
  ADD_FAILURE() << "no initializer " << name;
  return &onnx::TensorProto::default_instance();
}

template <typename T>
std::vector<T> ValuesOf(const onnx::ModelProto& model, const std::string& name) {
  const std::string& raw = FindTensor(model, name)->raw_data();
  std::vector<T> values(raw.size() / sizeof(T));
  std::memcpy(values.data(), raw.data(), values.size() * sizeof(T));
  return values;
}

}  // namespace winnow
