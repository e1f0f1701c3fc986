#include "encoder/model.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <span>

#include "base/mapped_memory.h"
#include "base/random.h"
#include "bundle/open_weights.h"
#include "bundle/weight_names.h"
#include "kernels/vector_ops.h"

namespace winnow {
namespace {

constexpr char kDifferentModels[] =
    "config.json and the weights must belong to the same model: copy or download both again";

Error MissingTensor(const std::filesystem::path& dir, const WeightInfo& weight, const ModelConfig& config) {
  const std::string what = (dir / "model.safetensors").string() + ": no tensor '" + weight.name + "'";
  if (weight.head) {
    return {ErrorCode::kInvalidModel, what + ", so this is a base model without a classification head",
            "fine-tune it first: winnow train DATA --base-model " + dir.string()};
  }
  return {ErrorCode::kInvalidModel, what,
          "config.json describes a " + std::string(ModelTypeOf(config.architecture)) + " of " +
              std::to_string(config.num_layers) + " layers; " + kDifferentModels};
}

/// Checks that the tensor of a weight, which may be null, is one to load, or that the weight is one to make.
Result<void> CheckTensor(const std::filesystem::path& dir, const WeightInfo& weight, const TensorView* tensor,
                         const ModelConfig& config, const Model::LoadOptions& options) {
  if (tensor == nullptr) {
    if (weight.head && (options.create_head || options.reinit_head)) return {};
    return std::unexpected(MissingTensor(dir, weight, config));
  }
  if (tensor->shape == weight.shape || (weight.head && options.reinit_head)) return {};
  const bool classifier = weight.head && !weight.optional;
  const std::string expected =
      classifier && !weight.shape.empty() && weight.name.starts_with(WeightNamesOf(config.architecture).classifier)
          ? ", but config.json has " + std::to_string(config.labels.size()) + " labels"
          : ", but config.json requires " + ShapeText(weight.shape);
  return Fail(
      ErrorCode::kInvalidModel,
      (dir / "model.safetensors").string() + ": tensor '" + tensor->name + "' has shape " + ShapeText(tensor->shape) +
          expected,
      classifier ? "this looks like a pretrained head; pass --reinit-head to train a new one" : kDifferentModels);
}

/// Checks that the values of a tensor are finite: a part at a time, after which what was read of the file need not
/// stay, since token embeddings can be a gigabyte.
Result<void> RequireFinite(std::span<const float> values, const TensorView& tensor, const std::filesystem::path& path,
                           const SafetensorsFile& file) {
  constexpr size_t kPart = 1 << 24;
  bool finite = true;
  for (size_t begin = 0; begin < values.size(); begin += kPart) {
    finite = finite && AllFinite(std::min(kPart, values.size() - begin), values.data() + begin);
    if (values.size() >= kPart / 16) file.ReleaseMemory();
  }
  if (finite) return {};
  return Fail(ErrorCode::kInvalidModel, path.string() + ": tensor '" + tensor.name + "' holds NaN or infinite values",
              "the file is damaged, or its training diverged; download it again");
}

}  // namespace

float* Model::Place(const WeightInfo& weight) {
  return weight.offset < layout_.matrices ? words_memory_.data() + weight.offset : at(weight.offset);
}

void Model::Initialize(const WeightInfo& weight, uint64_t seed) {
  float* values = Place(weight);
  if (weight.init != WeightInfo::Init::kNormal) {
    std::fill_n(values, weight.count, weight.init == WeightInfo::Init::kOne ? 1.0f : 0.0f);
    return;
  }
  // One generator a weight, so that a head gets the same values whatever else is made fresh.
  Random random(seed, weight.name);
  for (size_t i = 0; i < weight.count; ++i) {
    values[i] = static_cast<float>(random.Normal() * static_cast<double>(config_.initializer_range));
  }
}

Model Model::Fresh(ModelConfig config, uint64_t seed) {
  Model model(std::move(config));
  model.words_memory_.Resize(model.layout_.matrices);
  model.words_memory_.Zero();
  model.words_ = model.words_memory_.data();
  model.rest_.Resize(model.layout_.total - model.layout_.matrices);
  model.rest_.Zero();
  for (const WeightInfo& weight : model.layout_.weights) model.Initialize(weight, seed);
  return model;
}

Result<const float*> Model::Read(const WeightInfo& weight, const TensorView& tensor,
                                 const std::shared_ptr<const SafetensorsFile>& file, bool writable) {
  if (weight.offset == layout_.words) {
    const bool map = !writable && tensor.dtype == DType::kF32 &&
                     reinterpret_cast<uintptr_t>(tensor.data.data()) % alignof(float) == 0;
    if (map) {
      file_ = file;
      return words_ = reinterpret_cast<const float*>(tensor.data.data());
    }
    words_memory_.Resize(layout_.matrices);
    words_memory_.Zero();
    words_ = words_memory_.data();
  }
  TRY(CopyAsF32(tensor, {Place(weight), weight.count}));
  return Place(weight);
}

Result<Model> Model::Load(const std::filesystem::path& dir, ModelConfig config, const LoadOptions& options) {
  const std::filesystem::path path = dir / "model.safetensors";
  auto file = std::make_shared<const SafetensorsFile>(TRY(OpenWeights(dir)));
  const NamedTensors tensors(*file, config.architecture);
  Model model(std::move(config));
  // All of them before memory is taken: config.json may claim a thousand layers, or any number of labels.
  for (const WeightInfo& weight : model.layout_.weights) {
    TRY(CheckTensor(dir, weight, tensors.Find(weight.name), model.config_, options));
  }
  model.rest_.Resize(model.layout_.total - model.layout_.matrices);
  model.rest_.Zero();  // the padding between weights
  std::set<std::string> fresh;
  for (const WeightInfo& weight : model.layout_.weights) {
    const TensorView* tensor = tensors.Find(weight.name);
    if (tensor == nullptr) {
      model.Initialize(weight, options.seed);
      fresh.insert(weight.name.substr(0, weight.name.rfind('.')));
      continue;
    }
    if (tensor->shape != weight.shape) {
      model.Initialize(weight, options.seed);
      if (weight.name.ends_with(".weight")) {
        model.notes_.push_back("--reinit-head: '" + weight.name.substr(0, weight.name.rfind('.')) + "' with shape " +
                               ShapeText(tensor->shape) + " is replaced by a randomly initialized one with shape " +
                               ShapeText(weight.shape) + ", which must be trained");
      }
      continue;
    }
    const float* values = TRY(model.Read(weight, *tensor, file, options.writable));
    TRY(RequireFinite({values, weight.count}, *tensor, path, *file));
  }
  TRY(file->CheckFile());
  for (const std::string& name : fresh)
    model.notes_.push_back("'" + name +
                           "' is missing in the base model: it is initialized randomly and must be trained");
  return model;
}

Result<void> Model::CheckFile() const { return CheckMapped(words_); }

Result<void> Model::Save(const std::filesystem::path& dir) const {
  std::vector<TensorView> tensors;
  for (const WeightInfo& weight : layout_.weights) {
    const float* values = weight.offset < layout_.matrices ? words_ + weight.offset : at(weight.offset);
    tensors.push_back(ViewOf(weight.name, weight.shape, {values, weight.count}));
  }
  TRY(WriteSafetensors(dir / "model.safetensors", tensors));
  return CheckFile();
}

}  // namespace winnow
