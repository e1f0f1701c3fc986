// The temperature of a calibration as a part of the exported graphs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "onnx/export_bundle.h"
#include "support/onnx_file.h"
#include "support/random_bundle.h"
#include "support/temporary_directory.h"
#include "support/tiny_linear.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ExportedTemperature : public testing::Test {
 protected:
  fs::path bundle() const { return directory_.path() / "m"; }

  /// A bundle of random weights, calibrated.
  RandomBundle Write(Architecture architecture, const Calibration& calibration) {
    RandomBundle random(architecture);
    random.config.multi_label = !calibration.temperatures.empty();
    fs::create_directories(bundle());
    EXPECT_TRUE(random.Write(bundle()));
    SetCalibration(calibration);
    return random;
  }

  void SetCalibration(const Calibration& calibration) {
    Manifest manifest;
    manifest.name = "m";
    manifest.temperature = calibration.temperature;
    manifest.calibration = CalibrationRecord{.calibration = calibration, .texts = 100};
    EXPECT_TRUE(SealBundle(bundle(), manifest));
  }

  Json Metadata() { return ParsedJson(ReadFile(bundle() / "onnx" / "model_metadata.json").value()); }

  void Export(const ExportPlan& plan) {
    const auto exported = ExportBundle(plan);
    ASSERT_TRUE(exported) << exported.error().Text();
  }

  /// Expects the classifier of a file to be the bundle's, with each label's weights divided by its temperature.
  static void ExpectDivided(const RandomBundle& random, const fs::path& file, const std::vector<double>& temperatures) {
    const std::string classifier(WeightNamesOf(random.config.architecture).classifier);
    const onnx::ModelProto model = ReadOnnxFile(file);
    const std::vector<float> columns = ValuesOf<float>(model, "classifier.weight");
    const std::vector<float> biases = ValuesOf<float>(model, "classifier.bias");
    const std::vector<float>& rows = random.tensors.at(classifier + ".weight").values;
    const std::vector<float>& bias = random.tensors.at(classifier + ".bias").values;
    const size_t labels = temperatures.size(), width = rows.size() / labels;
    ASSERT_EQ(columns.size(), rows.size());
    ASSERT_EQ(biases.size(), labels);
    for (size_t label = 0; label < labels; ++label) {
      EXPECT_EQ(biases[label], static_cast<float>(bias[label] / temperatures[label]));
      for (size_t i = 0; i < width; ++i) {
        ASSERT_EQ(columns[i * labels + label], static_cast<float>(rows[label * width + i] / temperatures[label]));
      }
    }
  }

  static Json ParsedJson(const std::string& text) { return ParseJson(text, "test").value(); }

  TemporaryDirectory directory_;
};

TEST_F(ExportedTemperature, DividesTheClassifierOfEveryArchitectureAndFormat) {
  for (const Architecture architecture : kEveryArchitecture) {
    const RandomBundle random = Write(architecture, {.temperature = 1.43});
    Export({.bundle = bundle(), .formats = {OnnxFormat::kFloat, OnnxFormat::kInt8}});
    for (const char* file : {"model.onnx", "model_quantized.onnx"}) {
      ExpectDivided(random, bundle() / "onnx" / file, {1.43, 1.43, 1.43});
      EXPECT_NO_THROW(onnx::checker::check_model(ReadOnnxFile(bundle() / "onnx" / file)));
    }
    EXPECT_EQ(Metadata()["temperature"], 1.);
    EXPECT_EQ(Metadata()["baked_temperature"], 1.43);
    EXPECT_EQ(ReadManifest(bundle())->temperature, 1.43) << "the bundle's own weights are as they were";
    EXPECT_TRUE(VerifyBundle(bundle())->ok());
  }
}

TEST_F(ExportedTemperature, OfALabelDividesTheWeightsOfThatLabel) {
  const RandomBundle random = Write(Architecture::kBert, {.temperatures = {.5, 1, 3}});
  Export({.bundle = bundle()});
  ExpectDivided(random, bundle() / "onnx" / "model.onnx", {.5, 1, 3});
  EXPECT_EQ(Metadata()["baked_temperature"], Json({.5, 1., 3.}));
  EXPECT_EQ(Metadata()["temperature"], 1.);
  EXPECT_FALSE(Metadata()["calibration"].contains("temperatures"));
}

