#include "bundle/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "bundle/labels.h"
#include "bundle/manifest_text.h"
#include "bundle/model_config.h"
#include "bundle/model_version.h"
#include "bundle/safetensors.h"
#include "decide/decide.h"
#include "support/error_of.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A directory that is a bundle in form: config, labels, weights.
void MakeBundle(const std::filesystem::path& dir) {
  ModelConfig config;
  config.vocab_size = 10;
  config.hidden_size = 4;
  config.num_layers = 1;
  config.num_heads = 2;
  config.intermediate_size = 8;
  config.max_positions = 64;
  config.labels = {"ham", "spam"};
  ASSERT_TRUE(WriteModelConfig(dir, config));
  ASSERT_TRUE(WriteLabelsFile(dir / "labels.json", config.labels));
  const std::vector<float> weight = {1, 2};
  ASSERT_TRUE(WriteSafetensors(dir / "model.safetensors", std::vector{ViewOf("classifier.bias", {2}, weight)}));
}

TEST(Manifest, WhatIsWrittenReadsBack) {
  const TemporaryDirectory dir;
  Manifest manifest;
  manifest.name = "spam";
  manifest.version = "1.2.3";
  manifest.text_template = "{subject} [SEP] {body:400}";
  manifest.max_length = 96;
  manifest.long_text = LongText::kHeadTail;
  manifest.label_map = {{"0", "ham"}, {"1", "spam"}};
  manifest.positive_label = "spam";
  manifest.temperature = 1.25;
  manifest.thresholds = {.2, .4, .9, {{"spam", .25}}};
  manifest.sha256["config.json"] = Sha256("x");
  manifest.source = R"({"x-note": "kept", "max_length": 7})";
  ASSERT_TRUE(WriteManifest(dir.path(), manifest));
  const auto read = ReadManifest(dir.path());
  ASSERT_TRUE(read) << read.error().Text();
  EXPECT_EQ(read->name, "spam");
  EXPECT_EQ(read->version, "1.2.3");
  EXPECT_EQ(read->kind, "transformer");
  EXPECT_EQ(read->text_template, manifest.text_template);
  EXPECT_EQ(read->max_length, 96);
  EXPECT_EQ(read->long_text, LongText::kHeadTail);
  EXPECT_EQ(read->label_map, manifest.label_map);
  EXPECT_EQ(read->positive_label, "spam");
  EXPECT_EQ(read->temperature, 1.25);
  EXPECT_EQ(read->thresholds.lenient, .9);
  EXPECT_EQ(read->thresholds.labels, manifest.thresholds.labels);
  EXPECT_EQ(read->sha256, manifest.sha256);
  EXPECT_THAT(read->source, HasSubstr("kept"));
}

TEST(Manifest, PlainHuggingFaceDirectoryHasTheMaximumLengthOfItsTokenizer) {
  const TemporaryDirectory dir;
  MakeBundle(dir.path());
  const auto length = [&](const std::string& stated) {
    EXPECT_TRUE(WriteFileAtomically(dir.path() / "tokenizer_config.json", R"({"model_max_length": )" + stated + "}"));
    return ReadManifest(dir.path()).value().max_length;
  };
  EXPECT_EQ(length("16"), 16);
  EXPECT_EQ(length("16.0"), 16);
  EXPECT_EQ(length("64"), 64);
  EXPECT_EQ(length("65"), 64) << "the model has 64 positions";
  EXPECT_EQ(length("1000000000000000019884624838656"), 64) << "transformers' value for: unknown";
  for (const char* none : {"null", "\"16\"", "true", "0", "-1", "2"}) EXPECT_EQ(length(none), 64) << none;
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "tokenizer_config.json", "{"));
  EXPECT_EQ(ReadManifest(dir.path()).error().code, ErrorCode::kInvalidModel);
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "winnow.json", R"({"max_length": 48})"));
  EXPECT_EQ(ReadManifest(dir.path()).value().max_length, 48) << "winnow.json is what counts";

  ModelConfig roberta;
  roberta.architecture = Architecture::kRoberta;
  roberta.max_positions = 514;
  roberta.pad_token_id = 1;
  EXPECT_EQ(DefaultMaxLength(roberta, R"({"model_max_length": 514})", "test").value(), 512);
  EXPECT_EQ(DefaultMaxLength(roberta, R"({"model_max_length": 512})", "test").value(), 512);
  EXPECT_EQ(DefaultMaxLength(roberta, R"({"model_max_length": 511})", "test").value(), 511);
}

