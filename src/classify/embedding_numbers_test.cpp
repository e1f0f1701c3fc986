// Embeddings of tiny models of each family against those of transformers and PyTorch: tools/make_embedding_goldens.py.
#include <gtest/gtest.h>

#include <cmath>

#include "classify/embedding.h"
#include "encoder/forward.h"
#include "encoder/quantized_forward.h"
#include "support/named_model.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

/// Compares the embeddings of means [texts, hidden] with the golden's.
void ExpectEmbeddings(std::span<float> means, const Json& expected, double least_cosine, double bound) {
  const size_t size = means.size() / expected.size();
  for (size_t t = 0; t < expected.size(); ++t) {
    const std::span<float> embedding = means.subspan(t * size, size);
    Normalize(embedding);
    double cosine = 0;
    for (size_t i = 0; i < size; ++i) {
      const double wanted = expected[t][i].get<double>();
      cosine += static_cast<double>(embedding[i]) * wanted;
      EXPECT_NEAR(static_cast<double>(embedding[i]), wanted, bound) << "text " << t << ", dimension " << i;
    }
    EXPECT_GT(cosine, least_cosine) << "text " << t;
  }
}

class EmbeddingNumbers : public ::testing::TestWithParam<std::tuple<const char*, int>> {};

TEST_P(EmbeddingNumbers, EqualTransformers) {
  const NamedModel named = ReadNamedModel(std::string("embeddings/") + std::get<0>(GetParam()));
  const Json& expected = named.golden["embeddings"];
  const size_t texts = named.batch.texts(), hidden = static_cast<size_t>(named.config.hidden_size);
  ASSERT_EQ(expected.size(), texts);
  ASSERT_EQ(expected[size_t{0}].size(), hidden);
  ThreadPool pool(std::get<1>(GetParam()));
  ForwardRunner runner(named.model, pool);
  const std::vector<float> logits = runner.AllLogits(named.batch.view());
  FloatBuffer means = runner.AllMeans(named.batch.view());
  ExpectEmbeddings(means.span(), expected, 0.99999, 1e-5);
  EXPECT_EQ(runner.AllLogits(named.batch.view()), logits) << "after another kind of pass";

  const TemporaryDirectory dir;
  ASSERT_TRUE(WriteQuantizedWeights(named.model, {}, dir.path()));
  const QuantizedModel quantized = QuantizedModel::Load(dir.path(), named.config, pool).value();
  QuantizedRunner bytes(quantized, pool);
  std::vector<float> rows(texts * hidden);
  bytes.Means(named.batch.view(), rows);
  const std::vector<float> together = rows;
  ExpectEmbeddings(rows, expected, 0.99, 0.1);
  for (size_t t = 0; t < texts; ++t) {
    PackedBatch alone;
    alone.AppendText(named.batch.view(), t);
    std::vector<float> row(hidden);
    bytes.Means(alone.view(), row, {}, PoolUse::kNone);
    EXPECT_EQ(row, std::vector<float>(together.begin() + static_cast<ptrdiff_t>(t * hidden),
                                      together.begin() + static_cast<ptrdiff_t>((t + 1) * hidden)))
        << "text " << t << " alone";
  }
}

INSTANTIATE_TEST_SUITE_P(, EmbeddingNumbers,
                         ::testing::Combine(::testing::Values("bert", "distilbert", "roberta", "xlm-roberta", "electra",
                                                              "deberta-v2", "albert", "mpnet", "modernbert"),
                                            ::testing::Values(1, 3)),
                         [](const auto& info) {
                           std::string name = std::get<0>(info.param);
                           std::erase(name, '-');
                           return name + "_" + std::to_string(std::get<1>(info.param));
                         });

}  // namespace
}  // namespace winnow
