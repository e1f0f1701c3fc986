#include "encoder/truncate_layers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "support/tiny_logits.h"
#include "support/tiny_model.h"

namespace winnow {
namespace {

TEST(TruncateLayers, OfAllLayersIsTheModelItself) {
  for (const Architecture architecture : kEveryArchitecture) {
    const Model model = Model::Fresh(TinyConfig(architecture), 3);
    EXPECT_EQ(AllWeights(TruncateLayers(model, 3).value()), AllWeights(model));
  }
}

TEST(TruncateLayers, TakesEvenlySpacedLayersWithTheFirstAndTheLast) {
  ModelConfig config = TinyConfig();
  config.num_layers = 6;
  Model model = Model::Fresh(config, 3);
  for (size_t l = 0; l < 6; ++l) model.at(model.layout().layers[l].out_bias)[0] = static_cast<float>(l);
  const std::vector<std::vector<float>> expected = {{0}, {0, 5}, {0, 3, 5}, {0, 2, 3, 5}, {0, 1, 3, 4, 5}};
  for (const auto& layers : expected) {
    const Model cut = TruncateLayers(model, static_cast<int>(layers.size())).value();
    EXPECT_EQ(cut.config().num_layers, static_cast<int>(layers.size()));
    for (size_t l = 0; l < layers.size(); ++l) {
      EXPECT_EQ(cut.at(cut.layout().layers[l].out_bias)[0], layers[l]) << layers.size() << " layers";
    }
    EXPECT_NE(TinyLogits(cut), TinyLogits(model));
  }
  EXPECT_FALSE(TruncateLayers(model, 0));
  EXPECT_FALSE(TruncateLayers(model, 7));
}

/// A ModernBERT whose layers can be told apart.
class ModernBertLayers {
 public:
  explicit ModernBertLayers(const std::vector<bool>& local_layers) : model_(Model::Fresh(Config(local_layers), 3)) {
    for (size_t l = 0; l < local_layers.size(); ++l)
      model_.at(model_.layout().layers[l].out)[0] = static_cast<float>(l);
  }

  /// The layers that a smaller model is made of, each of its former kind, and the interval of the global ones.
  std::pair<std::vector<int>, std::optional<int>> Cut(int num_layers) const {
    const Model cut = TruncateLayers(model_, num_layers).value();
    EXPECT_EQ(cut.config().num_layers, num_layers);
    EXPECT_EQ(cut.config().local_layers.size(), static_cast<size_t>(num_layers));
    std::vector<int> sources;
    for (size_t l = 0; l < cut.layout().layers.size(); ++l) {
      sources.push_back(static_cast<int>(cut.at(cut.layout().layers[l].out)[0]));
      EXPECT_EQ(IsLocalLayer(cut.config(), l), IsLocalLayer(model_.config(), static_cast<size_t>(sources.back())));
    }
    return {sources, GlobalLayerInterval(cut.config().local_layers)};
  }

 private:
  static ModelConfig Config(const std::vector<bool>& local_layers) {
    ModelConfig config = TinyConfig(Architecture::kModernBert);
    config.num_layers = static_cast<int>(local_layers.size());
    config.local_layers = local_layers;
    return config;
  }

  Model model_;
};

TEST(TruncateLayers, GlobalLayersOfAModernBertFollowAnInterval) {
  std::vector<bool> local_layers;
  for (size_t l = 0; l < 22; ++l) local_layers.push_back(IsLocalAtInterval(l, 3));
  const ModernBertLayers base(local_layers);
  for (int count = 1; count <= 22; ++count) {
    const auto [layers, interval] = base.Cut(count);
    EXPECT_TRUE(interval) << count;
    EXPECT_EQ(layers.front(), 0) << count;
    EXPECT_EQ(std::ranges::adjacent_find(layers, std::greater_equal<>()), layers.end()) << count;
    // With so many layers, those that end with the last one follow no interval.
    const bool without_last = count == 1 || count == 17 || count == 18 || count == 20 || count == 21;
    EXPECT_EQ(layers.back() != 21, without_last) << count;
  }
  using Layers = std::vector<int>;
  EXPECT_EQ(base.Cut(4), std::pair(Layers({0, 7, 14, 21}), std::optional(3)));
  EXPECT_EQ(base.Cut(6), std::pair(Layers({0, 4, 8, 13, 17, 21}), std::optional(5)));
  // Evenly spaced, 3 and 18 would be global beside local ones.
  EXPECT_EQ(base.Cut(7), std::pair(Layers({0, 4, 7, 11, 14, 17, 21}), std::optional(6)));
}

TEST(TruncateLayers, AreEvenlySpacedWhereGlobalLayersFollowNoInterval) {
  const auto [layers, interval] = ModernBertLayers({true, true, false, true, false, false}).Cut(4);
  EXPECT_EQ(layers, (std::vector<int>{0, 2, 3, 5}));
  EXPECT_FALSE(interval);
}

}  // namespace
}  // namespace winnow
