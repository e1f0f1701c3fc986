#include "registry/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/files.h"
#include "base/json.h"
#include "bundle/model_version.h"
#include "support/error_of.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RegistryTest : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return dir_.path() / name; }

  /// Writes a bundle of a linear model, whose weights are a text.
  fs::path Bundle(const std::string& weights, const std::string& version = "1.0.0",
                  const std::string& labels = R"(["ham", "spam"])") {
    const fs::path bundle = path("bundle");
    fs::remove_all(bundle);
    fs::create_directories(bundle / "onnx");
    Write(bundle / "linear.bin", weights);
    Write(bundle / "labels.json", labels);
    Write(bundle / "training_info.json",
          R"({"metrics": {"f1_macro": 0.9}, "data_sha256": "abc", "winnow_version": "0.1"})");
    Write(bundle / "onnx/model_metadata.json", DumpJson({{"name", "spam"}, {"version", version}}));
    Manifest manifest;
    manifest.name = "spam";
    manifest.kind = "lr";
    manifest.version = version;
    EXPECT_TRUE(SealBundle(bundle, manifest));
    fs::create_directories(bundle / "checkpoint-1");
    Write(bundle / "checkpoint-1/weights", "secret");
    Write(bundle / "notes.tmp", "not of the model");
    return bundle;
  }
  static void Write(const fs::path& file, const std::string& text) { ASSERT_TRUE(WriteFileAtomically(file, text)); }

  std::unique_ptr<Registry> Open() {
    auto registry = Registry::Open({.url = path("registry").string(), .actor = "anna", .create = true, .now = [this] {
                                      return StoreNow() + later_;
                                    }});
    EXPECT_TRUE(registry) << registry.error().Text();
    return registry ? *std::move(registry) : nullptr;
  }
  std::vector<std::string> Files(const std::string& below) const {
    std::vector<std::string> files;
    std::error_code error;
    for (const auto& entry : fs::recursive_directory_iterator(path(below), error)) {
      if (entry.is_regular_file()) files.push_back(entry.path().lexically_relative(path(below)).generic_string());
    }
    std::ranges::sort(files);
    return files;
  }

  TemporaryDirectory dir_;
  std::chrono::hours later_{0};
};

TEST_F(RegistryTest, AVersionComesOutAsItWentIn) {
  const auto registry = Open();
  const fs::path bundle = Bundle("weights");
  const Pushed pushed = registry->Push({.bundle = bundle, .alias = "champion", .parent = "0.9.0"}).value();
  EXPECT_TRUE(pushed.added);
  EXPECT_EQ(pushed.version.version, "1.0.0");
  EXPECT_EQ(pushed.alias->row.version, "1.0.0");
  EXPECT_THAT(Files("registry/artifacts/spam/1.0.0"),
              ElementsAre("MODEL_VERSION.json", "README.md", "labels.json", "linear.bin", "onnx/model_metadata.json",
                          "training_info.json", "winnow.json"))
      << "neither checkpoints nor files that the manifest does not list";
  const ModelVersion shown = registry->Show("spam").value();
  EXPECT_EQ(shown.data_sha256, "abc");
  EXPECT_EQ(shown.parent, "0.9.0");
  EXPECT_EQ(shown.code_version, "0.1");
  EXPECT_EQ(shown.labels, (std::vector<std::string>{"ham", "spam"}));
  EXPECT_EQ(shown.metrics, R"({"f1_macro":0.9})");
  EXPECT_EQ(shown.pushed_by, "anna");
  ASSERT_TRUE(registry->Pull(shown, path("out"), false));
  EXPECT_TRUE(VerifyBundle(path("out")).value().ok());
  for (const char* file : {"winnow.json", "linear.bin", "onnx/model_metadata.json"})
    EXPECT_EQ(ReadFile(path("out") / file).value(), ReadFile(bundle / file).value()) << file;
}

