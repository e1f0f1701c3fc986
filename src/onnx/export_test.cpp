#include "onnx/export.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "onnx/export_bundle.h"
#include "onnx/model_file.h"
#include "support/onnx_file.h"
#include "support/random_bundle.h"
#include "support/temporary_directory.h"
#include "support/tiny_linear.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace fs = std::filesystem;

std::vector<std::string> Names(const auto& values) {
  std::vector<std::string> names;
  for (const auto& value : values) names.push_back(value.name());
  return names;
}

/// "FLOAT batch 3"
std::string TypeOf(const onnx::ValueInfoProto& value) {
  const auto& type = value.type().tensor_type();
  std::string text = onnx::TensorProto::DataType_Name(type.elem_type());
  for (const auto& dim : type.shape().dim())
    text += " " + (dim.has_dim_param() ? dim.dim_param() : std::to_string(dim.dim_value()));
  return text;
}

std::vector<std::string> FilesIn(const fs::path& dir) {
  std::vector<std::string> names;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(dir, missing)) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

class ExportTest : public testing::Test {
 protected:
  fs::path bundle() const { return directory_.path(); }
  fs::path onnx_files() const { return bundle() / "onnx"; }

  Result<OnnxExport> Export(const RandomBundle& random, const OnnxExportOptions& options = {}) {
    const Result<void> written = random.Write(bundle());
    EXPECT_TRUE(written) << written.error().Text();
    return ExportOnnx(bundle(), bundle(), options);
  }

  onnx::ModelProto Model(const RandomBundle& random, const OnnxExportOptions& options = {}) {
    const Result<OnnxExport> result = Export(random, options);
    EXPECT_TRUE(result) << result.error().Text();
    return result ? ReadOnnxFile(result->model) : onnx::ModelProto();
  }

  std::string Failure(const RandomBundle& random, const OnnxExportOptions& options = {}) {
    const Result<OnnxExport> result = Export(random, options);
    EXPECT_FALSE(result);
    EXPECT_THAT(FilesIn(onnx_files()), IsEmpty());
    return result ? "" : result.error().Text();
  }

  TemporaryDirectory directory_;
};

const OnnxExportOptions kInt8Options{.format = OnnxFormat::kInt8};

TEST_F(ExportTest, HasTheInputsOutputsAndVersionsThatPlainClientsExpect) {
  for (const Architecture architecture : kEveryArchitecture) {
    for (const OnnxExportOptions& options : {OnnxExportOptions{}, kInt8Options}) {
      const onnx::ModelProto model = Model(RandomBundle(architecture), options);
      EXPECT_EQ(model.ir_version(), 8);
      ASSERT_EQ(model.opset_import_size(), 1);
      EXPECT_EQ(model.opset_import(0).domain(), "");
      EXPECT_EQ(model.opset_import(0).version(), 17);
      EXPECT_THAT(Names(model.graph().input()), ElementsAre("input_ids", "attention_mask"));
      for (const auto& input : model.graph().input()) EXPECT_EQ(TypeOf(input), "INT64 batch sequence");
      EXPECT_THAT(Names(model.graph().output()), ElementsAre("logits"));
      EXPECT_EQ(TypeOf(model.graph().output(0)), "FLOAT batch 3");
      EXPECT_NO_THROW(onnx::checker::check_model(model));
    }
  }
}

TEST_F(ExportTest, NamesTheFilesAsTransformersJsReadsThem) {
  ASSERT_TRUE(Export(RandomBundle(Architecture::kBert)));
  const Result<OnnxExport> quantized = Export(RandomBundle(Architecture::kBert), kInt8Options);
  ASSERT_TRUE(quantized);
  EXPECT_THAT(FilesIn(onnx_files()), ElementsAre("model.onnx", "model_quantized.onnx"));
  EXPECT_EQ(quantized->bytes, fs::file_size(onnx_files() / "model_quantized.onnx"));
  EXPECT_FALSE(quantized->external_data);
}

TEST_F(ExportTest, TakesTokenTypesWhereAskedFor) {
  const RandomBundle random(Architecture::kBert);
  for (const OnnxFormat format : {OnnxFormat::kFloat, OnnxFormat::kInt8}) {
    const onnx::ModelProto model = Model(random, {.format = format, .token_types = true});
    EXPECT_THAT(Names(model.graph().input()), ElementsAre("input_ids", "attention_mask", "token_type_ids"));
    EXPECT_EQ(ValuesOf<float>(model, "embeddings.token_type_embeddings.weight"),
              random.tensors.at("bert.embeddings.token_type_embeddings.weight").values);
  }
}

