#include "onnx/weight_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bundle/weight_names.h"

namespace winnow {
Weight::Weight(std::shared_ptr<const SafetensorsFile> file, const TensorView* tensor, std::string where)
    : file_(std::move(file)), tensor_(tensor), where_(std::move(where)) {
  const auto count = static_cast<size_t>(tensor_->count());
  if (tensor_->shape.size() > 1) rows_ = static_cast<size_t>(tensor_->shape[0]);
  columns_ = rows_ == 0 ? 0 : count / rows_;
}

Result<void> Weight::Read(size_t first_row, std::span<float> out) const {
  const size_t bytes = columns_ * SizeOf(tensor_->dtype);
  const size_t rows = columns_ == 0 ? 0 : out.size() / columns_;
  const TensorView part{tensor_->name,
                        tensor_->dtype,
                        {static_cast<int64_t>(rows), static_cast<int64_t>(columns_)},
                        tensor_->data.subspan(first_row * bytes, rows * bytes)};
  TRY(CopyAsF32(part, out));
  TRY(file_->CheckFile());
  if (std::ranges::all_of(out, [](float value) { return std::isfinite(value); })) return {};
  return Fail(ErrorCode::kInvalidModel, fmt::format("{}: holds NaN or infinite values", where_),
              "the file is damaged, or its training diverged; download it again");
}

Result<std::vector<float>> Weight::ReadAll() const {
  std::vector<float> values(rows_ * columns_);
  TRY(Read(0, values));
  return values;
}

Result<WeightFile> WeightFile::Open(const std::filesystem::path& dir, const ModelConfig& config) {
  WeightFile checkpoint;
  const std::filesystem::path path = dir / "model.safetensors";
  checkpoint.dir_ = dir;
  checkpoint.where_ = path.string();
  checkpoint.architecture_ = config.architecture;
  checkpoint.prefix_ = std::string(WeightNamesOf(config.architecture).prefix);
  checkpoint.model_ = fmt::format("a {} of {} layers", ModelTypeOf(config.architecture), config.num_layers);
  checkpoint.file_ = std::make_shared<const SafetensorsFile>(TRY(OpenWeights(dir)));
  checkpoint.tensors_ = std::make_shared<const NamedTensors>(*checkpoint.file_, config.architecture);
  return checkpoint;
}

Result<Weight> WeightFile::Encoder(const std::string& name, const std::vector<int64_t>& shape) const {
  return Find(prefix_ + name, shape, /*head=*/false);
}

Result<Weight> WeightFile::Head(const std::string& name, const std::vector<int64_t>& shape) const {
  return Find(name, shape, /*head=*/true);
}

Result<Weight> WeightFile::Find(const std::string& name, const std::vector<int64_t>& shape, bool head) const {
  const TensorView* tensor = tensors_->Find(name);
  if (tensor == nullptr && head) {
    return Fail(ErrorCode::kInvalidModel,
                fmt::format("{}: no tensor '{}', so this is a base model without a classification head", where_, name),
                fmt::format("fine-tune it first: winnow train DATA --base-model {}", dir_.string()));
  }
  if (tensor == nullptr) {
    return Fail(
        ErrorCode::kInvalidModel, fmt::format("{}: no tensor '{}'", where_, name),
        fmt::format(
            "config.json describes {}; config.json and the weights must belong to the same model: copy or download "
            "both again",
            model_));
  }
  if (tensor->shape != shape) {
    const std::string expected = name.starts_with(std::string(WeightNamesOf(architecture_).classifier) + ".")
                                     ? fmt::format("config.json has {} labels", shape.front())
                                     : fmt::format("config.json requires {}", ShapeText(shape));
    return Fail(
        ErrorCode::kInvalidModel,
        fmt::format("{}: tensor '{}' has shape {}, but {}", where_, tensor->name, ShapeText(tensor->shape), expected),
        "config.json and the weights must belong to the same model: copy or download both again");
  }
  return Weight(file_, tensor, fmt::format("{}: tensor '{}'", where_, tensor->name));
}

}  // namespace winnow
