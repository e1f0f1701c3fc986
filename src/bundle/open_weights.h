/// A checkpoint's weights: opening its file, and finding tensors in it whatever a training program called them.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/result.h"
#include "bundle/model_config.h"
#include "bundle/safetensors.h"

namespace winnow {

/// Opens `dir`/model.safetensors. Errors: kNotFound where it is missing, saying which weights of another form are there
/// and what to do with them; kUnsupported for a LoRA adapter, which is not a model by itself and would be ignored
/// beside one; SafetensorsFile::Open's.
Result<SafetensorsFile> OpenWeights(const std::filesystem::path& dir);

/// Fails with kUnsupported if `dir` holds a PEFT adapter.
Result<void> RefuseAdapter(const std::filesystem::path& dir);

/// Tensors by Hugging Face's names, found also under the names of NamesInFiles and within the wrappers of data-parallel
/// and compiled models, whose names stand in front of or between the parts of a tensor's name: "module.",
/// "_orig_mod.". Thread-safe.
class NamedTensors {
 public:
  /// `file` must outlive the object.
  NamedTensors(const SafetensorsFile& file, Architecture architecture);

  /// Returns the tensor that holds the weight `name`, or null.
  const TensorView* Find(const std::string& name) const;

 private:
  const SafetensorsFile& file_;
  Architecture architecture_;
  std::map<std::string, const TensorView*, std::less<>> unwrapped_;  // tensors that had a wrapper in their name
};

}  // namespace winnow
