// A protobuf message is the sequence of its fields, in any order, each a tag (field number and wire type) and a value;
// a message or bytes inside it are a length and as many bytes (protobuf.dev/programming-guides/encoding). So the file
//   model without its graph | tag, length of graph | graph without the large tensors | tag, length, tensor | ...
// reads as the one message that has it all, and a tensor is in turn its description | tag, length of raw_data | bytes.
#include "onnx/model_file.h"

#include <fmt/format.h>

namespace winnow {
namespace {

constexpr uint64_t kAlignment = 4096;

/// Tag and length of a field that has a length.
std::string FieldHead(int number, uint64_t length) {
  std::string head;
  const auto put = [&](uint64_t value) {
    for (; value >= 0x80; value >>= 7) head += static_cast<char>((value & 0x7f) | 0x80);
    head += static_cast<char>(value);
  };
  put(static_cast<uint64_t>(number) << 3 | 2);
  put(length);
  return head;
}

std::span<const std::byte> Bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

onnx::TensorProto DescriptionOf(const StreamedTensor& tensor) {
  onnx::TensorProto description;
  for (const int64_t dim : tensor.dims) description.add_dims(dim);
  description.set_data_type(tensor.data_type);
  description.set_name(tensor.name);
  return description;
}

/// What stands before a tensor's bytes in the file, from the initializer's tag on.
std::string TensorHead(const StreamedTensor& tensor) {
  const std::string description = DescriptionOf(tensor).SerializeAsString();
  const std::string raw = FieldHead(onnx::TensorProto::kRawDataFieldNumber, tensor.bytes());
  return FieldHead(onnx::GraphProto::kInitializerFieldNumber, description.size() + raw.size() + tensor.bytes()) +
         description + raw;
}

/// Writes a tensor's bytes, and sees to it that they are as many as its shape says: else the file would be torn.
Result<void> WriteTensor(const StreamedTensor& tensor, const FileSink& sink, const OnnxFileOptions& options) {
  uint64_t written = 0;
  TRY(tensor.write([&](std::span<const std::byte> bytes) -> Result<void> {
    written += bytes.size();
    TRY(sink(bytes));
    return options.progress ? options.progress(bytes.size()) : Result<void>();
  }));
  if (written == tensor.bytes()) return {};
  return Fail(ErrorCode::kInternal,
              fmt::format("internal error: wrote {} bytes of tensor {}, but its shape requires {}", written,
                          tensor.name, tensor.bytes()));
}

/// What stands before the large tensors in a single file. `graph_bytes` are those of the whole graph.
std::string InlineHead(const OnnxModel& model, uint64_t graph_bytes) {
  onnx::ModelProto outer = model.proto;
  outer.clear_graph();
  return outer.SerializeAsString() + FieldHead(onnx::ModelProto::kGraphFieldNumber, graph_bytes) +
         model.proto.graph().SerializeAsString();
}

uint64_t GraphBytes(const OnnxModel& model) {
  uint64_t bytes = model.proto.graph().ByteSizeLong();
  for (const StreamedTensor& tensor : model.tensors) bytes += TensorHead(tensor).size() + tensor.bytes();
  return bytes;
}

Result<void> WriteInline(const OnnxModel& model, const FileSink& sink, const OnnxFileOptions& options) {
  TRY(sink(Bytes(InlineHead(model, GraphBytes(model)))));
  for (const StreamedTensor& tensor : model.tensors) {
    TRY(sink(Bytes(TensorHead(tensor))));
    TRY(WriteTensor(tensor, sink, options));
  }
  return {};
}

/// Describes where each tensor lies in the data file; returns the file's size.
uint64_t PlaceExternally(const OnnxModel& model, const std::string& location, onnx::ModelProto& proto) {
  uint64_t end = 0;
  for (const StreamedTensor& tensor : model.tensors) {
    const uint64_t offset = (end + kAlignment - 1) / kAlignment * kAlignment;
    end = offset + tensor.bytes();
    onnx::TensorProto& described = *proto.mutable_graph()->add_initializer();
    described = DescriptionOf(tensor);
    described.set_data_location(onnx::TensorProto::EXTERNAL);
    const auto entry = [&](const char* key, const std::string& value) {
      onnx::StringStringEntryProto& added = *described.add_external_data();
      added.set_key(key);
      added.set_value(value);
    };
    entry("location", location);
    entry("offset", std::to_string(offset));
    entry("length", std::to_string(tensor.bytes()));
  }
  return end;
}

Result<void> WriteData(const OnnxModel& model, const FileSink& sink, const OnnxFileOptions& options) {
  uint64_t end = 0;
  for (const StreamedTensor& tensor : model.tensors) {
    const uint64_t offset = (end + kAlignment - 1) / kAlignment * kAlignment;
    TRY(sink(Bytes(std::string(offset - end, '\0'))));
    TRY(WriteTensor(tensor, sink, options));
    end = offset + tensor.bytes();
  }
  return {};
}

}  // namespace

uint64_t StreamedTensor::bytes() const {
  uint64_t count = data_type == onnx::TensorProto::INT8 ? 1 : sizeof(float);
  for (const int64_t dim : dims) count *= static_cast<uint64_t>(dim);
  return count;
}

uint64_t InlineBytes(const OnnxModel& model) {
  const uint64_t graph = GraphBytes(model);
  return InlineHead(model, graph).size() + (graph - model.proto.graph().ByteSizeLong());
}

Result<uint64_t> WriteOnnxModel(const std::filesystem::path& path, const OnnxModel& model,
                                const OnnxFileOptions& options) {
  std::filesystem::path data = path;
  data += ".data";
  if (const uint64_t bytes = InlineBytes(model); !options.external_data && bytes <= options.inline_limit) {
    TRY(WriteFileAtomically(path, [&](const FileSink& sink) { return WriteInline(model, sink, options); }));
    std::error_code ignored;
    std::filesystem::remove(data, ignored);
    return bytes;
  }
  onnx::ModelProto proto = model.proto;
  const uint64_t data_bytes = PlaceExternally(model, data.filename().string(), proto);
  TRY(WriteFileAtomically(data, [&](const FileSink& sink) { return WriteData(model, sink, options); }));
  const std::string text = proto.SerializeAsString();
  TRY(WriteFileAtomically(path, text));
  return data_bytes + text.size();
}

}  // namespace winnow