TEST_F(RegistryTest, VersionsAreImmutableAndPushesAreRepeatable) {
  const auto registry = Open();
  ASSERT_TRUE(registry->Push({.bundle = Bundle("a")}));
  EXPECT_FALSE(registry->Push({.bundle = Bundle("a")}).value().added);
  const Error error = ErrorOf(registry->Push({.bundle = Bundle("b")}));
  EXPECT_EQ(error.code, ErrorCode::kExists);
  EXPECT_THAT(error.hint, HasSubstr("--bump"));
  const Pushed bumped = registry->Push({.bundle = Bundle("b"), .bump = Bump::kAuto}).value();
  EXPECT_EQ(bumped.version.version, "1.1.0");
  EXPECT_EQ(registry->NextVersion(bumped.version).value(), "1.2.0");
  const Pushed again = registry->Push({.bundle = Bundle("b"), .bump = Bump::kAuto}).value();
  EXPECT_FALSE(again.added) << "these contents are 1.1.0 already";
  EXPECT_EQ(again.version.version, "1.1.0");
  EXPECT_EQ(registry->Push({.bundle = Bundle("c"), .bump = Bump::kPatch}).value().version.version, "1.1.1");
  EXPECT_EQ(registry->Push({.bundle = Bundle("d", "1.0.0", R"(["ham", "spam", "other"])"), .bump = Bump::kAuto})
                .value()
                .version.version,
            "2.0.0")
      << "other labels";
  ASSERT_TRUE(registry->Pull(registry->Show("spam:1.1.0").value(), path("out"), false));
  EXPECT_EQ(ReadManifest(path("out")).value().version, "1.1.0");
  EXPECT_TRUE(VerifyBundle(path("out")).value().ok());
  EXPECT_THAT(ReadFile(path("out") / "MODEL_VERSION.json").value(), HasSubstr("\"spam\": \"1.1.0\""));
  EXPECT_THAT(ReadFile(path("out") / "onnx/model_metadata.json").value(), HasSubstr("1.1.0"));
}

TEST_F(RegistryTest, RefusesABundleThatIsNotWhatItsManifestSays) {
  const auto registry = Open();
  const fs::path bundle = Bundle("a");
  Write(bundle / "linear.bin", "changed");
  EXPECT_EQ(ErrorOf(registry->Push({.bundle = bundle})).code, ErrorCode::kInvalidModel);
  EXPECT_EQ(ErrorOf(registry->Push({.bundle = path("none")})).code, ErrorCode::kNotFound);
  const Error error = ErrorOf(registry->Push({.bundle = Bundle("a"), .name = "../spam"}));
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(registry->List().value(), IsEmpty());
}

TEST_F(RegistryTest, ADirectoryOfHuggingFaceGetsAManifest) {
  const fs::path model = path("model");
  fs::create_directories(model / "runs");
  Write(model / "config.json",
        R"({"model_type": "bert", "architectures": ["BertForSequenceClassification"], "vocab_size": 8, "hidden_size": 4,
            "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8, "max_position_embeddings": 16,
            "id2label": {"0": "ham", "1": "spam"}, "label2id": {"ham": 0, "spam": 1}})");
  Write(model / "vocab.txt", "[PAD]\n");
  const std::string header = "{}";
  Write(model / "model.safetensors", std::string("\x02\0\0\0\0\0\0\0", 8) + header);
  Write(model / "optimizer.pt", "state");
  Write(model / "runs/events", "log");
  const auto registry = Open();
  const Pushed pushed = registry->Push({.bundle = model}).value();
  EXPECT_EQ(pushed.version.version, "1.0.0");
  EXPECT_EQ(pushed.version.name, "model");
  EXPECT_THAT(pushed.version.architecture, HasSubstr("bert 1 layers"));
  EXPECT_THAT(Files("registry/artifacts/model/1.0.0"), ElementsAre("MODEL_VERSION.json", "README.md", "config.json",
                                                                   "model.safetensors", "vocab.txt", "winnow.json"));
  EXPECT_FALSE(registry->Push({.bundle = model}).value().added);
  EXPECT_FALSE(fs::exists(model / "winnow.json")) << "the directory itself does not change";
}

