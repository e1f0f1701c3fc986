#include "classify/zero_shot.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "bundle/manifest.h"
#include "encoder/forward.h"
#include "encoder/quantized_model.h"
#include "support/temporary_directory.h"
#include "support/tiny_bundle.h"

namespace winnow {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::vector<std::string> kTexts = {"win a prize now",
                                         "see you at six",
                                         "call me later",
                                         "free money",
                                         "",
                                         "this text is about a prize and about money that i see later"};
const std::vector<std::string> kLabels = {"prize", "money", "work later"};
const std::vector<std::string> kThree = {"contradiction", "neutral", "entailment"};

std::vector<std::string_view> Views(const std::vector<std::string>& texts = kTexts) {
  return {texts.begin(), texts.end()};
}

/// A plain Hugging Face directory: no winnow.json.
Model WriteModel(const std::filesystem::path& dir, const std::vector<std::string>& labels,
                 Architecture architecture = Architecture::kBert, int types = 2) {
  std::vector<std::string> words = kTexts;
  words.emplace_back(kDefaultHypothesis);
  ModelConfig config = TinyConfig(architecture);
  config.vocab_size = WriteTinyTokenizer(words, dir).vocab_size;
  config.max_positions = 40;
  config.max_relative_distance = 40;
  config.type_vocab_size =
      TinyConfig(architecture).type_vocab_size == 0 && architecture != Architecture::kDebertaV2 ? 0 : types;
  config.labels = labels;
  config.multi_label = labels.size() == 1;
  EXPECT_TRUE(WriteModelConfig(dir, config));
  Model model = Model::Fresh(config, 3);
  EXPECT_TRUE(model.Save(dir));
  return model;
}

Result<ZeroShotClassifier> Load(const std::filesystem::path& dir, ThreadPool& pool, ZeroShotOptions options) {
  return ZeroShotClassifier::Load(dir, pool, std::move(options));
}

/// The model's logits for one pair, computed alone.
std::vector<double> LogitsOfPair(const Model& model, const std::filesystem::path& dir, std::string_view text,
                                 std::string_view hypothesis, int max_length) {
  ThreadPool pool(1);
  ForwardRunner runner(model, pool);
  PackedBatch batch;
  const size_t second = Tokenizer::Load(dir)->EncodePair(text, hypothesis, max_length, PairCut::kFirst, batch.ids);
  batch.EndPair(second);
  const auto logits = runner.Logits(batch.view());
  return {logits.begin(), logits.end()};
}

class ZeroShotOf : public ::testing::TestWithParam<Architecture> {};

TEST_P(ZeroShotOf, ScoresAreSoftmaxesOfThePairsLogits) {
  const TemporaryDirectory dir;
  const Model model = WriteModel(dir.path(), kThree, GetParam());
  const int most = MaxTokens(model.config());
  const int stated = ReadManifest(dir.path())->max_length;  // model_max_length of the tokenizer
  EXPECT_LT(stated, most);
  ThreadPool pool(2);
  for (const int max_length : {0, 16, 1000}) {
    for (const bool multi_label : {false, true}) {
      const auto classifier =
          Load(dir.path(), pool, {.labels = kLabels, .multi_label = multi_label, .max_length = max_length});
      ASSERT_TRUE(classifier) << classifier.error().Text();
      EXPECT_EQ(classifier->multi_label(), multi_label);
      const auto scores = classifier->Probabilities(Views());
      ASSERT_TRUE(scores);
      ASSERT_EQ(scores->size(), kTexts.size() * kLabels.size());
      for (size_t t = 0; t < kTexts.size(); ++t) {
        std::vector<double> expected;
        double sum = 0;
        for (const std::string& label : kLabels) {
          const std::vector<double> logits =
              LogitsOfPair(model, dir.path(), kTexts[t], "This text is about " + label + ".",
                           max_length == 0 ? stated : std::min(max_length, most));
          expected.push_back(multi_label ? 1 / (1 + std::exp(logits[0] - logits[2])) : std::exp(logits[2]));
          sum += multi_label ? 0 : expected.back();
        }
        for (size_t l = 0; l < kLabels.size(); ++l) {
          EXPECT_NEAR((*scores)[t * kLabels.size() + l], multi_label ? expected[l] : expected[l] / sum, 1e-5)
              << kTexts[t] << ", " << kLabels[l];
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, ZeroShotOf, ::testing::ValuesIn(kEveryArchitecture),
                         [](const auto& info) { return "Number" + std::to_string(info.index); });

TEST(ZeroShot, TokenTypesMatterWhereTheModelHasThem) {
  const TemporaryDirectory dir;
  const Model two = WriteModel(dir.path(), kThree);
  ThreadPool pool(1);
  const std::vector<float> with = Load(dir.path(), pool, {.labels = kLabels})->Probabilities(Views()).value();
  Model same = Model::Fresh(two.config(), 3);
  const auto hidden = static_cast<size_t>(two.config().hidden_size);
  std::copy_n(same.at(same.layout().segments), hidden, same.at(same.layout().segments) + hidden);
  ASSERT_TRUE(same.Save(dir.path()));
  const std::vector<float> without = Load(dir.path(), pool, {.labels = kLabels})->Probabilities(Views()).value();
  double difference = 0;
  for (size_t i = 0; i < with.size(); ++i) difference = std::max(difference, std::abs(double{with[i]} - without[i]));
  EXPECT_GT(difference, 0.01);
}

TEST(ZeroShot, Int8WeightsPredictNearlyTheSame) {
  const TemporaryDirectory dir;
  const Model model = WriteModel(dir.path(), kThree);
  ASSERT_TRUE(WriteQuantizedWeights(model, {}, dir.path()));
  ThreadPool pool(2);
  const auto floats = Load(dir.path(), pool, {.labels = kLabels, .multi_label = true, .weights = Weights::kFloat});
  const auto bytes = Load(dir.path(), pool, {.labels = kLabels, .multi_label = true});
  ASSERT_TRUE(floats && bytes);
  EXPECT_EQ(floats->weights(), "f32");
  EXPECT_EQ(bytes->weights(), "int8");
  const auto exact = floats->Probabilities(Views()), near = bytes->Probabilities(Views());
  ASSERT_TRUE(exact && near);
  for (size_t i = 0; i < exact->size(); ++i) EXPECT_NEAR((*exact)[i], (*near)[i], 0.05);
}

TEST(ZeroShot, ASingleLabelIsJudgedByItself) {
  const TemporaryDirectory dir;
  WriteModel(dir.path(), kThree);
  ThreadPool pool(1);
  const auto one = Load(dir.path(), pool, {.labels = {"money"}});
  const auto many = Load(dir.path(), pool, {.labels = kLabels, .multi_label = true});
  ASSERT_TRUE(one && many);
  EXPECT_TRUE(one->multi_label());
  const auto alone = one->Classify(Views()), together = many->Classify(Views());
  ASSERT_TRUE(alone && together);
  for (size_t t = 0; t < kTexts.size(); ++t) {
    const ClassifiedText& text = (*alone)[t];
    EXPECT_NEAR(text.probabilities[0], (*together)[t].probabilities[1], 1e-6);
    EXPECT_EQ(text.decision.label, text.probabilities[0] >= 0.5f ? 0 : -1);
  }
}

TEST(ZeroShot, ModesMoveTheThresholdOfLabelsByThemselves) {
  const TemporaryDirectory dir;
  WriteModel(dir.path(), kThree);
  ThreadPool pool(1);
  const auto many = Load(dir.path(), pool, {.labels = {"a", "b"}, .multi_label = true});
  const auto one_of = Load(dir.path(), pool, {.labels = {"a", "b"}});
  ASSERT_TRUE(many && one_of);
  const std::vector<float> probabilities = {0.4f, 0.6f};
  EXPECT_EQ(many->DecideOne(probabilities, {.mode = Mode::kStrict}).labels, (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(many->DecideOne(probabilities, {.mode = Mode::kModerate}).labels, (std::vector<int32_t>{1}));
  EXPECT_TRUE(many->DecideOne(probabilities, {.mode = Mode::kLenient}).labels.empty());
  EXPECT_EQ(one_of->DecideOne(probabilities, {.mode = Mode::kLenient}).label, 1);
  EXPECT_TRUE(one_of->DecideOne(probabilities, {.abstain_below = 0.7f}).abstained);
}

TEST(ZeroShot, PhrasesAndPatternsMakeTheHypothesis) {
  const TemporaryDirectory dir;
  WriteModel(dir.path(), kThree);
  ThreadPool pool(1);
  const auto scores = [&](ZeroShotOptions options) {
    return Load(dir.path(), pool, std::move(options))->Probabilities(Views()).value();
  };
  const auto expected = scores({.labels = {"money", "work later"}, .hypothesis = "it is {label} or {label}"});
  EXPECT_EQ(scores({.labels = {"money", "work later"}, .hypothesis = "it is {} or {}"}), expected);
  EXPECT_EQ(scores({.labels = {"x", "work_later"},
                    .phrases = {"money", PhraseOfLabel("work_later")},
                    .hypothesis = "it is {label} or {label}"}),
            expected);
  EXPECT_NE(scores({.labels = {"money", "work later"}, .hypothesis = "it is {label}"}), expected);
  EXPECT_EQ(PhraseOfLabel("not-safe_for-work"), "not safe for work");
}

TEST(ZeroShot, ManyTextsRunInBatchesThatChangeNothing) {
  const TemporaryDirectory dir;
  WriteModel(dir.path(), kThree);
  ThreadPool pool(2);
  const auto classifier = Load(dir.path(), pool, {.labels = kLabels});
  ASSERT_TRUE(classifier);
  std::vector<std::string> texts;
  texts.reserve(700);
  for (int i = 0; i < 700; ++i)
    texts.push_back(kTexts[static_cast<size_t>(i) % kTexts.size()] + " " + std::to_string(i));
  std::vector<size_t> told;
  const auto all = classifier->Probabilities(Views(texts), [&](size_t done) {
    told.push_back(done);
    return true;
  });
  ASSERT_TRUE(all);
  EXPECT_TRUE(std::ranges::is_sorted(told));
  ASSERT_GT(told.size(), 2u);
  EXPECT_EQ(told.back(), texts.size());
  for (const size_t t : {0uz, 333uz, 699uz}) {
    const std::string_view text = texts[t];
    const auto alone = classifier->Probabilities({&text, 1});
    for (size_t l = 0; l < kLabels.size(); ++l) EXPECT_NEAR((*all)[t * kLabels.size() + l], (*alone)[l], 1e-5);
  }
  const auto stopped = classifier->Probabilities(Views(texts), [](size_t) { return false; });
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(classifier->Classify({})->empty());
}

TEST(ZeroShot, ThreadsMayShareOne) {
  const TemporaryDirectory dir;
  const Model model = WriteModel(dir.path(), kThree);
  ASSERT_TRUE(WriteQuantizedWeights(model, {}, dir.path()));
  ThreadPool pool(2);
  for (const Weights weights : {Weights::kFloat, Weights::kInt8}) {
    const auto classifier = Load(dir.path(), pool, {.labels = kLabels, .weights = weights});
    ASSERT_TRUE(classifier);
    const std::vector<float> expected = classifier->Probabilities(Views()).value();
    std::vector<std::thread> threads;
    threads.reserve(3);
    std::vector<int> wrong(3, 0);
    for (int& mine : wrong) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10; ++i) mine += classifier->Probabilities(Views()).value() != expected;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_THAT(wrong, testing::Each(0));
  }
}

TEST(ZeroShot, EntailmentIsFoundByName) {
  const auto found = [](const std::vector<std::string>& labels, std::optional<int32_t> id = {}) {
    const NliLabels nli = FindNliLabels(labels, id, "nli").value();
    return std::pair(nli.entailment, nli.contradiction);
  };
  EXPECT_EQ(found({"CONTRADICTION", "NEUTRAL", "ENTAILMENT"}), std::pair(2, 0));
  EXPECT_EQ(found({"entailment", "neutral", "contradiction"}), std::pair(0, 2));
  EXPECT_EQ(found({"entailment", "contradiction", "neutral"}), std::pair(0, 1));
  // Two labels, and what transformers takes where none says contradiction.
  EXPECT_EQ(found({"entailment", "not_entailment"}), std::pair(0, 1));
  EXPECT_EQ(found({"not_entailment", "Entails"}), std::pair(1, 0));
  EXPECT_EQ(found({"LABEL_0", "LABEL_1", "LABEL_2"}, 2), std::pair(2, 0));
  EXPECT_EQ(found({"LABEL_0", "LABEL_1", "LABEL_2"}, 0), std::pair(0, 2));
}

TEST(ZeroShot, RefusesInvalidOptions) {
  const TemporaryDirectory dir;
  WriteModel(dir.path(), kThree);
  ThreadPool pool(1);
  const auto error = [&](ZeroShotOptions options, const std::filesystem::path& bundle) {
    const auto loaded = Load(bundle, pool, std::move(options));
    EXPECT_FALSE(loaded);
    return loaded ? Error{} : loaded.error();
  };
  EXPECT_THAT(error({.labels = {}}, dir.path()).message, HasSubstr("requires labels"));
  EXPECT_THAT(error({.labels = {"a", " "}}, dir.path()).message, HasSubstr("a label is empty"));
  EXPECT_THAT(error({.labels = {"a", "b", "a"}}, dir.path()).message, HasSubstr("twice"));
  EXPECT_THAT(error({.labels = {"a", "b"}, .phrases = {"c"}}, dir.path()).message,
              HasSubstr("1 label phrases are specified for 2 labels"));
  const Error plain = error({.labels = {"a"}, .hypothesis = "about {lable}"}, dir.path());
  EXPECT_EQ(plain.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(plain.Text(), AllOf(HasSubstr("{label}"), HasSubstr(kDefaultHypothesis)));
  EXPECT_EQ(error({.labels = {"a"}, .entailment_id = 3}, dir.path()).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error({.labels = {"a"}, .entailment_id = -1}, dir.path()).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(error({.labels = {"a"}}, dir.path() / "nowhere").code, ErrorCode::kNotFound);
  EXPECT_EQ(error({.labels = {"a"}, .weights = Weights::kInt8}, dir.path()).code, ErrorCode::kNotFound);
  WriteModel(dir.path(), {"ham", "spam"});
  const Error other = error({.labels = {"a"}}, dir.path());
  EXPECT_EQ(other.code, ErrorCode::kInvalidModel);
  EXPECT_THAT(other.Text(), AllOf(HasSubstr("ham, spam"), HasSubstr("--entailment-id")));
  WriteModel(dir.path(), {"relevance"});
  EXPECT_THAT(error({.labels = {"a"}}, dir.path()).message, HasSubstr("relevance"));
}

}  // namespace
}  // namespace winnow