TEST_F(ExportTest, RefusesTokenTypesOfADistilBert) {
  const std::string failure = Failure(RandomBundle(Architecture::kDistilBert), {.token_types = true});
  EXPECT_THAT(failure, HasSubstr("a distilbert model has no token types"));
  EXPECT_THAT(failure, HasSubstr("omit --with-token-types"));
}

TEST_F(ExportTest, FoldsTokenTypeZeroIntoThePositions) {
  const RandomBundle random(Architecture::kBert);
  const std::vector<float>& positions = random.tensors.at("bert.embeddings.position_embeddings.weight").values;
  const std::vector<float>& types = random.tensors.at("bert.embeddings.token_type_embeddings.weight").values;
  const std::vector<float> folded = ValuesOf<float>(Model(random), "embeddings.position_embeddings.weight");
  ASSERT_EQ(folded.size(), positions.size());
  for (size_t i = 0; i < folded.size(); ++i) EXPECT_EQ(folded[i], positions[i] + types[i % 24]) << i;
}

TEST_F(ExportTest, HasWeightsTransposedForMatMul) {
  const RandomBundle random(Architecture::kDistilBert);
  const onnx::ModelProto model = Model(random);
  const std::string name = "transformer.layer.1.ffn.lin1.weight";
  const auto* tensor = FindTensor(model, name);
  EXPECT_THAT(tensor->dims(), ElementsAre(24, 40));
  const std::vector<float> columns = ValuesOf<float>(model, name);
  const std::vector<float>& rows = random.tensors.at("distilbert." + name).values;
  for (size_t out = 0; out < 40; ++out) {
    for (size_t in = 0; in < 24; ++in) ASSERT_EQ(columns[in * 40 + out], rows[out * 24 + in]);
  }
}

TEST_F(ExportTest, QuantisesWeightsByOutputAndEmbeddingsByRow) {
  const RandomBundle random(Architecture::kBert);
  const onnx::ModelProto model = Model(random, kInt8Options);
  const auto near = [](const std::vector<float>& values, auto byte, const std::vector<float>& scales, auto scale_of) {
    for (size_t i = 0; i < values.size(); ++i) {
      const float scale = scales[scale_of(i)];
      ASSERT_LE(std::abs(values[i] - static_cast<float>(byte(i)) * scale), scale * 0.5001f) << i;
    }
  };
  const std::string words = "embeddings.word_embeddings.weight";
  const std::vector<int8_t> rows = ValuesOf<int8_t>(model, words + "_quantized");
  EXPECT_THAT(FindTensor(model, words + "_quantized")->dims(), ElementsAre(50, 24));
  EXPECT_THAT(FindTensor(model, words + "_scale")->dims(), ElementsAre(50, 1));
  near(
      random.tensors.at("bert." + words).values, [&](size_t i) { return rows[i]; },
      ValuesOf<float>(model, words + "_scale"), [](size_t i) { return i / 24; });

  const std::string down = "encoder.layer.0.output.dense.weight";
  const std::vector<int8_t> columns = ValuesOf<int8_t>(model, down + "_quantized");
  EXPECT_THAT(FindTensor(model, down + "_quantized")->dims(), ElementsAre(40, 24));
  near(
      random.tensors.at("bert." + down).values, [&](size_t i) { return columns[i % 40 * 24 + i / 40]; },
      ValuesOf<float>(model, down + "_scale"), [](size_t i) { return i / 40; });
  for (const auto& values : {rows, columns}) {
    EXPECT_EQ(std::ranges::max(values), 127);
    EXPECT_GE(std::ranges::min(values), -127);
  }
}

TEST_F(ExportTest, MakesInt8FilesOfLessThanThirtyPercent) {
  RandomBundle random(Architecture::kBert);
  random.config.vocab_size = 4000;
  random.config.hidden_size = 128;
  random.config.intermediate_size = 512;
  random.Fill();
  const uint64_t plain = Export(random).value().bytes;
  const uint64_t quantized = Export(random, kInt8Options).value().bytes;
  EXPECT_LT(static_cast<double>(quantized), 0.3 * static_cast<double>(plain));
}