TEST_F(ExportedTemperature, IsLeftToTheServiceIfAskedFor) {
  const RandomBundle random = Write(Architecture::kBert, {.temperature = 1.43});
  Export({.bundle = bundle(), .bake_temperature = false});
  ExpectDivided(random, bundle() / "onnx" / "model.onnx", {1, 1, 1});
  EXPECT_EQ(Metadata()["temperature"], 1.43);
  EXPECT_FALSE(Metadata().contains("baked_temperature"));
}

TEST_F(ExportedTemperature, IsNotInFilesOfModelsThatAnotherMethodCalibrates) {
  const RandomBundle random =
      Write(Architecture::kBert, {.method = CalibrationMethod::kVector, .scale = {1, 2, 3}, .bias = {0, 0, 1}});
  Export({.bundle = bundle()});
  ExpectDivided(random, bundle() / "onnx" / "model.onnx", {1, 1, 1});
  EXPECT_FALSE(Metadata().contains("baked_temperature"));
  EXPECT_EQ(Metadata()["calibration"]["method"], "vector");
}

TEST_F(ExportedTemperature, IsNotInTheManifestOfADirectoryToDeploy) {
  Write(Architecture::kBert, {.temperatures = {.5, 1, 3}});
  ASSERT_TRUE(WriteFileAtomically(bundle() / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n"));
  const std::vector<float> means = {1, 2};
  ASSERT_TRUE(WriteSafetensors(bundle() / "out_of_scope.safetensors", std::vector{ViewOf("means", {2}, means)}));
  const fs::path web = directory_.path() / "web";
  Export({.bundle = bundle(), .output = web, .version = {.version = "2.0.0"}});
  const Manifest manifest = ReadManifest(web).value();
  EXPECT_EQ(CalibrationOf(manifest), Calibration{});
  EXPECT_EQ(manifest.calibration->texts, 100);
  EXPECT_EQ(manifest.version, "2.0.0");
  EXPECT_EQ(ParsedJson(ReadFile(web / "winnow.json").value())["baked_temperature"], Json({.5, 1., 3.}));
  EXPECT_EQ(ParsedJson(ReadFile(web / "onnx" / "model_metadata.json").value())["version"], "2.0.0");
  EXPECT_EQ(ReadFile(web / "out_of_scope.safetensors").value(),
            ReadFile(bundle() / "out_of_scope.safetensors").value());
  const auto report = VerifyBundle(web);
  ASSERT_TRUE(report) << report.error().Text();
  EXPECT_TRUE(report->ok());
  EXPECT_EQ(ReadManifest(bundle())->version, "1.0.0");
}

TEST_F(ExportedTemperature, IsInFloatWeightsThatTransformersReads) {
  const RandomBundle random = Write(Architecture::kBert, {.temperature = 1.43});
  ASSERT_TRUE(WriteFileAtomically(bundle() / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n"));
  ASSERT_TRUE(WriteFileAtomically(bundle() / "out_of_scope.safetensors", "a rule"));
  EXPECT_EQ(ExportBundle({.bundle = bundle(), .float_weights = true}).error().code, ErrorCode::kInvalidArgument);
  const fs::path web = directory_.path() / "web";
  std::vector<std::string> notes;
  Export(
      {.bundle = bundle(), .formats = {}, .float_weights = true, .output = web, .note = [&](const std::string& line) {
         notes.push_back(line);
       }});
  EXPECT_THAT(notes.back(), HasSubstr("out-of-scope detection"));
  const SafetensorsFile file = SafetensorsFile::Open(web / "model.safetensors").value();
  ASSERT_EQ(file.tensors().size(), random.tensors.size());
  for (const auto& [name, tensor] : random.tensors) {
    const TensorView* const found = file.Find(name);
    ASSERT_NE(found, nullptr) << name;
    EXPECT_EQ(found->shape, tensor.shape);
    std::vector<float> values(tensor.values.size());
    ASSERT_TRUE(CopyAsF32(*found, values));
    const double divisor = name.starts_with("classifier.") ? 1.43 : 1;
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(values[i], static_cast<float>(tensor.values[i] / divisor)) << name;
    }
  }
  EXPECT_EQ(ReadManifest(web)->temperature, 1.);
  EXPECT_FALSE(fs::exists(web / "onnx"));
  EXPECT_FALSE(fs::exists(web / "out_of_scope.safetensors")) << "it refers to the logits of the network";
  EXPECT_TRUE(VerifyBundle(web)->ok());
}

TEST_F(ExportedTemperature, IsTheSameInBothFormats) {
  const RandomBundle random = Write(Architecture::kBert, {.temperature = 2});
  Export({.bundle = bundle(), .bake_temperature = false});
  std::vector<std::string> notes;
  Export({.bundle = bundle(), .formats = {OnnxFormat::kInt8}, .note = [&](const std::string& line) {
            notes.push_back(line);
          }});
  EXPECT_THAT(notes.front(), HasSubstr("the onnx file is exported again"));
  for (const char* file : {"model.onnx", "model_quantized.onnx"}) {
    ExpectDivided(random, bundle() / "onnx" / file, {2, 2, 2});
  }
}

TEST_F(ExportedTemperature, FollowsTheCalibrationOfTheBundle) {
  const RandomBundle random = Write(Architecture::kBert, {.temperature = 2});
  Export({.bundle = bundle(), .with_token_types = true, .external_data = true});
  SetCalibration({.temperature = 4});
  std::vector<std::string> notes;
  const auto note = [&](const std::string& line) { notes.push_back(line); };
  ASSERT_TRUE(RefreshOnnxFiles(bundle(), note));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("exported again with the new calibration")));
  EXPECT_EQ(Metadata()["baked_temperature"], 4.);
  EXPECT_TRUE(fs::exists(bundle() / "onnx" / "model.onnx.data"));
  EXPECT_EQ(ReadOnnxFile(bundle() / "onnx" / "model.onnx").graph().input_size(), 3);
  EXPECT_TRUE(VerifyBundle(bundle())->ok());
  notes.clear();
  ASSERT_TRUE(RefreshOnnxFiles(bundle(), note));
  EXPECT_THAT(notes, IsEmpty()) << "nothing changed";
  SetCalibration({.method = CalibrationMethod::kVector, .scale = {1, 2, 3}, .bias = {0, 0, 1}});
  ASSERT_TRUE(RefreshOnnxFiles(bundle(), note));
  EXPECT_FALSE(Metadata().contains("baked_temperature"));
  Export({.bundle = bundle(), .bake_temperature = false});
  ExpectDivided(random, bundle() / "onnx" / "model.onnx", {1, 1, 1});
}

TEST_F(ExportedTemperature, IsAlwaysInTheFileOfALinearModel) {
  WriteTinyLinear(bundle(), "m", "1.0.0", .9);
  Manifest manifest = ReadManifest(bundle()).value();
  manifest.temperature = 2;
  ASSERT_TRUE(SealBundle(bundle(), manifest));
  EXPECT_EQ(ExportBundle({.bundle = bundle(), .bake_temperature = false}).error().code, ErrorCode::kUnsupported);
  Export({.bundle = bundle()});
  EXPECT_EQ(Metadata()["temperature"], 1.);
  EXPECT_EQ(Metadata()["baked_temperature"], 2.);
  EXPECT_EQ(Metadata()["inputs"], Json::array({"text"}));
  const std::string before = Sha256OfFile(bundle() / "onnx" / "model.onnx").value();
  const auto ignore = [](const std::string&) {};
  manifest.temperature = 3;
  ASSERT_TRUE(SealBundle(bundle(), manifest));
  ASSERT_TRUE(RefreshOnnxFiles(bundle(), ignore));
  EXPECT_NE(Sha256OfFile(bundle() / "onnx" / "model.onnx").value(), before);
  EXPECT_EQ(Metadata()["baked_temperature"], 3.);
  // A file that cannot contain the calibration would give other probabilities than the model.
  manifest.temperature = 1;
  manifest.calibration = CalibrationRecord{
      .calibration = {.method = CalibrationMethod::kVector, .scale = {1, 2}, .bias = {0, 0}}, .texts = 100};
  ASSERT_TRUE(SealBundle(bundle(), manifest));
  ASSERT_TRUE(RefreshOnnxFiles(bundle(), ignore));
  EXPECT_FALSE(fs::exists(bundle() / "onnx" / "model.onnx"));
  EXPECT_TRUE(VerifyBundle(bundle())->ok());
}

TEST_F(ExportedTemperature, ThatNoFloatCanCarryIsRefused) {
  Write(Architecture::kBert, {.temperature = 1e-300});
  const auto exported = ExportBundle({.bundle = bundle()});
  ASSERT_FALSE(exported);
  EXPECT_THAT(exported.error().Text(), HasSubstr("--no-bake-temperature"));
}

}  // namespace
}  // namespace winnow
