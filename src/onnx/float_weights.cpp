#include "onnx/float_weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/path_error.h"
#include "bundle/model_config.h"
#include "bundle/open_weights.h"
#include "bundle/safetensors.h"
#include "bundle/weight_names.h"
#include "onnx/weight_tensors.h"

namespace winnow {

Result<uint64_t> WriteFloatWeights(const std::filesystem::path& bundle, const std::filesystem::path& target,
                                   std::span<const double> temperatures) {
  const ModelConfig config = TRY(ReadModelConfig(bundle));
  const SafetensorsFile file = TRY(OpenWeights(bundle));
  const NamedTensors named(file, config.architecture);
  std::vector<TensorView> tensors(file.tensors().begin(), file.tensors().end());
  std::array<std::vector<float>, 2> divided;  // outlive the views of them
  for (size_t part = 0; part < divided.size() && !temperatures.empty(); ++part) {
    const std::string name =
        std::string(WeightNamesOf(config.architecture).classifier) + (part == 0 ? ".weight" : ".bias");
    const TensorView* const tensor = named.Find(name);
    if (tensor == nullptr || tensor->shape.empty() || tensor->shape[0] != static_cast<int64_t>(temperatures.size())) {
      return Fail(ErrorCode::kInvalidModel,
                  fmt::format("{}: there is no tensor '{}' with a row for each of the {} labels",
                              (bundle / "model.safetensors").string(), name, temperatures.size()),
                  "config.json and the weights must belong to the same model: copy or download both again");
    }
    std::vector<float>& values = divided[part];
    values.resize(static_cast<size_t>(tensor->count()));
    TRY(CopyAsF32(*tensor, values));
    TRY(DivideRows(values, temperatures));
    *std::ranges::find(tensors, tensor->name, &TensorView::name) = ViewOf(tensor->name, tensor->shape, values);
  }
  const std::filesystem::path path = target / "model.safetensors";
  TRY(WriteSafetensors(path, tensors));
  TRY(file.CheckFile());
  std::error_code error;
  const uint64_t bytes = std::filesystem::file_size(path, error);
  if (error) return std::unexpected(PathError(path, error));
  return bytes;
}

}  // namespace winnow
