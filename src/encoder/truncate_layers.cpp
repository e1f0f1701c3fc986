#include "encoder/truncate_layers.h"

#include <algorithm>
#include <map>
#include <string>

#include "bundle/weight_names.h"

namespace winnow {
namespace {

/// The layer of the larger model that becomes layer `l` of `count`.
int SourceLayer(int l, int count, int of) { return count == 1 ? 0 : (l * (of - 1) + (count - 1) / 2) / (count - 1); }

}  // namespace

Result<Model> TruncateLayers(const Model& model, int num_layers) {
  const int of = model.config().num_layers;
  if (num_layers < 1 || num_layers > of) {
    return Fail(ErrorCode::kInvalidArgument, "--layers " + std::to_string(num_layers) +
                                                 " is out of range: the base model has " + std::to_string(of) +
                                                 " layers");
  }
  ModelConfig config = model.config();
  config.num_layers = num_layers;
  const bool shared = config.num_layer_groups > 0;  // then groups of layers are copied as they are
  if (num_layers < config.num_layer_groups) {
    return Fail(ErrorCode::kInvalidArgument,
                "--layers " + std::to_string(num_layers) + ": the base model has " +
                    std::to_string(config.num_layer_groups) +
                    " groups of layers with shared weights, and at least one layer per group must be kept",
                "pass --layers " + std::to_string(config.num_layer_groups) + " or more");
  }
  config.local_layers.clear();  // a layer stays local or global
  for (int l = 0; l < num_layers && !model.config().local_layers.empty(); ++l) {
    config.local_layers.push_back(IsLocalLayer(model.config(), static_cast<size_t>(SourceLayer(l, num_layers, of))));
  }
  Model cut = Model::Fresh(std::move(config), /*seed=*/0);
  const WeightNames& names = WeightNamesOf(model.config().architecture);
  const std::string layers = std::string(names.prefix) + std::string(names.layer);
  std::map<std::string, const WeightInfo*> sources;
  for (const WeightInfo& weight : model.layout().weights) sources[weight.name] = &weight;
  for (const WeightInfo& weight : cut.layout().weights) {
    std::string name = weight.name;
    if (!shared && name.starts_with(layers)) {
      const size_t dot = name.find('.', layers.size());
      const int layer = std::stoi(name.substr(layers.size(), dot - layers.size()));
      name = layers + std::to_string(SourceLayer(layer, num_layers, of)) + name.substr(dot);
    }
    const WeightInfo& source = *sources.at(name);
    const bool words = source.offset < model.layout().matrices;
    const float* from = words ? model.words() + source.offset : model.at(source.offset);
    std::copy_n(from, weight.count, words ? cut.writable_words() + weight.offset : cut.at(weight.offset));
  }
  return cut;
}

}  // namespace winnow
