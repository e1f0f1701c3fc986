/// Tensors in a file, as huggingface/safetensors defines them: 8 bytes of header length (little-endian), a JSON header
/// {"name": {"dtype", "shape", "data_offsets": [begin, end]}, "__metadata__": {string: string}}, then the data, which
/// the tensors cover without gaps or overlaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace winnow {

enum class DType { kF64, kF32, kF16, kBF16, kF8E4M3, kF8E5M2, kI64, kI32, kI16, kI8, kU64, kU32, kU16, kU8, kBool };

/// Returns the size of one element in bytes.
size_t SizeOf(DType dtype);
/// Returns the name of an element type in safetensors: "F32".
std::string_view NameOf(DType dtype);

/// One tensor, row-major, little-endian. Owns only its name: `data` points into the file or the caller's memory, and
/// may be unaligned.
struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;

  /// Returns the number of elements: the product of the shape, 1 for a scalar.
  int64_t count() const;
};

/// Returns the shape as text: "[2, 768]".
std::string ShapeText(std::span<const int64_t> shape);

/// The parsed contents of a file. Every length, offset and shape has been checked against the size of the file.
struct SafetensorsContents {
  std::vector<TensorView> tensors;  ///< tensors in the order of their data
  std::map<std::string, std::string> metadata;
};

/// Reads a safetensors file from memory, which must outlive the result. `where` is the beginning of error messages.
/// Errors: kInvalidModel; kUnsupported for an element type that DType does not have.
Result<SafetensorsContents> ParseSafetensors(std::span<const std::byte> bytes, std::string_view where);

/// A mapped safetensors file. Movable; views stay valid during its lifetime, also after a move. Thread-safe.
class SafetensorsFile {
 public:
  /// Opens a file and reads only its header, which takes microseconds whatever the size of the file. Errors: kNotFound,
  /// kIo, and ParseSafetensors'.
  static Result<SafetensorsFile> Open(const std::filesystem::path& path);

  /// Returns the tensor with that name, or null.
  const TensorView* Find(std::string_view name) const;
  std::span<const TensorView> tensors() const { return contents_.tensors; }
  const std::map<std::string, std::string>& metadata() const { return contents_.metadata; }
  /// Checks that the file is as it was when it was opened (base/mapped_memory.h); to be called after tensors were read.
  /// Errors: kIo.
  Result<void> CheckFile() const;
  /// Releases the memory of pages that were read, for use after tensors were copied. Tensors that are used again are
  /// read from the file again.
  void ReleaseMemory() const { file_.ReleaseMemory(); }

 private:
  MappedFile file_;
  SafetensorsContents contents_;
  std::vector<size_t> by_name_;  // indices into contents_.tensors
};

/// Writes a safetensors file atomically (a reader sees the old or the new file). Like the reference implementation,
/// orders the data by decreasing element size, then by name, so that every tensor is aligned; equal tensors give equal
/// bytes. Errors: kInvalidArgument if names repeat or a shape disagrees with its data; kIo.
Result<void> WriteSafetensors(const std::filesystem::path& path, std::span<const TensorView> tensors,
                              const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

/// Returns a view of floats in the caller's memory, which can be passed to WriteSafetensors.
TensorView ViewOf(std::string name, std::vector<int64_t> shape, std::span<const float> values);

/// Converts F32, F16, BF16 or F64 into `out`, which must hold `tensor.count()` floats. NaN and infinities are copied as
/// they are. Errors: kInvalidModel for other element types, kInternal for a wrong size of `out`.
Result<void> CopyAsF32(const TensorView& tensor, std::span<float> out);

}  // namespace winnow