TEST_F(ExportTest, GivesTheSameTensorsFromEveryFormOfCheckpoint) {
  const RandomBundle random(Architecture::kBert);
  const std::string expected = Model(random).SerializeAsString();
  RandomBundle renamed(Architecture::kBert);
  renamed.tensors.clear();
  for (const auto& [name, tensor] : random.tensors) {
    std::string other = name.starts_with("bert.") ? name.substr(5) : name;
    if (const size_t at = other.find("LayerNorm.weight"); at != std::string::npos)
      other.replace(at, 16, "LayerNorm.gamma");
    if (const size_t at = other.find("LayerNorm.bias"); at != std::string::npos)
      other.replace(at, 14, "LayerNorm.beta");
    renamed.tensors[other] = tensor;
  }
  renamed.tensors["cls.predictions.bias"] = {{3}, {1, 2, 3}};  // of no use, and no reason to fail
  EXPECT_EQ(Model(renamed).SerializeAsString(), expected);
}

TEST_F(ExportTest, PlacesExternalDataAtPagesOfTheDataFile) {
  const RandomBundle random(Architecture::kBert);
  for (const OnnxFormat format : {OnnxFormat::kFloat, OnnxFormat::kInt8}) {
    const onnx::ModelProto inside = Model(random, {.format = format});
    const Result<OnnxExport> result = Export(random, {.format = format, .external_data = true});
    ASSERT_TRUE(result);
    EXPECT_TRUE(result->external_data);
    const fs::path data = result->model.string() + ".data";
    EXPECT_EQ(result->bytes, fs::file_size(result->model) + fs::file_size(data));
    const std::string bytes = ReadFile(data).value();
    const onnx::ModelProto outside = ReadOnnxFile(result->model);
    int external = 0;
    size_t end = 0;
    for (const onnx::TensorProto& tensor : outside.graph().initializer()) {
      const std::string& expected = FindTensor(inside, tensor.name())->raw_data();
      if (tensor.data_location() != onnx::TensorProto::EXTERNAL) {
        EXPECT_EQ(tensor.raw_data(), expected) << tensor.name();
        continue;
      }
      ++external;
      EXPECT_FALSE(tensor.has_raw_data());
      std::map<std::string, std::string> entries;
      for (const auto& entry : tensor.external_data()) entries[entry.key()] = entry.value();
      EXPECT_EQ(entries["location"], data.filename().string());
      const size_t offset = std::stoul(entries["offset"]);
      const size_t length = std::stoul(entries["length"]);
      EXPECT_EQ(offset % 4096, 0u);
      EXPECT_GE(offset, end);
      end = offset + length;
      ASSERT_LE(end, bytes.size());
      EXPECT_TRUE(bytes.compare(offset, length, expected) == 0) << tensor.name();
    }
    EXPECT_EQ(external, 2 + 2 * 6 + 2);  // embeddings, layers, head
    EXPECT_EQ(end, bytes.size());
    EXPECT_NO_THROW(onnx::checker::check_model(result->model.string()));
  }
}

TEST_F(ExportTest, PutsLargeModelsIntoExternalDataUnasked) {
  const RandomBundle random(Architecture::kBert);
  const uint64_t size = Export(random).value().bytes;
  EXPECT_FALSE(Export(random, {.inline_limit = size}).value().external_data);
  EXPECT_TRUE(Export(random, {.inline_limit = size - 1}).value().external_data);
  EXPECT_THAT(FilesIn(onnx_files()), ElementsAre("model.onnx", "model.onnx.data"));
}

TEST_F(ExportTest, RemovesDataOfAFormerExport) {
  const RandomBundle random(Architecture::kBert);
  ASSERT_TRUE(Export(random, {.external_data = true}));
  ASSERT_TRUE(Export(random));
  EXPECT_THAT(FilesIn(onnx_files()), ElementsAre("model.onnx"));
}

TEST_F(ExportTest, GivesTheSameBytesEachTime) {
  const RandomBundle random(Architecture::kDistilBert);
  const std::string first = ReadFile(Export(random, kInt8Options).value().model).value();
  EXPECT_TRUE(first == ReadFile(Export(random, kInt8Options).value().model).value());
}

