#include "encoder/model.h"

#include <gtest/gtest.h>

#include <limits>

#include "bundle/weight_names.h"
#include "support/temporary_directory.h"
#include "support/tiny_logits.h"
#include "support/tiny_model.h"

namespace winnow {
namespace {

/// The tensors of a model under other names; an empty new name leaves one out.
void SaveRenamed(const Model& model, const std::filesystem::path& dir,
                 const std::function<std::string(const std::string&)>& rename, const TensorView* extra = nullptr) {
  std::vector<TensorView> tensors;
  for (const WeightInfo& weight : model.layout().weights) {
    const float* values =
        weight.offset < model.layout().matrices ? model.words() + weight.offset : model.at(weight.offset);
    const std::string name = rename(weight.name);
    if (!name.empty()) tensors.push_back(ViewOf(name, weight.shape, {values, weight.count}));
  }
  if (extra != nullptr) tensors.push_back(*extra);
  ASSERT_TRUE(WriteSafetensors(dir / "model.safetensors", tensors));
}

std::string Without(std::string name, const std::string& part) {
  if (const size_t at = name.find(part); at != std::string::npos) name.erase(at, part.size());
  return name;
}

class ModelFiles : public ::testing::TestWithParam<Architecture> {
 protected:
  TemporaryDirectory directory_;
  ModelConfig config_ = TinyConfig(GetParam());
  Model model_ = Model::Fresh(config_, 7);
  const WeightNames& names_ = WeightNamesOf(GetParam());
  std::string prefix_{names_.prefix};
};

TEST_P(ModelFiles, ASavedModelLoadsWithEqualPredictions) {
  ASSERT_TRUE(model_.Save(directory_.path()));
  const auto expected = TinyLogits(model_);
  for (const bool writable : {false, true}) {
    const Model loaded = Model::Load(directory_.path(), config_, {.writable = writable}).value();
    EXPECT_EQ(TinyLogits(loaded), expected);
    EXPECT_TRUE(loaded.notes().empty());
  }
}

TEST_P(ModelFiles, NamesWithoutThePrefixAndBuffersLoad) {
  const std::vector<int64_t> positions(static_cast<size_t>(config_.max_positions), 3);
  const TensorView buffer{.name = "embeddings.position_ids",
                          .dtype = DType::kI64,
                          .shape = {1, config_.max_positions},
                          .data = std::as_bytes(std::span(positions))};
  SaveRenamed(
      model_, directory_.path(), [&](const std::string& name) { return Without(name, prefix_); }, &buffer);
  EXPECT_EQ(TinyLogits(Model::Load(directory_.path(), config_, {}).value()), TinyLogits(model_));
}

TEST_P(ModelFiles, ABaseModelGetsAHeadOnlyWhenAskedFor) {
  SaveRenamed(model_, directory_.path(),
              [&](const std::string& name) { return name.starts_with(names_.classifier) ? std::string() : name; });
  const auto refused = Model::Load(directory_.path(), config_, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidModel);
  EXPECT_NE(refused.error().message.find("base model without a classification head"), std::string::npos);
  const Model made = Model::Load(directory_.path(), config_, {.create_head = true, .seed = 1}).value();
  ASSERT_EQ(made.notes().size(), 1u);
  EXPECT_NE(made.notes()[0].find("'" + std::string(names_.classifier) + "'"), std::string::npos);
  EXPECT_EQ(TinyLogits(made),
            TinyLogits(Model::Load(directory_.path(), config_, {.create_head = true, .seed = 1}).value()));
  EXPECT_NE(TinyLogits(made),
            TinyLogits(Model::Load(directory_.path(), config_, {.create_head = true, .seed = 2}).value()));
}

TEST_P(ModelFiles, AHeadOfAnotherSizeIsReplacedOnlyWhenAskedFor) {
  ASSERT_TRUE(model_.Save(directory_.path()));
  ModelConfig ten = config_;
  ten.labels = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
  const auto refused = Model::Load(directory_.path(), ten, {.create_head = true});
  ASSERT_FALSE(refused);
  const std::string classifier(names_.classifier);
  EXPECT_NE(refused.error().message.find("tensor '" + classifier +
                                         ".weight' has shape [2, 24], but config.json has 10 labels"),
            std::string::npos)
      << refused.error().message;
  EXPECT_NE(refused.error().hint.find("--reinit-head"), std::string::npos);
  const Model replaced = Model::Load(directory_.path(), ten, {.reinit_head = true}).value();
  ASSERT_EQ(replaced.notes().size(), 1u);
  EXPECT_NE(
      replaced.notes()[0].find("with shape [2, 24] is replaced by a randomly initialized one with shape [10, 24]"),
      std::string::npos)
      << replaced.notes()[0];
}

TEST_P(ModelFiles, AMissingOrMisshapenTensorIsNamed) {
  const std::string victim = prefix_ + std::string(names_.layer) + "1." + std::string(names_.down) + ".weight";
  SaveRenamed(model_, directory_.path(),
              [&](const std::string& name) { return name == victim ? std::string() : name; });
  auto result = Model::Load(directory_.path(), config_, {});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find(victim), std::string::npos);

  ASSERT_TRUE(model_.Save(directory_.path()));
  ModelConfig wider = config_;
  wider.intermediate_size = 48;
  result = Model::Load(directory_.path(), wider, {});
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find("config.json requires"), std::string::npos) << result.error().message;
}

TEST_P(ModelFiles, NanAndInfinityAreRefusedByName) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const size_t index : {size_t{0}, size_t{5}, model_.layout().weights.size() - 1}) {
      Model broken = Model::Fresh(config_, 7);
      const WeightInfo& weight = broken.layout().weights[index];
      float* values =
          weight.offset < broken.layout().matrices ? broken.writable_words() + weight.offset : broken.at(weight.offset);
      values[weight.count - 1] = bad;
      ASSERT_TRUE(broken.Save(directory_.path()));
      for (const bool writable : {false, true}) {
        const auto result = Model::Load(directory_.path(), config_, {.writable = writable});
        ASSERT_FALSE(result);
        EXPECT_NE(result.error().message.find(weight.name), std::string::npos);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, ModelFiles, ::testing::ValuesIn(kEveryArchitecture));

TEST(ModelFilesOfBert, TensorFlowsNormNamesAndAMissingPoolerLoad) {
  TemporaryDirectory directory;
  const ModelConfig config = TinyConfig();
  const Model model = Model::Fresh(config, 7);
  SaveRenamed(model, directory.path(), [](std::string name) {
    if (name.starts_with("bert.pooler") || name.starts_with("classifier")) return std::string();
    for (const auto& [to, from] : {std::pair{"gamma", "LayerNorm.weight"}, {"beta", "LayerNorm.bias"}}) {
      if (const size_t at = name.find(from); at != std::string::npos)
        name.replace(at, std::string(from).size(), std::string("LayerNorm.") + to);
    }
    return name;
  });
  EXPECT_FALSE(Model::Load(directory.path(), config, {}));
  const Model loaded = Model::Load(directory.path(), config, {.create_head = true}).value();
  EXPECT_EQ(loaded.notes().size(), 2u);  // pooler and classifier
  const WeightInfo& gamma = loaded.layout().weights.back();
  EXPECT_EQ(gamma.name, "classifier.bias");
}

}  // namespace
}  // namespace winnow