TEST(Manifest, PlainHuggingFaceDirectoryHasDefaults) {
  const TemporaryDirectory dir;
  MakeBundle(dir.path());
  const auto manifest = ReadManifest(dir.path());
  ASSERT_TRUE(manifest) << manifest.error().Text();
  EXPECT_EQ(manifest->name, dir.path().filename().string());
  EXPECT_EQ(manifest->max_length, 64);
  EXPECT_EQ(manifest->long_text, LongText::kHead);
  EXPECT_EQ(manifest->positive_label, "spam");
  EXPECT_EQ(manifest->temperature, 1);
  EXPECT_EQ(manifest->thresholds.strict, .3);
  EXPECT_EQ(manifest->thresholds.moderate, .5);
  EXPECT_EQ(manifest->thresholds.lenient, .7);
  const TemporaryDirectory empty;
  EXPECT_EQ(ReadManifest(empty.path()).error().code, ErrorCode::kNotFound);
}

TEST(Manifest, ANewerFormatIsRefusedWithTheVersionThatReadsIt) {
  EXPECT_TRUE(ParseManifest(R"({"format":1,"winnow":"7.8.9","later":{"x":1}})", "winnow.json"));
  const Error newer = ErrorOf(ParseManifest(R"({"format":2,"winnow":"7.8.9","kind":"forest"})", "winnow.json"));
  EXPECT_EQ(newer.code, ErrorCode::kUnsupported);
  EXPECT_THAT(newer.message, HasSubstr("the bundle has format 2, written by Winnow 7.8.9, and this program"));
  EXPECT_EQ(newer.hint, "use Winnow 7.8.9 or a newer version");
  const Error unknown = ErrorOf(ParseManifest(R"({"winnow":"7.8.9","kind":"forest"})", "winnow.json"));
  EXPECT_THAT(unknown.message, HasSubstr("'kind' is 'forest'"));
  EXPECT_THAT(unknown.hint, HasSubstr("Winnow 7.8.9 wrote the file"));
  EXPECT_FALSE(ParseManifest(R"({"format":"one"})", "winnow.json"));
}

TEST(Manifest, ThresholdsThatWereRoundedTo0Or1AreReadAsTheNearestThreshold) {
  const auto read = ParseManifest(
      R"({"thresholds":{"strict":0,"lenient":1.0,"labels":{"rare":0.0,"usual":0.4},"labels_lenient":{"rare":1}}})",
      "winnow.json");
  ASSERT_TRUE(read) << read.error().Text();
  const Thresholds& thresholds = read->thresholds;
  EXPECT_EQ(static_cast<float>(thresholds.strict), kLeastThreshold);
  EXPECT_EQ(thresholds.moderate, .5);
  EXPECT_EQ(static_cast<float>(thresholds.lenient), std::nextafter(1.0F, 0.0F));
  EXPECT_EQ(static_cast<float>(thresholds.labels.at("rare")), kLeastThreshold);
  EXPECT_EQ(thresholds.labels.at("usual"), .4);
  EXPECT_EQ(static_cast<float>(thresholds.labels_lenient.at("rare")), kGreatestThreshold);
  // Above the highest score of a negative, 1 keeps a guarantee that a lower threshold does not.
  const auto guaranteed = ParseManifest(R"({"thresholds":{"lenient":1,"promise":{"max_fpr":0.02}}})", "winnow.json");
  EXPECT_EQ(guaranteed->thresholds.lenient, 1);
}

TEST(Manifest, BadValuesAreNamed) {
  const std::string digest(64, 'a');
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {R"({"version":"1.2"})", "'version' is '1.2'"},
           {R"({"kind":"forest"})", "'kind' is 'forest'"},
           {R"({"max_length":2})", "'max_length'"},
           {R"({"max_length":9223372036854775807})", "'max_length'"},
           {R"({"long_text":"tail"})", "'long_text' is 'tail', expected head, head+tail or windows"},
           {R"({"long_text":3})", "'long_text'"},
           {R"({"temperature":0})", "'temperature'"},
           {R"({"temperature":"hot"})", "'temperature' must be a number"},
           {R"({"thresholds":{"strict":1.5}})", "threshold"},
           {R"({"thresholds":[]})", "expected a JSON object"},
           {R"({"sha256":{"config.json":"short"}})", "64 lower-case"},
           {R"({"sha256":{"../x":")" + digest + "\"}}", "outside the bundle"},
           {R"({"sha256":{"/etc/passwd":")" + digest + "\"}}", "outside the bundle"},
           {R"({"sha256":{"a/../../x":")" + digest + "\"}}", "outside the bundle"},
           {R"({"sha256":{"":")" + digest + "\"}}", "outside the bundle"},
           {R"([])", "expected a JSON object"}}) {
    const auto manifest = ParseManifest(text, "winnow.json");
    ASSERT_FALSE(manifest) << text;
    EXPECT_THAT(manifest.error().message, HasSubstr(message)) << text;
  }
}

