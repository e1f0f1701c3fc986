#include "encoder/truncate_layers.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace winnow