TEST_F(RegistryTest, PromotesRollsBackAndRemembers) {
  const auto registry = Open();
  for (const char* weights : {"a", "b", "c"})
    ASSERT_TRUE(registry->Push({.bundle = Bundle(weights), .bump = Bump::kAuto}));
  EXPECT_THAT(ErrorOf(registry->Show("spam")).message, HasSubstr("spam@champion does not exist"));
  EXPECT_EQ(ErrorOf(registry->Rollback({.name = "spam"})).code, ErrorCode::kNotFound);
  ASSERT_TRUE(registry->Promote({.name = "spam", .version = "1.0.0"}));
  ASSERT_TRUE(registry->Promote({.name = "spam", .version = "1.1.0", .reason = "better", .expect = "1.0.0"}));
  EXPECT_EQ(ErrorOf(registry->Promote({.name = "spam", .version = "1.2.0", .expect = "1.0.0"})).code,
            ErrorCode::kExists);
  EXPECT_EQ(ErrorOf(registry->Promote({.name = "spam", .version = "9.0.0"})).code, ErrorCode::kNotFound);
  EXPECT_THAT(ErrorOf(registry->Promote({.name = "spma", .version = "1.0.0"})).hint, HasSubstr("spam"));
  const StoreTime before = StoreNow();
  later_ = std::chrono::hours(1);
  EXPECT_EQ(registry->Rollback({.name = "spam", .reason = "complaints"}).value().row.version, "1.0.0");
  EXPECT_EQ(registry->Show("spam").value().version, "1.0.0");
  const auto history = registry->History("spam", kChampion, 10).value();
  ASSERT_EQ(history.size(), 3u);
  EXPECT_EQ(history[0].reason, "complaints");
  EXPECT_EQ(history[0].from_version, "1.1.0");
  EXPECT_EQ(registry->At("spam", kChampion, before).value().at(0).version, "1.1.0");
  ASSERT_TRUE(registry->RemoveAlias("spam", kChampion, ""));
  EXPECT_THAT(registry->Aliases("spam").value(), IsEmpty());
  EXPECT_EQ(registry->List().value().at(0).highest, "1.2.0");
  std::vector<std::string> actions;
  const auto audit = registry->store().ListAudit({}).value();
  for (const auto& entry : audit) actions.push_back(entry.entry.action);
  EXPECT_THAT(actions, ElementsAre("registry.push", "registry.push", "registry.push", "registry.promote",
                                   "registry.promote", "registry.rollback", "registry.remove_alias"));
}

TEST_F(RegistryTest, CollectsWhatNobodyUses) {
  const auto registry = Open();
  for (const char* weights : {"a", "b", "c", "d", "e"})
    ASSERT_TRUE(registry->Push({.bundle = Bundle(weights), .bump = Bump::kAuto}));
  ASSERT_TRUE(registry->Promote({.name = "spam", .version = "1.1.0"}));
  const CollectRequest request{.keep = 1, .keep_time = std::chrono::hours(48)};
  EXPECT_THAT(registry->Collect(request).value().versions, IsEmpty()) << "all were pushed lately";
  later_ = std::chrono::hours(72);
  CollectRequest dry = request;
  dry.dry_run = true;
  EXPECT_EQ(registry->Collect(dry).value().versions.size(), 3u);
  EXPECT_EQ(registry->Versions("spam").value().size(), 5u);
  const Collected collected = registry->Collect(request).value();
  EXPECT_EQ(collected.versions.size(), 3u);
  std::vector<std::string> left;
  const auto versions = registry->Versions("spam").value();
  for (const ModelVersion& version : versions) left.push_back(version.version);
  EXPECT_THAT(left, ElementsAre("1.4.0", "1.1.0")) << "the newest, and the champion";
  EXPECT_FALSE(fs::exists(path("registry/artifacts/spam/1.0.0")));
  EXPECT_TRUE(fs::exists(path("registry/artifacts/spam/1.1.0/linear.bin")));
  EXPECT_EQ(collected.orphans.size(), 0u);
}

