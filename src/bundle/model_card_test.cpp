#include "bundle/model_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "bundle/directory.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

TrainingInfo Info() {
  TrainingInfo info;
  info.base_model_id = "minilm";
  info.classes = {"ham", "sp`am|"};
  info.label_counts = {70, 30};
  info.sample_count = 100;
  info.test_count = 20;
  info.metrics = {{"accuracy", 0.95}, {"f1_macro", 0.9}, {"roc_auc", nullptr}};
  info.metrics_of = "test";
  info.intervals = {{"accuracy", Json::array({0.9, 0.98})}, {"f1_macro", nullptr}};
  info.data_sha256 = "abc123";
  return info;
}

Manifest ManifestOfSpam() {
  Manifest manifest;
  manifest.name = "spam: \"the\" model";
  manifest.version = "1.2.0";
  manifest.positive_label = "sp`am|";
  return manifest;
}

/// A directory with winnow.json and training_info.json.
void WriteBundle(const fs::path& dir) {
  fs::create_directories(dir);
  ASSERT_TRUE(WriteTrainingInfo(dir, Info()));
  ASSERT_TRUE(WriteModelCard(dir, ManifestOfSpam()));
  ASSERT_TRUE(SealBundle(dir, ManifestOfSpam()));
}

TEST(ModelCard, HasTheMetadataOfTheHub) {
  const std::string card = ModelCard(ManifestOfSpam(), Info());
  EXPECT_TRUE(card.starts_with("---\nlicense: apache-2.0\nlanguage:\n- en\nlibrary_name: transformers\n"));
  EXPECT_THAT(card, HasSubstr("base_model: sentence-transformers/all-MiniLM-L6-v2\n"));
  EXPECT_THAT(card, HasSubstr("- name: \"spam: \\\"the\\\" model\"\n"));
  EXPECT_THAT(card, HasSubstr("    - type: accuracy\n      name: Accuracy\n      value: 0.95\n"));
  EXPECT_THAT(card, HasSubstr("| Accuracy | 95.00 % | 90.00 to 98.00 % |"));
  EXPECT_THAT(card, HasSubstr("| `sp'am/` | 30 |"));
  EXPECT_THAT(card, HasSubstr("On the test part, which was not used for training or model selection:"));
  EXPECT_THAT(card, Not(HasSubstr("ROC-AUC")));
  EXPECT_THAT(card, HasSubstr("The thresholds have no guarantee."));
}

TEST(ModelCard, StatesTheGuarantee) {
  Manifest manifest = ManifestOfSpam();
  manifest.kind = "lr";
  manifest.thresholds.guarantee =
      FprGuarantee{.max_fpr = 0.02, .lenient_max_fpr = 0.00501961234, .confidence = 0.95, .texts = 300};
  const std::string card = ModelCard(manifest, Info());
  EXPECT_THAT(
      card, HasSubstr("false-positive rate is at most 2 %, in the lenient mode at most 0.502 %, with 95 % confidence"));
  EXPECT_TRUE(card.starts_with("---\nlicense: unknown\nlibrary_name: winnow\n")) << "a linear model has no base model";
}

TEST(ModelCard, SaysThatTheMetricsAreThoseOfFormerThresholds) {
  TrainingInfo info = Info();
  Manifest manifest = ManifestOfSpam();
  const std::string_view sentence = "The metrics above were measured with";
  manifest.thresholds.moderate = 0.99;
  EXPECT_THAT(ModelCard(manifest, info), Not(HasSubstr(sentence))) << "the thresholds of the metrics are not known";
  info.decision_thresholds = {{"moderate", 0.5}, {"labels", Json::object()}};
  EXPECT_THAT(ModelCard(manifest, info),
              HasSubstr("\n\nThe metrics above were measured with a decision threshold of 0.5, not with the present "
                        "thresholds.\n\n## Calibration"));
  manifest.thresholds.moderate = 0.5;
  EXPECT_THAT(ModelCard(manifest, info), Not(HasSubstr(sentence)));
  manifest.thresholds.labels = {{"a", 0.25}, {"b", 0.5}};
  EXPECT_THAT(ModelCard(manifest, info), HasSubstr("decision threshold of 0.5, not with the present"));
  info.decision_thresholds["labels"] = {{"a", 0.25}, {"b", 0.5}};
  EXPECT_THAT(ModelCard(manifest, info), Not(HasSubstr(sentence)));
  manifest.thresholds.labels["b"] = 0.75;
  EXPECT_THAT(ModelCard(manifest, info), HasSubstr("with other decision thresholds than the present ones."));
}

