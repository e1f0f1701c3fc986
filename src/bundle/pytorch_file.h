/// pytorch_model.bin: a state dict (name -> tensor) as written by torch.save. Two formats are read: the zip file of
/// PyTorch 1.6 and later (torch/serialization.py, _save: data.pkl beside data/<key> for each storage), and the earlier
/// sequence of pickles (_legacy_save), which many models of the hub still have. The pickle is read as data, and refused
/// if it contains anything that tensors do not need: see pickle.h. Nothing in a file is ever executed.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "bundle/safetensors.h"
#include "bundle/stored_zip.h"

namespace winnow {

/// The parsed contents of a file. Every offset, shape and stride has been checked against the size of the file.
struct PyTorchContents {
  std::vector<TensorView> tensors;                   ///< tensors ordered by name; tied tensors share their data
  std::vector<std::unique_ptr<std::byte[]>> copies;  ///< copies of tensors that are not stored row by row
  std::vector<StoredEntry> storages;                 ///< storages of the tensors; empty for the legacy format
};

/// Reads a state dict from memory, which must outlive the result. The state dict may be one level down, under
/// "state_dict", "model" or "model_state_dict"; entries that are not tensors are skipped. All tensors together may have
/// at most four times the bytes of the file (tied weights). `where` is the beginning of error messages. Errors:
/// kInvalidModel; kUnsupported for a pickle with a global that is not allowed, big-endian files, and element types that
/// safetensors does not have.
Result<PyTorchContents> ParsePyTorch(std::span<const std::byte> bytes, std::string_view where);

/// A mapped pytorch_model.bin. Movable; views stay valid during its lifetime, also after a move. Thread-safe.
class PyTorchFile {
 public:
  /// Opens a file without reading weights, except those that are not stored row by row. Errors: kNotFound, kIo, and
  /// ParsePyTorch's.
  static Result<PyTorchFile> Open(const std::filesystem::path& path);

  std::span<const TensorView> tensors() const { return contents_.tensors; }

  /// Compares all weights with the checksums in the file. The format before PyTorch 1.6 has no checksums. Errors:
  /// kInvalidModel if a checksum differs.
  Result<void> CheckSums() const;
  /// Checks that the file is as it was when it was opened (base/mapped_memory.h); to be called after tensors were read.
  /// Errors: kIo.
  Result<void> CheckFile() const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  PyTorchContents contents_;
};

}  // namespace winnow