TEST_F(ExportTest, NamesTensorsThatAreMissing) {
  for (const Architecture architecture : kEveryArchitecture) {
    const RandomBundle whole(architecture);
    for (const auto& [name, tensor] : whole.tensors) {
      RandomBundle random(architecture);
      random.tensors.erase(name);
      EXPECT_THAT(Failure(random), HasSubstr("no tensor '" + name + "'"));
    }
  }
}

TEST_F(ExportTest, NamesTensorsOfAnotherShape) {
  const RandomBundle whole(Architecture::kBert);
  for (const auto& [name, tensor] : whole.tensors) {
    RandomBundle random(Architecture::kBert);
    random.tensors[name].shape.insert(random.tensors[name].shape.begin(), 1);
    EXPECT_THAT(Failure(random), HasSubstr("tensor '" + name + "' has shape [1, "));
  }
  RandomBundle random(Architecture::kBert);
  random.config.labels = {"ham", "spam"};
  EXPECT_THAT(Failure(random), HasSubstr("tensor 'classifier.weight' has shape [3, 24], but config.json has 2 labels"));
}

TEST_F(ExportTest, RefusesWeightsThatAreNoNumbers) {
  for (const OnnxFormat format : {OnnxFormat::kFloat, OnnxFormat::kInt8}) {
    for (const char* name : {"bert.embeddings.word_embeddings.weight", "bert.encoder.layer.1.attention.self.key.weight",
                             "bert.encoder.layer.0.output.LayerNorm.bias", "classifier.weight"}) {
      RandomBundle random(Architecture::kBert);
      random.tensors[name].values.back() = std::numeric_limits<float>::quiet_NaN();
      EXPECT_THAT(Failure(random, {.format = format}), HasSubstr("holds NaN or infinite values"));
    }
  }
}

TEST_F(ExportTest, RefusesABaseModel) {
  RandomBundle random(Architecture::kBert);
  random.config.labels.clear();
  EXPECT_THAT(Failure(random), HasSubstr("which has no classification head"));
}

TEST_F(ExportTest, LeavesNothingWhenStopped) {
  const RandomBundle random(Architecture::kBert);
  for (const bool external : {false, true}) {
    int calls = 0;
    OnnxExportOptions options{.external_data = external};
    options.progress = [&](uint64_t done, uint64_t total) {
      EXPECT_LE(done, total);
      return ++calls < 3;
    };
    EXPECT_THAT(Failure(random, options), HasSubstr("stopped"));
  }
}

TEST_F(ExportTest, WritesWhatAServiceNeedsToKnow) {
  const RandomBundle random(Architecture::kBert);
  ASSERT_TRUE(Export(random, {.external_data = true}));
  Manifest manifest;
  manifest.name = "mail";
  manifest.version = "1.4.0";
  manifest.max_length = 20;
  manifest.temperature = 1.5;
  manifest.thresholds = {.strict = .2, .moderate = .4, .lenient = .6, .labels = {{"spam", .3}}};
  manifest.calibration = CalibrationRecord{
      .calibration = {.method = CalibrationMethod::kVector, .scale = {1, 2, 3}, .bias = {0, 0, .5}}, .texts = 100};
  manifest.abstain = Abstention{.max_error = .01, .moderate = .75};
  ASSERT_TRUE(WriteManifest(bundle(), manifest));
  ASSERT_TRUE(WriteFileAtomically(bundle() / "training_info.json", R"({"metrics": {"accuracy": 0.97}})"));
  ASSERT_TRUE(WriteOnnxMetadata(manifest, Json::object(), bundle(), bundle()));
  const Json metadata = ParsedJson(ReadFile(onnx_files() / "model_metadata.json").value());
  EXPECT_EQ(metadata["version"], "1.4.0");
  EXPECT_EQ(metadata["labels"], Json({"ham", "spam", "other"}));
  EXPECT_EQ(metadata["max_length"], 20);
  EXPECT_EQ(metadata["temperature"], 1.5);
  EXPECT_EQ(metadata["calibration"]["method"], "vector");
  EXPECT_EQ(metadata["calibration"]["scale"], Json({1., 2., 3.}));
  EXPECT_EQ(metadata["abstain"]["below"]["moderate"], .75);
  EXPECT_EQ(metadata["thresholds"],
            Json({{"strict", .2}, {"moderate", .4}, {"lenient", .6}, {"labels", {{"spam", .3}}}}));
  EXPECT_EQ(metadata["metrics"]["accuracy"], 0.97);
  ASSERT_EQ(metadata["sha256"].size(), 2u);
  for (const char* name : {"model.onnx", "model.onnx.data"})
    EXPECT_EQ(metadata["sha256"][name], Sha256OfFile(onnx_files() / name).value());
}

