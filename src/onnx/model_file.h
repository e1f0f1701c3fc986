/// An ONNX model that is being written: the graph is a protobuf message in memory, and large tensors are made while
/// they are written, so that exporting takes the memory of one matrix whatever the size of the model.
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace winnow {

/// An initializer of the graph whose bytes (row-major, little-endian) come from a function, which may be called more
/// than once.
struct StreamedTensor {
  std::string name;
  int32_t data_type = onnx::TensorProto::FLOAT;  ///< element type: FLOAT or INT8
  std::vector<int64_t> dims;
  std::function<Result<void>(const FileSink&)> write = {};

  uint64_t bytes() const;
};

struct OnnxModel {
  onnx::ModelProto proto;  ///< the graph, without the initializers in `tensors`
  std::vector<StreamedTensor> tensors;
};

struct OnnxFileOptions {
  bool external_data = false;  ///< true if the tensors are in a separate file, which large models require
  /// Size above which the tensors are always in a separate file, since protobuf is limited to 2^31 bytes.
  uint64_t inline_limit = 2'000'000'000;
  /// Receives the number of added bytes; returning an error stops the writing.
  std::function<Result<void>(uint64_t bytes)> progress = {};
};

/// Returns the size of the model in one file.
uint64_t InlineBytes(const OnnxModel& model);

/// Writes `path` and, if the tensors are in a separate file, `path`.data, in which tensors begin at multiples of 4096
/// bytes, as onnx recommends for mapping. Each file appears only when it is complete, the data first; a data file of a
/// former export that is no longer used is removed. Returns the size of both files. Errors: kIo, kInternal for a tensor
/// whose number of bytes does not match its shape, and those of the tensors' functions.
Result<uint64_t> WriteOnnxModel(const std::filesystem::path& path, const OnnxModel& model,
                                const OnnxFileOptions& options);

}  // namespace winnow
