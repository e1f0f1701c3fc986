#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "bundle/model_config.h"
#include "bundle/safetensors.h"
#include "support/shared.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(SafetensorsReal, TruncatedFileSaysSo) {
  REQUIRE_SHARED(path, "fixtures/truncated.safetensors");
  const auto file = SafetensorsFile::Open(path);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kInvalidModel);
  EXPECT_THAT(file.error().message, HasSubstr("the header describes"));
  EXPECT_THAT(file.error().hint, HasSubstr("incomplete"));
}

TEST(SafetensorsReal, MiniLmHoldsWhatItsConfigSays) {
  REQUIRE_SHARED(path, "models/all-MiniLM-L6-v2");
  const auto config = ReadModelConfig(path);
  ASSERT_TRUE(config) << config.error().Text();
  EXPECT_EQ(config->hidden_size, 384);
  EXPECT_EQ(config->num_layers, 6);
  EXPECT_TRUE(config->labels.empty());
  const auto file = SafetensorsFile::Open(path / "model.safetensors");
  ASSERT_TRUE(file) << file.error().Text();
  const TensorView* words = file->Find("embeddings.word_embeddings.weight");
  ASSERT_NE(words, nullptr);
  EXPECT_THAT(words->shape, ElementsAre(30522, 384));
  std::vector<float> values(static_cast<size_t>(words->count()));
  ASSERT_TRUE(CopyAsF32(*words, values));
  EXPECT_TRUE(std::ranges::all_of(values, [](float x) { return std::isfinite(x); }));
}

TEST(SafetensorsReal, FixtureConfigsAreRead) {
  REQUIRE_SHARED(path, "fixtures/encoders");
  const auto bert = ReadModelConfig(path / "bert");
  ASSERT_TRUE(bert) << bert.error().Text();
  EXPECT_THAT(bert->labels, ElementsAre("LABEL_0", "LABEL_1", "LABEL_2"));
  EXPECT_FALSE(bert->multi_label);
  EXPECT_TRUE(ReadModelConfig(path / "bert_multilabel")->multi_label);
  const auto distilbert = ReadModelConfig(path / "distilbert");
  ASSERT_TRUE(distilbert) << distilbert.error().Text();
  EXPECT_EQ(distilbert->architecture, Architecture::kDistilBert);
  EXPECT_EQ(distilbert->intermediate_size, 112);
  EXPECT_EQ(distilbert->type_vocab_size, 0);
  const auto deberta = ReadModelConfig(path / "deberta_v3");
  ASSERT_TRUE(deberta) << deberta.error().Text();
  EXPECT_EQ(deberta->architecture, Architecture::kDebertaV2);
  EXPECT_EQ(deberta->relative_span, 8);
  EXPECT_TRUE(deberta->share_position_weights);
  EXPECT_FALSE(ReadModelConfig(path / "deberta_v2_unshared")->share_position_weights);
  EXPECT_EQ(MaxTokens(ReadModelConfig(path / "roberta").value()), 38);
}

}  // namespace
}  // namespace winnow
