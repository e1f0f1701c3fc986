/// Models of tools/encoder_cases.py: their weights are made from their names.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "encoder/batch.h"
#include "encoder/model.h"
#include "support/named_numbers.h"
#include "support/source_directory.h"

namespace winnow {

/// The values of weight() in tools/encoder_cases.py.
inline std::vector<float> NamedWeight(const WeightInfo& weight) {
  std::vector<float> values = NamedNumbers(weight.name, weight.count);
  const float middle = weight.shape.size() == 1 && weight.name.ends_with(".weight") ? 1.0f : 0.0f;
  for (float& value : values) value = value * 0.35f + middle;
  return values;
}

/// A file of tests/goldens, with the model and the texts that it was made of.
struct NamedModel {
  Json golden;
  ModelConfig config;
  Model model;
  PackedBatch batch;
};

/// `name`: of the file, such as "encoders/albert".
inline NamedModel ReadNamedModel(const std::string& name) {
  const auto path = SourceDirectory() / "tests" / "goldens" / (name + ".json");
  Json golden = ParsedJson(ReadFile(path).value());
  const ModelConfig config = ParseModelConfig(golden["config"].dump(), name).value();
  Model model = Model::Fresh(config, 1);
  for (const WeightInfo& weight : model.layout().weights) {
    float* to = weight.offset < model.layout().matrices ? model.writable_words() : model.at(weight.offset);
    std::ranges::copy(NamedWeight(weight), to);
  }
  PackedBatch batch;
  for (const auto& ids : golden["input_ids"]) batch.Append(ids.get<std::vector<int32_t>>());
  return {std::move(golden), config, std::move(model), std::move(batch)};
}

}  // namespace winnow