TEST(Manifest, CalibrationAndGuaranteesReadBack) {
  const TemporaryDirectory dir;
  Manifest manifest;
  manifest.source =
      R"({"calibration": {"x-note": 1, "scale": [1], "fitted_on": {"who": "me"}}, "abstain": {"why": "x"}})";
  manifest.thresholds = {.strict = .2, .moderate = .4, .lenient = .9, .labels = {{"spam", .25}}};
  manifest.thresholds.labels_strict = {{"spam", .2}};
  manifest.thresholds.labels_lenient = {{"spam", .3}};
  manifest.thresholds.guarantee = {
      .max_fpr = .02, .lenient_max_fpr = .012, .confidence = .95, .texts = 200, .source = "a.tsv", .weights = "int8"};
  manifest.abstain = {.max_error = .01,
                      .strict = static_cast<double>(.1f),
                      .moderate = static_cast<double>(.7f),
                      .lenient = 1,
                      .texts = 300,
                      .source = "b.tsv",
                      .weights = "f32"};
  for (const Calibration& calibration :
       {Calibration{.temperatures = {1.5, 2}},
        Calibration{.method = CalibrationMethod::kVector, .scale = {1, 2}, .bias = {0, -1. / 3}},
        Calibration{.method = CalibrationMethod::kIsotonic, .curves = {{{-1, 1. / 3}, {0, 1}}, {{0}, {.5}}}}}) {
    manifest.calibration = {.calibration = calibration,
                            .texts = 300,
                            .sha256 = "ab",
                            .source = "a.tsv",
                            .measured = "on others",
                            .before = CalibrationMetrics{.4, .1, .11, .2},
                            .after = CalibrationMetrics{.3, .01, .02, .1}};
    ASSERT_TRUE(WriteManifest(dir.path(), manifest));
    const auto read = ReadManifest(dir.path());
    ASSERT_TRUE(read) << read.error().Text();
    EXPECT_EQ(CalibrationOf(*read), calibration);
    EXPECT_EQ(read->calibration->texts, 300);
    EXPECT_EQ(read->calibration->source, "a.tsv");
    EXPECT_EQ(read->calibration->measured, "on others");
    EXPECT_EQ(read->calibration->before->nll, .4);
    EXPECT_EQ(read->calibration->after->adaptive_ece, .02);
    EXPECT_EQ(read->thresholds.labels_strict, manifest.thresholds.labels_strict);
    EXPECT_EQ(read->thresholds.labels_lenient, manifest.thresholds.labels_lenient);
    EXPECT_EQ(read->thresholds.guarantee->lenient_max_fpr, .012);
    EXPECT_EQ(read->thresholds.guarantee->weights, "int8");
    EXPECT_EQ(static_cast<float>(read->abstain->moderate), .7f);
    EXPECT_EQ(read->abstain->source, "b.tsv");
    EXPECT_THAT(read->source, HasSubstr("x-note"));
    EXPECT_THAT(read->source, HasSubstr("who"));
    EXPECT_THAT(read->source, HasSubstr("why"));
    EXPECT_EQ(ParsedJson(read->source)["calibration"].contains("scale"),
              calibration.method == CalibrationMethod::kVector);
  }
  manifest.calibration.reset();
  manifest.abstain.reset();
  manifest.thresholds.guarantee.reset();
  ASSERT_TRUE(WriteManifest(dir.path(), manifest));
  const auto plain = ReadManifest(dir.path());
  EXPECT_FALSE(plain->calibration);
  EXPECT_FALSE(plain->abstain);
  EXPECT_FALSE(plain->thresholds.guarantee);
}

