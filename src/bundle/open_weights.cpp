#include "bundle/open_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "base/files.h"
#include "base/json.h"
#include "bundle/convert.h"
#include "bundle/weight_names.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr char kAdapterConfig[] = "adapter_config.json";

/// torch.nn.DataParallel and DistributedDataParallel, torch.compile, FullyShardedDataParallel, and its checkpointing.
constexpr std::array<std::string_view, 4> kWrappers = {"module", "_orig_mod", "_fsdp_wrapped_module",
                                                       "_checkpoint_wrapped_module"};

/// Weights that other frameworks wrote.
constexpr std::array<std::string_view, 4> kForeignWeights = {"tf_model.h5", "flax_model.msgpack", "model.ckpt.index",
                                                             "model.gguf"};

/// Where optimum, transformers.js and Winnow put the ONNX files of a model.
constexpr std::array<std::string_view, 4> kOnnxFiles = {"model.onnx", "model_quantized.onnx", "onnx/model.onnx",
                                                        "onnx/model_quantized.onnx"};

/// The name without wrappers: "module.bert._orig_mod.pooler" is "bert.pooler".
std::string Unwrapped(std::string_view name) {
  std::string kept;
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    if (std::ranges::find(kWrappers, part) == kWrappers.end()) {
      if (!kept.empty()) kept += '.';
      kept += part;
    }
    begin = end + 1;
  }
  return kept;
}

/// What a PEFT adapter says of itself; texts are empty where it says nothing.
struct Adapter {
  std::string type, base_model;
};

std::optional<Adapter> FindAdapter(const fs::path& dir) {
  const bool weights = Exists(dir / "adapter_model.safetensors") || Exists(dir / "adapter_model.bin");
  if (!weights && !Exists(dir / kAdapterConfig)) return std::nullopt;
  Adapter adapter;
  const Result<std::string> text = ReadFile(dir / kAdapterConfig);
  if (!text) return adapter;
  const Result<Json> json = ParseJson(*text, kAdapterConfig, ErrorCode::kInvalidModel);
  if (!json || !json->is_object()) return adapter;
  const auto text_of = [&](const char* key) {
    const Json* value = json->Find(key);
    return value != nullptr && value->is_string() ? value->str() : std::string();
  };
  adapter.type = text_of("peft_type");
  adapter.base_model = text_of("base_model_name_or_path");
  return adapter;
}

/// Returns true for names of the tensors that PEFT adds inside a model: LoRA and its kin, whose weights apply to those
/// of a layer, and the layer's own under another name.
bool IsAdapterTensor(std::string_view name) {
  constexpr std::array<std::string_view, 9> kParts = {"lora_", "ia3_",  "hada_",      "oft_",           "boft_",
                                                      "vera_", "lokr_", "base_layer", "modules_to_save"};
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view part = name.substr(begin, end - begin);
    if (std::ranges::any_of(kParts, [&](std::string_view start) { return part.starts_with(start); })) return true;
    begin = end + 1;
  }
  return false;
}

/// Errors: kUnsupported for an adapter that was saved inside the model and not merged into its weights.
Result<void> RefuseUnmerged(const SafetensorsFile& file, const fs::path& path) {
  const auto found = std::ranges::find_if(file.tensors(), IsAdapterTensor, &TensorView::name);
  if (found == file.tensors().end()) return {};
  return Fail(
      ErrorCode::kUnsupported,
      fmt::format("{}: the tensor '{}' belongs to an adapter that is not merged into the weights, and would not "
                  "be applied",
                  path.string(), found->name),
      "merge the adapter where the model was trained, in Python: "
      "model.merge_and_unload().save_pretrained('MERGED'), and copy the tokenizer's files to MERGED");
}

}  // namespace

Result<void> RefuseAdapter(const fs::path& dir) {
  const std::optional<Adapter> adapter = FindAdapter(dir);
  if (!adapter) return {};
  const bool lora = adapter->type.empty() || adapter->type == "LORA";
  const std::string of = adapter->base_model.empty() ? "" : fmt::format(" for '{}'", adapter->base_model);
  const std::string merge = fmt::format(
      "in Python: peft.AutoPeftModelForSequenceClassification.from_pretrained('{}', num_labels=N).merge_and_unload()"
      ".save_pretrained('MERGED'), and copy the tokenizer's files to MERGED",
      dir.string());
  if (Exists(dir / kWeightsFile)) {
    return Fail(
        ErrorCode::kUnsupported,
        fmt::format("{}: next to {} there is a {} adapter{}, which is not applied", dir.string(), kWeightsFile,
                    lora ? "LoRA" : adapter->type, of),
        "if it is merged already, remove adapter_config.json and adapter_model.*; otherwise merge it, " + merge);
  }
  return Fail(
      ErrorCode::kUnsupported,
      fmt::format("{}: this is a {} adapter{}, not a whole model", dir.string(), lora ? "LoRA" : adapter->type, of),
      "merge it into its base model first, " + merge);
}

Result<SafetensorsFile> OpenWeights(const fs::path& dir) {
  TRY(RefuseAdapter(dir));
  const fs::path path = dir / kWeightsFile;
  if (Exists(path)) {
    SafetensorsFile file = TRY(SafetensorsFile::Open(path));
    TRY(RefuseUnmerged(file, path));
    return file;
  }
  const auto missing = [&](const std::string& found, std::string hint) {
    return Fail(ErrorCode::kNotFound, fmt::format("{}: no such file; {}", path.string(), found), std::move(hint));
  };
  if (const std::optional<std::string> entry = WeightsEntry(dir)) {
    const bool several = entry->ends_with(".index.json");
    return missing(several ? fmt::format("the weights are in several files ({})", *entry)
                           : fmt::format("the weights are in {}", *entry),
                   fmt::format("create {} from them: winnow pull {}", kWeightsFile, dir.string()));
  }
  for (const std::string_view name : kForeignWeights) {
    if (!Exists(dir / name)) continue;
    return missing(fmt::format("the weights are in {}, which is not PyTorch's format", name),
                   "load the model with the transformers release that wrote it, and save it with "
                   "save_pretrained(..., safe_serialization=True)");
  }
  for (const std::string_view name : kOnnxFiles) {
    if (!Exists(dir / name)) continue;
    return missing(fmt::format("the weights of {} are not read", name),
                   "specify the directory that the ONNX file was exported from, which has config.json and "
                   "model.safetensors");
  }
  return missing("the directory has no weights", "download the complete model again, or specify another directory");
}

NamedTensors::NamedTensors(const SafetensorsFile& file, Architecture architecture)
    : file_(file), architecture_(architecture) {
  for (const TensorView& tensor : file.tensors()) {
    std::string name = Unwrapped(tensor.name);
    if (name != tensor.name) unwrapped_.emplace(std::move(name), &tensor);
  }
}

const TensorView* NamedTensors::Find(const std::string& name) const {
  const std::vector<std::string> names = NamesInFiles(architecture_, name);
  for (const std::string& candidate : names) {
    if (const TensorView* tensor = file_.Find(candidate)) return tensor;
  }
  for (const std::string& candidate : names) {
    if (const auto found = unwrapped_.find(candidate); found != unwrapped_.end()) return found->second;
  }
  return nullptr;
}

}  // namespace winnow
