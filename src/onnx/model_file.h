/// An ONNX model on its way to disk: the graph is a protobuf message in memory, the large tensors are made while they
/// are written, so that exporting takes the memory of one matrix whatever the model's size.
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

/// An initializer of the graph whose bytes (row-major, little-endian) come from a function. It may be called again.
struct StreamedTensor {
  std::string name;
  int32_t data_type = onnx::TensorProto::FLOAT;  ///< FLOAT or INT8
  std::vector<int64_t> dims;
  std::function<Result<void>(const FileSink&)> write = {};

  uint64_t bytes() const;
};

struct OnnxModel {
  onnx::ModelProto proto;  ///< without the initializers below
  std::vector<StreamedTensor> tensors;
};

struct OnnxFileOptions {
  bool external_data = false;             ///< the tensors in a file of their own, as large models must have them
  uint64_t inline_limit = 2'000'000'000;  ///< a larger model has them there always: protobuf ends at 2^31 bytes
  std::function<Result<void>(uint64_t bytes)> progress = {};  ///< told how many bytes have been added; an error stops
};

/// The size of the model in one file.
uint64_t InlineBytes(const OnnxModel& model);

/// Writes `path`, and beside it `path`.data where the tensors go there: a tensor begins at a multiple of 4096 bytes, as
/// onnx recommends for mapping. Both appear whole or not at all, the data first; a data file that a former export left
/// and that is of no use any more is removed. Returns the bytes of both. Errors: kIo, kInternal for a tensor that gives
/// another number of bytes than its shape says, and those of the tensors' functions.
Result<uint64_t> WriteOnnxModel(const std::filesystem::path& path, const OnnxModel& model,
                                const OnnxFileOptions& options);

}  // namespace winnow
