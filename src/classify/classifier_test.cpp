#include "winnow/classifier.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <limits>
#include <thread>

#include "base/files.h"
#include "base/json.h"
#include "classify/bundle_classifier.h"
#include "classify/decision_rule.h"
#include "encoder/quantized_model.h"
#include "support/temporary_directory.h"
#include "support/tiny_transformer.h"

namespace winnow {
namespace {

TEST(Classifier, PredictsInTheOrderOfTheTexts) {
  const TemporaryDirectory dir;
  WriteTinyTransformer(dir.path());
  const auto classifier = Classifier::Load(dir.path(), {.threads = 2});
  ASSERT_TRUE(classifier) << classifier.error().Text();
  EXPECT_THAT(classifier->labels(), testing::ElementsAre("ham", "spam"));
  std::vector<std::string> texts;
  for (int i = 0; i < 50; ++i)
    texts.push_back("call me at " + std::to_string(i) + std::string(static_cast<size_t>(i), 'a'));
  texts.push_back("");
  const auto together = classifier->Classify(texts);
  ASSERT_TRUE(together);
  ASSERT_EQ(together->size(), texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto alone = classifier->Classify(texts[i]);
    ASSERT_TRUE(alone);
    EXPECT_EQ(alone->score, (*together)[i].score);
    EXPECT_EQ(alone->label, (*together)[i].label);
    ASSERT_EQ(alone->scores.size(), 2u);
    EXPECT_GE(alone->scores[0].score, alone->scores[1].score);
    EXPECT_NEAR(alone->scores[0].score + alone->scores[1].score, 1, 1e-6);
    EXPECT_EQ(alone->score, alone->scores[alone->scores[0].label == "spam" ? 0 : 1].score);
  }
  EXPECT_TRUE(classifier->Classify(std::vector<std::string>{})->empty());
  const auto braced = classifier->Classify({"call me at 0", texts[1], ""});
  ASSERT_TRUE(braced);
  ASSERT_EQ(braced->size(), 3u);
  EXPECT_EQ((*braced)[0].score, (*together)[0].score);
  EXPECT_EQ((*braced)[2].score, together->back().score);
  EXPECT_EQ(classifier->Classify({"call me", "see you"}, {.threshold = 0.5F})->size(), 2u);
  EXPECT_TRUE(classifier->Classify({})->empty());
}

/// The bundle's manifest with something else in it.
void Change(const std::filesystem::path& dir, const std::function<void(Manifest&)>& change) {
  Manifest manifest = ReadManifest(dir).value();
  change(manifest);
  ASSERT_TRUE(WriteManifest(dir, manifest));
}

TEST(Classifier, AppliesWhicheverCalibrationTheManifestHas) {
  const TemporaryDirectory dir;
  WriteTinyTransformer(dir.path());
  ThreadPool pool(1);
  const std::vector<InputTextView> texts = {"win a prize", "see you"};
  TokenizedTexts tokens;
  std::vector<float> logits(4), expected(4);
  {
    const auto classifier = BundleClassifier::Load(dir.path(), pool).value();
    logits = classifier.Logits(texts, tokens).value();
  }
  for (const Calibration& calibration :
       {Calibration{.method = CalibrationMethod::kVector, .scale = {.5, 2}, .bias = {.25, 0}},
        Calibration{.method = CalibrationMethod::kIsotonic, .curves = {{{-1, 1}, {.125, .75}}}}}) {
    Change(dir.path(),
           [&](Manifest& manifest) { manifest.calibration = CalibrationRecord{.calibration = calibration}; });
    const auto classifier = BundleClassifier::Load(dir.path(), pool).value();
    Calibrate(calibration, logits, 2, false, expected);
    EXPECT_EQ(classifier.Probabilities(texts).value(), expected);
    EXPECT_EQ(classifier.ProbabilitiesOfLogits(logits, tokens), expected);
    EXPECT_NE(classifier.ProbabilitiesOfLogits(logits, tokens, {}), expected);
  }
}

TEST(Classifier, RefusesACalibrationOfOtherLabels) {
  const TemporaryDirectory dir;
  WriteTinyTransformer(dir.path());
  for (const Calibration& calibration :
       {Calibration{.method = CalibrationMethod::kVector, .scale = {1, 1, 1}, .bias = {0, 0, 0}},
        Calibration{.temperatures = {1, 1}},
        Calibration{.method = CalibrationMethod::kIsotonic, .curves = {{{0}, {0}}, {{0}, {0}}}}}) {
    Change(dir.path(),
           [&](Manifest& manifest) { manifest.calibration = CalibrationRecord{.calibration = calibration}; });
    const auto classifier = Classifier::Load(dir.path());
    ASSERT_FALSE(classifier);
    EXPECT_EQ(classifier.error().code, ErrorCode::kInvalidModel);
    EXPECT_THAT(classifier.error().message, testing::HasSubstr("calibration: "));
  }
}

TEST(Classifier, AbstainsByTheBundleUnlessOverridden) {
  const TemporaryDirectory dir;
  WriteTinyTransformer(dir.path());
  Change(dir.path(), [](Manifest& manifest) { manifest.abstain = Abstention{.max_error = .01, .moderate = 1}; });
  const auto classifier = Classifier::Load(dir.path());
  ASSERT_TRUE(classifier);
  EXPECT_TRUE(classifier->Classify("win a prize")->abstained);
  EXPECT_FALSE(classifier->Classify("win a prize", {.mode = Mode::kStrict})->abstained);
  EXPECT_FALSE(classifier->Classify("win a prize", {.abstain_below = 0.0f})->abstained);
  EXPECT_TRUE(classifier->Classify("win a prize", {.mode = Mode::kStrict, .abstain_below = 1.0f})->abstained);
}

TEST(DecisionRule, AThresholdOfTheCallReplacesThoseOfTheMode) {
  const std::vector<std::string> labels = {"ham", "spam"};
  Manifest manifest;
  manifest.positive_label = "spam";
  const DecisionRule rule = DecisionRule::Of(manifest, labels, false, "x").value();
  const std::array row = {0.65f, 0.35f};
  EXPECT_EQ(rule.Decide(row, {.mode = Mode::kStrict}).label, 1);
  EXPECT_EQ(rule.Decide(row, {.mode = Mode::kStrict, .threshold = 0.4f}).label, 0);
  EXPECT_EQ(rule.Decide(row, {.threshold = 0.35f}).label, 1);
  manifest.thresholds.labels = {{"ham", .9}, {"spam", .1}};
  const DecisionRule multi_label = DecisionRule::Of(manifest, labels, true, "x").value();
  EXPECT_THAT(multi_label.Decide(row).labels, testing::ElementsAre(1));
  EXPECT_THAT(multi_label.Decide(row, {.threshold = 0.6f}).labels, testing::ElementsAre(0)) << "for all labels";
}

TEST(DecisionRule, RefusesAModeThatHasNoEffect) {
  const std::vector<std::string> labels = {"a", "b", "c"};
  Manifest manifest;
  const auto checked = [&](Mode mode, bool multi_label = false) {
    return DecisionRule::Of(manifest, labels, multi_label, "x").value().CheckMode(mode);
  };
  EXPECT_TRUE(checked(Mode::kModerate));
  EXPECT_THAT(checked(Mode::kStrict).error().message, testing::HasSubstr("no positive label"));
  EXPECT_FALSE(checked(Mode::kLenient));
  EXPECT_TRUE(checked(Mode::kStrict, /*multi_label=*/true));
  manifest.abstain = {.strict = .9, .moderate = .8, .lenient = .7};
  EXPECT_TRUE(checked(Mode::kStrict)) << "it abstains by mode";
  manifest.abstain = {};
  manifest.positive_label = "b";
  EXPECT_TRUE(checked(Mode::kLenient));
}

TEST(DecisionRule, RefusesAThresholdThatHasNoEffect) {
  const std::vector<std::string> labels = {"a", "b", "c"};
  const DecisionRule rule = DecisionRule::Of({}, labels, false, "x").value();
  EXPECT_TRUE(rule.Check({}));
  EXPECT_THAT(rule.Check({.threshold = 0.4f}).error().message, testing::HasSubstr("no positive label"));
  const DecisionRule multi_label = DecisionRule::Of({}, labels, true, "x").value();
  EXPECT_TRUE(multi_label.Check({.threshold = 0.4f}));
  for (const float threshold : {0.0f, 1.0f, -1.0f, std::numeric_limits<float>::quiet_NaN()}) {
    EXPECT_FALSE(multi_label.Check({.threshold = threshold})) << threshold;
  }
}

TEST(DecisionRule, RefusesToAbstainBelowWhatIsNoNumber) {
  const std::vector<std::string> labels = {"a", "b"};
  const DecisionRule rule = DecisionRule::Of({}, labels, false, "x").value();
  EXPECT_TRUE(rule.Check({.abstain_below = 0.0f}));
  EXPECT_FALSE(rule.Check({.abstain_below = std::numeric_limits<float>::quiet_NaN()}));
}

TEST(DecisionRule, ReadsLabelsOwnThresholdsOfEachMode) {
  Manifest manifest;
  manifest.thresholds.labels = {{"a", .4}};
  manifest.thresholds.labels_strict = {{"a", .35}};
  const std::vector<std::string> labels = {"a", "b"};
  const DecisionRule rule = DecisionRule::Of(manifest, labels, true, "x").value();
  const std::array row = {0.36f, 0.45f};
  EXPECT_THAT(rule.Decide(row, {.mode = Mode::kStrict}).labels, testing::ElementsAre(0, 1));
  EXPECT_THAT(rule.Decide(row).labels, testing::IsEmpty());
  EXPECT_THAT(rule.Decide(std::array{0.41f, 0.5f}).labels, testing::ElementsAre(0, 1));
  EXPECT_THAT(rule.Decide(std::array{0.59f, 0.69f}, {.mode = Mode::kLenient}).labels, testing::IsEmpty());
  EXPECT_THAT(rule.Decide(std::array{0.61f, 0.71f}, {.mode = Mode::kLenient}).labels, testing::ElementsAre(0, 1));
  manifest.thresholds.labels_lenient = {{"a", .9}};
  EXPECT_THAT(
      DecisionRule::Of(manifest, labels, true, "x")->Decide(std::array{0.61f, 0.71f}, {.mode = Mode::kLenient}).labels,
      testing::ElementsAre(1));
  manifest.thresholds.labels_strict["c"] = .1;
  EXPECT_FALSE(DecisionRule::Of(manifest, labels, true, "x"));
}

TEST(Classifier, ThreadsMayShareOne) {
  const TemporaryDirectory dir;
  WriteTinyTransformer(dir.path());
  for (const Weights weights : {Weights::kInt8, Weights::kFloat}) {
    const auto classifier = Classifier::Load(dir.path(), {.threads = 2, .weights = weights});
    ASSERT_TRUE(classifier);
    const float expected = classifier->Classify("win a prize")->score;
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) wrong += classifier->Classify("win a prize")->score != expected;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
  }
}

/// Ends the process with 0 if a classifier of the parent is refused, can be replaced and destroyed, and one's own
/// works.
[[noreturn]] void UseInAForkedChild(Classifier classifier, const std::filesystem::path& bundle) {
  const auto refused = classifier.Classify("call me");
  if (refused || refused.error().code != ErrorCode::kUnsupported || classifier.Explain("call me")) ::_exit(1);
  classifier = Classifier::Load(bundle, {.threads = 2}).value();
  ::_exit(classifier.Classify("call me") ? 0 : 2);
}

TEST(Classifier, IsRefusedInAForkedChildWhereItsThreadsAreMissing) {
  const TemporaryDirectory dir;
  WriteTinyTransformer(dir.path());
  auto classifier = Classifier::Load(dir.path(), {.threads = 2});
  const pid_t child = ::fork();
  if (child == 0) UseInAForkedChild(*std::move(classifier), dir.path());
  int status = 1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(classifier->Classify("call me"));
}

TEST(Classifier, ChoosesWeightsAsAsked) {
  const TemporaryDirectory dir;
  std::filesystem::create_directory(dir.path() / "both");
  std::filesystem::create_directory(dir.path() / "float");
  WriteTinyTransformer(dir.path() / "both");
  WriteTinyTransformer(dir.path() / "float", /*int8=*/false);
  ThreadPool pool(1);
  const auto weights = [&](const char* name, Weights asked) -> std::string {
    const auto loaded = BundleClassifier::Load(dir.path() / name, pool, asked);
    return loaded ? loaded->weights() : loaded.error().message;
  };
  EXPECT_EQ(weights("both", Weights::kAuto), "int8");
  EXPECT_EQ(weights("both", Weights::kFloat), "f32");
  EXPECT_EQ(weights("float", Weights::kAuto), "f32");
  EXPECT_THAT(weights("float", Weights::kInt8), testing::HasSubstr("no INT8 weights"));
  // A bundle for serving needs no floats.
  std::filesystem::remove(dir.path() / "both" / "model.safetensors");
  EXPECT_EQ(weights("both", Weights::kAuto), "int8");
}

/// Short and long ones, some of several windows of kTinyMaxLength.
std::vector<std::string> TextsOfManyLengths() {
  std::vector<std::string> texts = {""};
  const std::string words[] = {"win ", "a prize ", "now ", "see ", "you at six ", "call me later ", "free money "};
  for (size_t i = 0; i < 40; ++i) {
    std::string text;
    for (size_t w = 0; w < i * i / 12; ++w) text += words[(w * w + i) % 7];
    texts.push_back(text);
  }
  return texts;
}

TEST(Classifier, TheMostPositiveWindowOfALongTextDecides) {
  const TemporaryDirectory dir;
  WriteTinyTransformer(dir.path());
  ThreadPool pool(2);
  const auto classifier = BundleClassifier::Load(dir.path(), pool, Weights::kInt8, LongText::kWindows);
  ASSERT_TRUE(classifier);
  size_t longer = 0;
  for (const std::string& text : TextsOfManyLengths()) {
    const InputTextView view = text;
    PreparedTexts prepared, windows_apart;
    classifier->scorer().Prepare({&view, 1}, prepared);
    TokenizedTexts& apart = windows_apart.tokens;
    apart.windows = prepared.tokens.windows;
    for (size_t w = 1; w <= apart.windows.texts(); ++w) apart.begins.push_back(static_cast<int32_t>(w));
    std::vector<float> windows(2 * apart.texts()), whole(2);
    ASSERT_TRUE(classifier->ProbabilitiesOf(windows_apart, windows));
    ASSERT_TRUE(classifier->ProbabilitiesOf(prepared, whole));
    float most = 0;
    for (size_t w = 0; w < apart.texts(); ++w) most = std::max(most, windows[2 * w + 1]);
    EXPECT_EQ(whole[1], most);
    EXPECT_NEAR(whole[0] + whole[1], 1, 1e-6);
    longer += apart.texts() > 2;
  }
  EXPECT_GT(longer, 5u);
}

TEST(Classifier, PredictionsOfLongTextsDependOnNoOtherText) {
  const TemporaryDirectory dir;
  WriteTinyTransformer(dir.path(), true, LongText::kWindows);
  const std::vector<std::string> texts = TextsOfManyLengths();
  for (const LongText long_text : {LongText::kHead, LongText::kHeadTail, LongText::kWindows}) {
    const auto classifier = Classifier::Load(dir.path(), {.threads = 2, .long_text = long_text});
    const auto head = Classifier::Load(dir.path(), {.threads = 1, .long_text = LongText::kHead});
    const auto bundle = Classifier::Load(dir.path(), {.threads = 1});
    ASSERT_TRUE(classifier && head && bundle);
    const auto together = classifier->Classify(texts);
    ASSERT_TRUE(together);
    size_t others = 0;
    for (size_t i = 0; i < texts.size(); ++i) {
      const float score = (*together)[i].score;
      EXPECT_EQ(score, classifier->Classify(texts[i])->score) << i;
      if (texts[i].size() < kTinyMaxLength - 1) {
        EXPECT_EQ(score, head->Classify(texts[i])->score) << "a short text";
      }
      if (long_text == LongText::kWindows) {
        EXPECT_EQ(score, bundle->Classify(texts[i])->score) << "as the bundle says";
      }
      others += score != head->Classify(texts[i])->score;
    }
    EXPECT_EQ(others > 5, long_text != LongText::kHead);
  }
}

TEST(Classifier, ProgressCountsTextsAndNotWindows) {
  const TemporaryDirectory dir;
  WriteTinyTransformer(dir.path());
  const std::vector<std::string> texts = TextsOfManyLengths();
  const std::vector<InputTextView> views(texts.begin(), texts.end());
  ThreadPool pool(2);
  for (const Weights weights : {Weights::kInt8, Weights::kFloat}) {
    const auto classifier = BundleClassifier::Load(dir.path(), pool, weights, LongText::kWindows);
    ASSERT_TRUE(classifier);
    size_t most = 0;
    ASSERT_TRUE(classifier->Probabilities(views, [&](size_t done) {
      most = std::max(most, done);
      return true;
    }));
    EXPECT_EQ(most, texts.size());
    const auto stopped = classifier->Probabilities(views, [](size_t) { return false; });
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
  }
}

TEST(Classifier, ASeparatorOfSegmentsInATextIsASpace) {
  const TemporaryDirectory dir;
  WriteTinyTransformer(dir.path());
  const auto classifier = Classifier::Load(dir.path(), {.threads = 1});
  ASSERT_TRUE(classifier) << classifier.error().Text();
  const std::string given =
                        "win\x1e"
                        "a prize\x1e",
                    read = "win a prize ";
  EXPECT_EQ(classifier->Classify(given)->score, classifier->Classify(read)->score);
  EXPECT_EQ(classifier->Classify(std::vector{given})->front().score, classifier->Classify(read)->score);
  EXPECT_EQ(classifier->Explain(given)->words[1].begin, 4u);
  EXPECT_EQ(classifier->Explain(given)->score, classifier->Explain(read)->score);
}

TEST(Classifier, ErrorsAreValues) {
  const auto missing = Classifier::Load("/nonexistent/bundle");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  const auto threads = Classifier::Load("/nonexistent/bundle", {.threads = -1});
  ASSERT_FALSE(threads);
  EXPECT_EQ(threads.error().code, ErrorCode::kInvalidArgument);
}

TEST(Classifier, AModelWhoseRulesMakeTextsGrowWithoutBoundIsInvalid) {
  const TemporaryDirectory dir;
  WriteTinyTransformer(dir.path());
  Json tokenizer = ParsedJson(ReadFile(dir.path() / "tokenizer.json").value());
  const Json step = {{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", std::string(100, 'a')}};
  tokenizer["normalizer"] = {{"type", "Sequence"}, {"normalizers", Json::array({step, step, step})}};
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "tokenizer.json", tokenizer.dump()));
  const auto classifier = Classifier::Load(dir.path(), {.threads = 1, .verify = false});
  ASSERT_TRUE(classifier) << classifier.error().Text();
  EXPECT_TRUE(classifier->Classify("see you"));
  const auto hostile = classifier->Classify("a");
  ASSERT_FALSE(hostile);
  EXPECT_EQ(hostile.error().code, ErrorCode::kInvalidModel);
  EXPECT_THAT(hostile.error().message, testing::HasSubstr("grow"));
  EXPECT_EQ(classifier->Explain("a").error().code, ErrorCode::kInvalidModel);
}

}  // namespace
}  // namespace winnow