TEST(Manifest, HostileCalibrationIsRefused) {
  for (const char* text : {R"({"calibration":[]})",
                           R"({"calibration":"temperature"})",
                           R"({"calibration":{"method":"magic"}})",
                           R"({"calibration":{"method":7}})",
                           R"({"calibration":{"temperatures":[1,0]}})",
                           R"({"calibration":{"temperatures":[1,-2]}})",
                           R"({"calibration":{"temperatures":["1"]}})",
                           R"({"calibration":{"temperatures":{"a":1}}})",
                           R"({"calibration":{"temperatures":[1e999]}})",
                           R"({"calibration":{"method":"vector"}})",
                           R"({"calibration":{"method":"vector","scale":[1],"bias":[0,1]}})",
                           R"({"calibration":{"method":"vector","scale":[0],"bias":[0]}})",
                           R"({"calibration":{"scale":[1],"bias":[0]}})",
                           R"({"calibration":{"method":"isotonic"}})",
                           R"({"calibration":{"method":"isotonic","points":[[]]}})",
                           R"({"calibration":{"method":"isotonic","points":[[0,1]]}})",
                           R"({"calibration":{"method":"isotonic","points":[[[0,1,2]]]}})",
                           R"({"calibration":{"method":"isotonic","points":[[[0,0],[0,1]]]}})",
                           R"({"calibration":{"method":"isotonic","points":[[[0,1],[1,0.5]]]}})",
                           R"({"calibration":{"method":"isotonic","points":[[[0,2]]]}})",
                           R"({"calibration":{"fitted_on":[]}})",
                           R"({"calibration":{"fitted_on":{"texts":"many"}}})",
                           R"({"calibration":{"before":{"nll":"low"}}})",
                           R"({"thresholds":{"labels_strict":{"a":2}}})",
                           R"({"thresholds":{"labels_lenient":{"a":"x"}}})",
                           R"({"thresholds":{"promise":3}})",
                           R"({"thresholds":{"promise":{"max_fpr":-1}}})",
                           R"({"abstain":[]})",
                           R"({"abstain":{"max_error":0.01}})",
                           R"({"abstain":{"below":{"moderate":1.5}}})",
                           R"({"abstain":{"max_error":7,"below":{}}})"}) {
    const auto manifest = ParseManifest(text, "winnow.json");
    ASSERT_FALSE(manifest) << text;
    EXPECT_EQ(manifest.error().code, ErrorCode::kInvalidModel) << text;
    EXPECT_THAT(manifest.error().message, HasSubstr("winnow.json: ")) << text;
  }
}

TEST(Manifest, DamagedCalibrationNeverCrashes) {
  const std::string good =
      R"({"temperature":1,"calibration":{"method":"isotonic","points":[[[-1,0.1],[2,0.9]],[[0,0.5]]],"fitted_on":{"texts":3}},)"
      R"("thresholds":{"labels_strict":{"a":0.1},"promise":{"max_fpr":0.02}},"abstain":{"max_error":0.01,"below":{"strict":0.5}}})";
  ASSERT_TRUE(ParseManifest(good, "winnow.json"));
  for (size_t length = 0; length < good.size(); ++length) EXPECT_FALSE(ParseManifest(good.substr(0, length), "x"));
  for (size_t i = 0; i < good.size(); ++i) {
    for (const char flip : {'\x01', '\x10', '\x40'}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      const auto manifest = ParseManifest(bad, "x");
      EXPECT_TRUE(!manifest || CheckCalibration(CalibrationOf(*manifest)));
    }
  }
}

