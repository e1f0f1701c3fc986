/// pytorch_model.bin: what torch.save writes of a state dict (name -> tensor). Both forms are read: the zip file of
/// PyTorch 1.6 and later (torch/serialization.py, _save: data.pkl beside data/<key> for each storage), and the sequence
/// of pickles before that (_legacy_save), in which many models of the hub still lie. The pickle is read as data, and
/// refused where it holds anything that tensors don't need: see pickle.h. Nothing in a file is ever executed.
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

/// Reads from memory, which must outlive the result. State dicts may lie one level down, under "state_dict", "model" or
/// "model_state_dict"; entries that are not tensors are skipped. All tensors together may take four times the file's
/// bytes (tied weights), no more. `where` opens the messages. Errors: kInvalidModel; kUnsupported for what is not
/// allowed in the pickle, big-endian files, and element types that safetensors has no name for.
Result<PyTorchContents> ParsePyTorch(std::span<const std::byte> bytes, std::string_view where);

/// A mapped file. Movable; views stay valid as long as it lives, also after a move. Thread-safe.
class PyTorchFile {
 public:
  /// Reads no weights, except those that don't lie row by row. Errors: kNotFound, kIo, and ParsePyTorch's.
  static Result<PyTorchFile> Open(const std::filesystem::path& path);

  std::span<const TensorView> tensors() const { return contents_.tensors; }

  /// Reads all weights. Errors: kInvalidModel where they are not those that the file's checksums say. The old form has
  /// no checksums.
  Result<void> CheckSums() const;

 private:
  std::filesystem::path path_;
  MappedFile file_;
  PyTorchContents contents_;
};

}  // namespace winnow
