#include "encoder/truncate_layers.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bundle/weight_names.h"

namespace winnow {
namespace {

/// The layers of the larger model that become those of the smaller.
std::vector<int> EvenlySpaced(int count, int of) {
  std::vector<int> layers = {0};
  for (int l = 1; l < count; ++l) layers.push_back((l * (of - 1) + (count - 1) / 2) / (count - 1));
  return layers;
}

struct Choice {
  int64_t cost = std::numeric_limits<int64_t>::max();
  std::vector<int> layers{};
};

/// Returns the ascending layers nearest to `even` of which the first and every `interval`-th after it are global and
/// all others local; none if there are no such layers. The cost is the sum of the distances; without the last layer it
/// is above that of any choice with it.
Choice NearestAtInterval(const std::vector<bool>& local, const std::vector<int>& even, int interval) {
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  const size_t count = even.size(), of = local.size();
  // cost[l][s]: the least of a choice of l + 1 layers that ends with layer s; before[l][s]: the layer before s in it.
  std::vector<std::vector<int64_t>> cost(count, std::vector<int64_t>(of, kNone));
  std::vector<std::vector<size_t>> before(count, std::vector<size_t>(of));
  for (size_t l = 0; l < count; ++l) {
    int64_t least = l == 0 ? 0 : kNone;
    size_t least_at = 0;
    for (size_t s = 0; s < of; ++s) {
      if (l > 0 && s > 0 && cost[l - 1][s - 1] < least) {
        least = cost[l - 1][s - 1];
        least_at = s - 1;
      }
      if (least == kNone || local[s] != IsLocalAtInterval(l, interval)) continue;
      const bool lost = l > 0 && l + 1 == count && s + 1 != of;
      cost[l][s] = least + std::abs(static_cast<int64_t>(s) - even[l]) + (lost ? static_cast<int64_t>(count * of) : 0);
      before[l][s] = least_at;
    }
  }
  const auto end = std::ranges::min_element(cost.back());
  if (*end == kNone) return {};
  Choice choice{*end};
  for (size_t l = count, s = static_cast<size_t>(end - cost.back().begin()); l-- > 0; s = before[l][s])
    choice.layers.push_back(static_cast<int>(s));
  std::ranges::reverse(choice.layers);
  return choice;
}

std::vector<int> SourceLayers(const ModelConfig& config, int count) {
  const std::vector<int> even = EvenlySpaced(count, config.num_layers);
  Choice best{.layers = even};
  if (config.local_layers.empty() || count == config.num_layers) return even;
  for (int interval = 1; interval <= count; ++interval) {
    Choice choice = NearestAtInterval(config.local_layers, even, interval);
    if (choice.cost < best.cost) best = std::move(choice);
  }
  return best.layers;
}

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
  const std::vector<int> layers_of = SourceLayers(model.config(), num_layers);
  config.local_layers.clear();  // a layer stays local or global
  for (const int source : layers_of) {
    if (model.config().local_layers.empty()) break;
    config.local_layers.push_back(IsLocalLayer(model.config(), static_cast<size_t>(source)));
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
      name = layers + std::to_string(layers_of[static_cast<size_t>(layer)]) + name.substr(dot);
    }
    const WeightInfo& source = *sources.at(name);
    const bool words = source.offset < model.layout().matrices;
    const float* from = words ? model.words() + source.offset : model.at(source.offset);
    std::copy_n(from, weight.count, words ? cut.writable_words() + weight.offset : cut.at(weight.offset));
  }
  return cut;
}

}  // namespace winnow