TEST_F(ExportTest, NotesWhatTheFilesDoNotContain) {
  RandomBundle random(Architecture::kBert);
  random.config.multi_label = true;
  ASSERT_TRUE(random.Write(bundle()));
  const auto notes = [&](bool bake = true) {
    std::vector<std::string> lines;
    const auto exported =
        ExportBundle({.bundle = bundle(), .bake_temperature = bake, .note = [&](const std::string& line) {
                        lines.push_back(line);
                      }});
    EXPECT_TRUE(exported) << exported.error().Text();
    return lines;
  };
  EXPECT_THAT(notes(), IsEmpty());
  Manifest manifest;
  manifest.name = "mail";
  ASSERT_TRUE(WriteManifest(bundle(), manifest));
  EXPECT_THAT(notes(), ElementsAre(HasSubstr("do not contain: decision thresholds;")));
  manifest.calibration = CalibrationRecord{.calibration = {.temperatures = {1, 2, 3}}};
  manifest.abstain = Abstention{.max_error = .01};
  manifest.text_template = "{subject}";
  manifest.long_text = LongText::kWindows;
  manifest.fold_disguises = true;
  ASSERT_TRUE(WriteManifest(bundle(), manifest));
  ASSERT_TRUE(WriteFileAtomically(bundle() / "out_of_scope.safetensors", "a rule"));
  const std::string rest =
      "decision thresholds, abstention, out-of-scope detection (out_of_scope.safetensors), text template, long-text "
      "mode 'windows', folding of obfuscated texts;";
  EXPECT_THAT(notes(),
              ElementsAre(HasSubstr("contain the calibration by a temperature"), HasSubstr("do not contain: " + rest)));
  EXPECT_THAT(notes(/*bake=*/false),
              ElementsAre(HasSubstr("do not contain: calibration of the probabilities, " + rest)));
  EXPECT_EQ(ParsedJson(ReadFile(onnx_files() / "model_metadata.json").value())["long_text"], "windows");
}

TEST_F(ExportTest, NotesTheTextsThatALinearModelsFileReadsDifferently) {
  WriteTinyLinear(bundle(), "words", "1.0.0", .5);
  std::vector<std::string> notes;
  ASSERT_TRUE(ExportBundle({.bundle = bundle(), .note = [&](const std::string& line) { notes.push_back(line); }}));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("Greek texts"), HasSubstr("do not contain: decision thresholds;")));
}

TEST_F(ExportTest, SealsItsOwnFilesAndNoDamageOfOthers) {
  const RandomBundle random(Architecture::kBert);
  ASSERT_TRUE(Export(random, {.external_data = true}));
  ASSERT_TRUE(SealBundle(bundle(), Manifest()));
  ASSERT_TRUE(Export(random));
  ASSERT_TRUE(WriteOnnxMetadata(ReadManifest(bundle()).value(), Json::object(), bundle(), bundle()));
  ASSERT_FALSE(VerifyBundle(bundle()).value().ok());
  ASSERT_TRUE(SealOnnxFiles(bundle()));
  const VerifyReport report = VerifyBundle(bundle()).value();
  EXPECT_TRUE(report.ok());
  EXPECT_THAT(report.unlisted, IsEmpty());

  ASSERT_TRUE(WriteFileAtomically(bundle() / "labels.json", R"(["a", "b", "c"])"));
  ASSERT_TRUE(SealOnnxFiles(bundle()));
  EXPECT_THAT(VerifyBundle(bundle()).value().changed, ElementsAre("labels.json"));
}

TEST_F(ExportTest, SealsNothingInADirectoryOfHuggingFace) {
  ASSERT_TRUE(Export(RandomBundle(Architecture::kBert)));
  ASSERT_TRUE(SealOnnxFiles(bundle()));
  EXPECT_FALSE(fs::exists(bundle() / "winnow.json"));
}

}  // namespace
}  // namespace winnow