TEST(ModelCard, AnEditedOneIsRecognized) {
  std::string card = ModelCard(ManifestOfSpam(), Info());
  EXPECT_TRUE(IsUneditedCard(card));
  EXPECT_FALSE(IsUneditedCard(card + " "));
  card[card.find("apache")] = 'A';
  EXPECT_FALSE(IsUneditedCard(card));
  EXPECT_FALSE(IsUneditedCard("# My model\n"));
  EXPECT_FALSE(IsUneditedCard(""));
}

TEST(ModelCard, FollowsTheManifestUnlessPeopleHaveEditedIt) {
  const TemporaryDirectory dir;
  WriteBundle(dir.path());
  Manifest manifest = *ReadManifest(dir.path());
  EXPECT_FALSE(manifest.sha256.contains(kCardFile)) << "the digests do not cover it";
  manifest.version = "1.3.0";
  ASSERT_TRUE(WriteManifest(dir.path(), manifest));
  EXPECT_THAT(*ReadFile(dir.path() / kCardFile), HasSubstr("- Version: 1.3.0"));
  ASSERT_TRUE(WriteFileAtomically(dir.path() / kCardFile, "# Ours\n"));
  manifest.version = "1.4.0";
  ASSERT_TRUE(WriteManifest(dir.path(), manifest));
  EXPECT_EQ(*ReadFile(dir.path() / kCardFile), "# Ours\n");
  EXPECT_TRUE(RequireVerified(dir.path()));
  fs::remove(dir.path() / kCardFile);
  ASSERT_TRUE(WriteManifest(dir.path(), manifest));
  EXPECT_FALSE(fs::exists(dir.path() / kCardFile)) << "who removed it does not want it";
}

TEST(ModelCard, ThatOfPeopleStaysWhenTheModelIsReplaced) {
  const TemporaryDirectory dir;
  const fs::path model = dir.path() / "model";
  for (const bool own : {false, true}) {
    WriteBundle(model);
    if (own) {
      ASSERT_TRUE(WriteFileAtomically(model / kCardFile, "# Ours\n"));
    }
    EXPECT_EQ(InspectTarget(model)->kind, TargetKind::kWinnowModel);
    Result<BundleWriter> writer = BundleWriter::Begin(model, /*overwrite=*/false);
    ASSERT_TRUE(writer);
    TrainingInfo info = Info();
    info.sample_count = 4711;
    ASSERT_TRUE(WriteTrainingInfo(writer->path(), info));
    ASSERT_TRUE(WriteModelCard(writer->path(), ManifestOfSpam()));
    ASSERT_TRUE(SealBundle(writer->path(), ManifestOfSpam()));
    ASSERT_TRUE(writer->Commit());
    EXPECT_EQ(ReadTrainingInfo(model)->sample_count, 4711u);
    EXPECT_THAT(*ReadFile(model / kCardFile), HasSubstr(own ? "# Ours\n" : "| training | 4711 |"));
    EXPECT_EQ(HasOwnCard(model), own);
  }
}

TEST(ModelCard, ADirectoryWithoutAModelIsNotOurs) {
  const TemporaryDirectory dir;
  ASSERT_TRUE(WriteFileAtomically(dir.path() / kCardFile, "# A project\n"));
  EXPECT_EQ(InspectTarget(dir.path())->kind, TargetKind::kOther);
}

}  // namespace
}  // namespace winnow