TEST(Manifest, RecognizesSemanticVersions) {
  for (const char* good : {"0.0.0", "1.2.3", "10.20.30", "1.0.0-alpha.1", "1.0.0-0a", "1.0.0+001", "1.0.0-x-y+b.7"})
    EXPECT_TRUE(IsSemanticVersion(good)) << good;
  for (const char* bad :
       {"", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.x", "1.2.3-", "1.2.3-01", "1.2.3+", "1..3", "v1.2.3", "1.2.3-a..b"})
    EXPECT_FALSE(IsSemanticVersion(bad)) << bad;
}

TEST(Manifest, FindsThePositiveLabel) {
  EXPECT_EQ(DefaultPositiveLabel({"ham", "spam"}), "spam");
  EXPECT_EQ(DefaultPositiveLabel({"Hate_Speech", "Neutral"}), "Hate_Speech");
  EXPECT_EQ(DefaultPositiveLabel({"a", "b"}), "b");
  EXPECT_EQ(DefaultPositiveLabel({"a", "b", "spam"}), "");
}

TEST(VerifyBundle, SealedBundleIsWhole) {
  const TemporaryDirectory dir;
  MakeBundle(dir.path());
  std::filesystem::create_directories(dir.path() / "checkpoint-3");
  std::ofstream(dir.path() / "checkpoint-3" / "x") << "x";
  ASSERT_TRUE(SealBundle(dir.path(), Manifest{}));
  const auto report = VerifyBundle(dir.path());
  ASSERT_TRUE(report) << report.error().Text();
  EXPECT_TRUE(report->ok());
  EXPECT_TRUE(report->has_manifest);
  EXPECT_EQ(report->checked, 3);
  EXPECT_THAT(report->unlisted, IsEmpty());
  EXPECT_TRUE(RequireVerified(dir.path()));
}

TEST(VerifyBundle, ReportsChangedMissingAndAddedFiles) {
  const TemporaryDirectory dir;
  MakeBundle(dir.path());
  ASSERT_TRUE(SealBundle(dir.path(), Manifest{}));
  std::fstream weights(dir.path() / "model.safetensors", std::ios::in | std::ios::out | std::ios::binary);
  weights.seekp(-1, std::ios::end);
  weights.put('\x7f');
  weights.close();
  std::filesystem::remove(dir.path() / "labels.json");
  std::ofstream(dir.path() / "notes.txt") << "x";
  const auto report = VerifyBundle(dir.path());
  ASSERT_TRUE(report) << report.error().Text();
  EXPECT_FALSE(report->ok());
  EXPECT_THAT(report->changed, ElementsAre("model.safetensors"));
  EXPECT_THAT(report->missing, ElementsAre("labels.json"));
  EXPECT_THAT(report->unlisted, ElementsAre("notes.txt"));
  const auto required = RequireVerified(dir.path());
  ASSERT_FALSE(required);
  EXPECT_THAT(required.error().message, HasSubstr("changed: model.safetensors; missing: labels.json"));
}

TEST(VerifyBundle, PlainDirectoryIsCheckedForItsForm) {
  const TemporaryDirectory dir;
  MakeBundle(dir.path());
  const auto report = VerifyBundle(dir.path());
  ASSERT_TRUE(report) << report.error().Text();
  EXPECT_FALSE(report->has_manifest);
  EXPECT_EQ(report->unlisted.size(), 3u);
  std::filesystem::resize_file(dir.path() / "model.safetensors", 20);
  EXPECT_EQ(VerifyBundle(dir.path()).error().code, ErrorCode::kInvalidModel);
  EXPECT_EQ(VerifyBundle(dir.path() / "none").error().code, ErrorCode::kNotFound);
}

TEST(Labels, EveryFormIsRead) {
  const TemporaryDirectory dir;
  const auto path = dir.path() / "labels.json";
  for (const char* text : {R"(["ham","spam"])", R"({"classes":["ham","spam"]})",
                           R"({"id2label":{"0":"ham","1":"spam"}})", R"({"label2id":{"ham":0,"spam":1}})"}) {
    ASSERT_TRUE(WriteFileAtomically(path, text));
    EXPECT_THAT(ReadLabelsFile(path).value(), ElementsAre("ham", "spam")) << text;
  }
  // Labels of a data frame that are numbers or truth values.
  ASSERT_TRUE(WriteFileAtomically(path, R"({"id2label":{"0":0,"1":1.5,"2":true}})"));
  EXPECT_THAT(ReadLabelsFile(path).value(), ElementsAre("0", "1.5", "True"));
  ASSERT_TRUE(WriteLabelsFile(path, std::vector<std::string>{"b", "a"}));
  EXPECT_THAT(ReadLabelsFile(path).value(), ElementsAre("b", "a"));
}

TEST(Labels, DisagreeingAndBrokenFormsAreRefused) {
  const TemporaryDirectory dir;
  const auto path = dir.path() / "labels.json";
  for (const char* text : {R"([])", R"({})", R"(["a","a"])", R"([""])", R"([null])", R"([1,"1"])", R"("a")",
                           R"({"classes":["a","b"],"label2id":{"b":0,"a":1}})", R"({"label2id":{"a":0,"b":0}})",
                           R"({"label2id":{"a":1}})", R"({"id2label":{"1":"a"}})", R"({"classes":{"a":1}})"}) {
    ASSERT_TRUE(WriteFileAtomically(path, text));
    const auto labels = ReadLabelsFile(path);
    ASSERT_FALSE(labels) << text;
    EXPECT_EQ(labels.error().code, ErrorCode::kInvalidModel);
  }
}

}  // namespace
}  // namespace winnow