TEST_F(RegistryTest, CollectsEachModelByItselfAndInTheOrderOfPushes) {
  const auto registry = Open();
  // The highest version is the oldest one.
  for (const char* const version : {"1.2.0", "1.0.0", "1.1.0"}) {
    for (const char* const name : {"mail", "spam"})
      ASSERT_TRUE(registry->Push({.bundle = Bundle(version, version), .name = name}));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // times are milliseconds
  }
  const auto left = [&](const std::string& name) {
    std::vector<std::string> versions;
    const std::vector<ModelVersion> all = registry->Versions(name).value();
    for (const ModelVersion& version : all) versions.push_back(version.version);
    std::ranges::sort(versions);
    return versions;
  };
  const std::chrono::hours none(0);
  later_ = std::chrono::hours(23);
  EXPECT_THAT(registry->Collect({.keep = 0, .keep_time = none}).value().versions, IsEmpty())
      << "what was pushed within a day stays, whatever is asked for";
  later_ = std::chrono::hours(25);
  EXPECT_EQ(ErrorOf(registry->Collect({.keep = -1})).code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(registry->Collect({.keep = 4, .keep_time = none}).value().versions, IsEmpty());
  EXPECT_EQ(registry->Collect({.name = "spam", .keep = 1, .keep_time = none}).value().versions.size(), 2u);
  EXPECT_THAT(left("spam"), ElementsAre("1.1.0"));
  EXPECT_EQ(left("mail").size(), 3u) << "another model";
  EXPECT_EQ(registry->Collect({.keep = 2, .keep_time = none}).value().versions.size(), 1u);
  EXPECT_THAT(left("mail"), ElementsAre("1.0.0", "1.1.0")) << "each model keeps its newest versions";
  EXPECT_THAT(left("spam"), ElementsAre("1.1.0"));
}

TEST_F(RegistryTest, WhatAKilledPushLeftIsOutOfTheWayAndIsRemovedAfterADay) {
  const auto registry = Open();
  fs::create_directories(path("registry/artifacts/spam/1.0.0"));
  Write(path("registry/artifacts/spam/1.0.0/linear.bin"), "other contents");
  fs::create_directories(path("registry/artifacts/other/data"));
  Write(path("registry/artifacts/other/data/file"), "of another program");
  const Pushed pushed = registry->Push({.bundle = Bundle("a")}).value();
  EXPECT_THAT(pushed.version.uri, testing::StartsWith("spam/1.0.0~"));
  ASSERT_TRUE(registry->Pull(registry->Show("spam:1.0.0").value(), path("out"), false));
  EXPECT_THAT(registry->Collect({}).value().orphans, IsEmpty());
  later_ = std::chrono::hours(25);
  const Collected collected = registry->Collect({}).value();
  std::vector<std::string> keys;
  for (const ArtifactEntry& entry : collected.orphans) keys.push_back(entry.key);
  EXPECT_THAT(keys, ElementsAre("spam/1.0.0/MODEL_VERSION.json", "spam/1.0.0/README.md", "spam/1.0.0/labels.json",
                                "spam/1.0.0/linear.bin"))
      << "also what the push stored before it met the other contents";
  EXPECT_TRUE(fs::exists(path("registry/artifacts/other/data/file")));
  ASSERT_TRUE(registry->Pull(registry->Show("spam:1.0.0").value(), path("out"), false));
}

TEST_F(RegistryTest, APushAfterARemovalOfFilesWithoutAVersionUsesOtherKeys) {
  const auto registry = Open();
  fs::create_directories(path("registry/artifacts/spam/1.0.0"));
  Write(path("registry/artifacts/spam/1.0.0/linear.bin"), "a");
  later_ = std::chrono::hours(25);
  EXPECT_EQ(registry->Collect({}).value().orphans.size(), 1u);
  later_ = std::chrono::hours(0);
  const Pushed pushed = registry->Push({.bundle = Bundle("a")}).value();
  EXPECT_THAT(pushed.version.uri, testing::StartsWith("spam/1.0.0~"))
      << "another process that collects may have the former keys on its list";
  EXPECT_EQ(registry->store().ListAudit({.action = "registry.remove_files"}).value().size(), 1u);
  EXPECT_EQ(registry->Push({.bundle = Bundle("b", "1.1.0")}).value().version.uri, "spam/1.1.0/");
}

TEST_F(RegistryTest, ARemovalThatGoesOnLateDoesNotReachWhatWasPushedAgain) {
  const auto registry = Open();
  for (const char* version : {"1.0.0", "1.1.0"}) ASSERT_TRUE(registry->Push({.bundle = Bundle("a", version)}));
  const auto former = Files("registry/artifacts/spam/1.0.0");
  later_ = std::chrono::hours(72);
  const CollectRequest request{.keep = 1, .keep_time = std::chrono::hours(48)};
  ASSERT_EQ(registry->Collect(request).value().versions.size(), 1u);
  later_ = std::chrono::hours(0);
  const Pushed pushed = registry->Push({.bundle = Bundle("a", "1.0.0")}).value();
  EXPECT_TRUE(pushed.added);
  EXPECT_THAT(pushed.version.uri, testing::StartsWith("spam/1.0.0~"));
  // What another removal of the former version, which was suspended, still has on its list.
  for (const std::string& file : former) fs::remove(path("registry/artifacts/spam/1.0.0") / file);
  ASSERT_TRUE(registry->Pull(registry->Show("spam:1.0.0").value(), path("out"), false));
  EXPECT_EQ(registry->Push({.bundle = Bundle("b", "1.2.0")}).value().version.uri, "spam/1.2.0/") << "never removed";
}

TEST_F(RegistryTest, RefusesOtherBytesAndKeepsTheFormerDirectory) {
  const auto registry = Open();
  ASSERT_TRUE(registry->Push({.bundle = Bundle("a")}));
  const ModelVersion version = registry->Show("spam:1.0.0").value();
  ASSERT_TRUE(registry->Pull(version, path("out"), false));
  Write(path("registry/artifacts/spam/1.0.0/linear.bin"), "b");
  EXPECT_EQ(ErrorOf(registry->Pull(version, path("out"), false)).code, ErrorCode::kInvalidData);
  EXPECT_EQ(ReadFile(path("out/linear.bin")).value(), "a");
  fs::remove(path("registry/artifacts/spam/1.0.0/linear.bin"));
  EXPECT_EQ(ErrorOf(registry->Pull(version, path("out"), false)).code, ErrorCode::kNotFound);
  ModelVersion hostile = version;
  hostile.files[0].path = "../../escaped";
  EXPECT_FALSE(registry->Pull(hostile, path("out"), false));
  EXPECT_FALSE(fs::exists(path("escaped")));
  EXPECT_EQ(ReadFile(path("out/linear.bin")).value(), "a");
}

TEST_F(RegistryTest, PushesAtTheSameTimeGetVersionsOfTheirOwn) {
  std::vector<fs::path> bundles;
  for (int i = 0; i < 4; ++i) {
    bundles.push_back(path("bundle" + std::to_string(i)));
    fs::rename(Bundle("weights " + std::to_string(i)), bundles.back());
  }
  const auto registry = Open();
  std::vector<std::thread> threads;
  for (const fs::path& bundle : bundles) {
    threads.emplace_back([&registry, bundle] {
      const auto pushed = registry->Push({.bundle = bundle, .bump = Bump::kAuto});
      EXPECT_TRUE(pushed) << pushed.error().Text();
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto versions = registry->Versions("spam").value();
  ASSERT_EQ(versions.size(), 4u);
  for (const ModelVersion& listed : versions)
    EXPECT_TRUE(registry->Pull(registry->Show("spam:" + listed.version).value(), path("out"), false)) << listed.version;
}

TEST(RegistryPlaces, AreADirectoryOrAStoreWithArtifacts) {
  EXPECT_EQ(PlacesOf("dir", "").value().artifacts, "dir/artifacts");
  EXPECT_EQ(PlacesOf("file:///srv/registry", "").value().store, "/srv/registry/registry.db");
  EXPECT_EQ(PlacesOf("dir", "s3://bucket/").value().artifacts, "s3://bucket/");
  EXPECT_EQ(PlacesOf("postgresql://host/db", "s3://bucket/").value().store, "postgresql://host/db");
  for (const char* url : {"", "postgresql://host/db", "sqlite:a.db", "s3://bucket/", "https://host"})
    EXPECT_EQ(ErrorOf(PlacesOf(url, "")).code, ErrorCode::kInvalidArgument) << url;
}

}  // namespace
}  // namespace winnow
