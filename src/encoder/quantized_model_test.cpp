#include "encoder/quantized_model.h"

#include <gmock/gmock.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/files.h"
#include "bundle/int4_rows.h"
#include "encoder/quantized_forward.h"
#include "support/temporary_directory.h"
#include "support/tiny_model.h"

namespace winnow {
namespace {

using testing::HasSubstr;

/// A quantised model's file with one tensor changed.
class DamagedFile {
 public:
  explicit DamagedFile(const QuantizationPlan& plan = {}, ModelConfig config = TinyConfig())
      : model_(Model::Fresh(std::move(config), 3)) {
    EXPECT_TRUE(WriteQuantizedWeights(model_, plan, dir_.path()));
  }

  Result<QuantizedModel> Load(ModelConfig config = TinyConfig()) {
    return QuantizedModel::Load(dir_.path(), std::move(config), pool_);
  }

  /// Rewrites the file; `change` gets each tensor and a copy of its data, and says whether it stays.
  void Change(const std::function<bool(TensorView&, std::vector<std::byte>&)>& change) {
    const SafetensorsFile file = SafetensorsFile::Open(dir_.path() / kInt8Weights).value();
    std::vector<TensorView> tensors;
    std::vector<std::vector<std::byte>> data(file.tensors().size());
    for (size_t i = 0; i < file.tensors().size(); ++i) {
      TensorView tensor = file.tensors()[i];
      data[i].assign(tensor.data.begin(), tensor.data.end());
      if (!change(tensor, data[i])) continue;
      tensor.data = data[i];
      tensors.push_back(tensor);
    }
    EXPECT_TRUE(WriteSafetensors(dir_.path() / kInt8Weights, tensors, file.metadata()));
  }

  void SetFloat(const std::string& name, float value) {
    Change([&](TensorView& tensor, std::vector<std::byte>& data) {
      if (tensor.name == name) std::memcpy(data.data() + 4, &value, sizeof value);
      return true;
    });
  }

  std::string Message(ModelConfig config = TinyConfig()) {
    const Result<QuantizedModel> loaded = Load(std::move(config));
    return loaded ? "it loads" : loaded.error().message;
  }

  const std::filesystem::path& path() const { return dir_.path(); }

 private:
  TemporaryDirectory dir_;
  ThreadPool pool_{2};
  Model model_;
};

TEST(QuantizedModel, IsWrittenTheSameEveryTime) {
  DamagedFile a, b;
  EXPECT_EQ(ReadFile(a.path() / kInt8Weights).value(), ReadFile(b.path() / kInt8Weights).value());
  EXPECT_TRUE(a.Load());
}

ModelConfig WideConfig() {
  ModelConfig config = TinyConfig();
  config.hidden_size = 64;
  config.intermediate_size = 96;
  return config;
}

TEST(QuantizedModel, FourBitsAreReadAsTheBytesThatTheyStandFor) {
  const Model model = Model::Fresh(WideConfig(), 3);
  TemporaryDirectory dir, as_bytes;
  ThreadPool pool(2);
  ASSERT_TRUE(WriteQuantizedWeights(model, {.int4 = true, .int8_layers = {false, true, false}, .int8_words = false},
                                    dir.path()));
  const SafetensorsFile file = SafetensorsFile::Open(dir.path() / kInt8Weights).value();
  const std::string layer = "bert.encoder.layer.";
  const std::string query = ".attention.self.query.weight";
  EXPECT_EQ(file.Find(layer + "0" + query)->dtype, DType::kU8);
  EXPECT_EQ(file.Find(layer + "0" + query)->shape, (std::vector<int64_t>{64, 32}));
  EXPECT_EQ(file.Find(layer + "0" + query + "_block_scale")->shape, (std::vector<int64_t>{64, 2}));
  EXPECT_EQ(file.Find(layer + "1" + query)->dtype, DType::kI8);
  EXPECT_EQ(file.Find("bert.embeddings.word_embeddings.weight")->dtype, DType::kU8);
  EXPECT_EQ(file.Find("bert.pooler.dense.weight")->dtype, DType::kI8);
  // The same model with all weights expanded predicts the same.
  std::vector<TensorView> tensors;
  std::vector<std::vector<int8_t>> expanded;
  for (const TensorView& tensor : file.tensors()) {
    if (tensor.name.ends_with("_block_scale")) continue;
    tensors.push_back(tensor);
    if (tensor.dtype != DType::kU8) continue;
    const auto rows = static_cast<size_t>(tensor.shape[0]), columns = 2 * static_cast<size_t>(tensor.shape[1]);
    std::vector<int8_t>& bytes = expanded.emplace_back(rows * columns);
    ExpandInt4Rows(rows, columns, reinterpret_cast<const uint8_t*>(tensor.data.data()),
                   reinterpret_cast<const int8_t*>(file.Find(tensor.name + "_block_scale")->data.data()), bytes.data());
    tensors.back() = {tensor.name, DType::kI8, {tensor.shape[0], 2 * tensor.shape[1]}, std::as_bytes(std::span(bytes))};
  }
  EXPECT_GT(expanded.size(), 8u);
  ASSERT_TRUE(WriteSafetensors(as_bytes.path() / kInt8Weights, tensors, file.metadata()));
  PackedBatch batch;
  for (int t = 0; t < 3; ++t) batch.Append(TinyText(4 + 3 * t, t));
  const auto logits = [&](const std::filesystem::path& path) {
    const QuantizedModel loaded = QuantizedModel::Load(path, WideConfig(), pool).value();
    std::vector<float> values(3 * loaded.config().labels.size());
    QuantizedRunner(loaded, pool).Logits(batch.view(), values);
    return values;
  };
  EXPECT_EQ(logits(dir.path()), logits(as_bytes.path()));
}

TEST(QuantizedModel, DamagedWeightsOfFourBitsAreRefused) {
  const auto message = [](const std::function<bool(TensorView&, std::vector<std::byte>&)>& change) {
    DamagedFile damaged({.int4 = true}, WideConfig());
    EXPECT_EQ(damaged.Message(WideConfig()), "it loads");
    damaged.Change(change);
    return damaged.Message(WideConfig());
  };
  const auto is = [](const TensorView& tensor, std::string_view end) {
    return tensor.name.starts_with("bert.encoder.layer.1.output.dense") && tensor.name.ends_with(end);
  };
  EXPECT_THAT(message([&](TensorView& tensor, std::vector<std::byte>& data) {
                if (is(tensor, "_block_scale")) data[1] = std::byte{0x80};
                return true;
              }),
              HasSubstr("scales of blocks must be INT8 from -127 to 127"));
  EXPECT_THAT(message([&](TensorView& tensor, std::vector<std::byte>&) { return !is(tensor, "_block_scale"); }),
              HasSubstr("no tensor 'bert.encoder.layer.1.output.dense.weight_block_scale'"));
  EXPECT_THAT(message([&](TensorView& tensor, std::vector<std::byte>&) {
                if (is(tensor, "_block_scale")) tensor.dtype = DType::kU8;
                return true;
              }),
              HasSubstr("scales of blocks must be INT8"));
  EXPECT_THAT(message([&](TensorView& tensor, std::vector<std::byte>&) {
                if (is(tensor, "weight")) std::swap(tensor.shape[0], tensor.shape[1]);
                return true;
              }),
              HasSubstr("its shape is"));
  EXPECT_THAT(message([&](TensorView& tensor, std::vector<std::byte>& data) {
                if (!is(tensor, "weight")) return true;
                tensor.shape[1] /= 2;
                data.resize(data.size() / 2);
                return true;
              }),
              HasSubstr("its shape is"));
}

TEST(QuantizedModel, BytesTakeAQuarter) {
  DamagedFile bytes, halves({.bf16_layers = {true, true, true}, .bf16_words = true});
  const SafetensorsFile file = SafetensorsFile::Open(bytes.path() / kInt8Weights).value();
  EXPECT_EQ(file.Find("bert.encoder.layer.0.attention.self.query.weight")->dtype, DType::kI8);
  EXPECT_EQ(file.Find("bert.encoder.layer.0.attention.self.query.weight_scale")->shape, (std::vector<int64_t>{24}));
  EXPECT_EQ(file.Find("bert.embeddings.word_embeddings.weight")->dtype, DType::kI8);
  EXPECT_EQ(file.Find("bert.pooler.dense.weight")->dtype, DType::kBF16);
  EXPECT_EQ(bytes.Load()->bf16_layers(), 0);
  EXPECT_EQ(halves.Load()->bf16_layers(), 3);
}

TEST(QuantizedModel, ScalesThatAreNoScalesAreRefusedByName) {
  for (const std::string name :
       {"bert.encoder.layer.1.output.dense.weight_scale", "bert.embeddings.word_embeddings.weight_scale"}) {
    for (const float value : {0.0f, -1.0f, std::numeric_limits<float>::infinity(), std::nanf("")}) {
      DamagedFile file;
      file.SetFloat(name, value);
      EXPECT_THAT(file.Message(), HasSubstr(name)) << value;
      EXPECT_THAT(file.Message(), HasSubstr("scale 1 is"));
    }
  }
}

TEST(QuantizedModel, NanAmongTheFloatsIsRefusedByName) {
  DamagedFile file;
  file.SetFloat("bert.encoder.layer.0.output.LayerNorm.weight", std::nanf(""));
  EXPECT_THAT(file.Message(), HasSubstr("bert.encoder.layer.0.output.LayerNorm.weight"));
}

TEST(QuantizedModel, MissingAndMisshapenTensorsAreRefusedByName) {
  for (const std::string name : {"bert.encoder.layer.2.intermediate.dense.weight", "bert.pooler.dense.bias",
                                 "bert.encoder.layer.0.attention.self.key.weight_scale", "classifier.weight",
                                 "bert.embeddings.position_embeddings.weight"}) {
    DamagedFile missing;
    missing.Change([&](TensorView& tensor, auto&) { return tensor.name != name; });
    EXPECT_THAT(missing.Message(), HasSubstr("no tensor '" + name + "'"));
    DamagedFile turned;
    turned.Change([&](TensorView& tensor, auto&) {
      if (tensor.name == name) tensor.shape.insert(tensor.shape.begin(), 1);
      return true;
    });
    EXPECT_THAT(turned.Message(), HasSubstr("'" + name + "'"));
  }
}

TEST(QuantizedModel, OtherLabelsAndOtherConfigsAreRefused) {
  DamagedFile file;
  ModelConfig config = TinyConfig();
  config.labels = {"spam", "ham"};
  EXPECT_THAT(file.Message(config), HasSubstr("the labels in the file differ"));
  config = TinyConfig();
  config.num_layers = 4;
  EXPECT_THAT(file.Message(config), HasSubstr("layer.3"));
  config = TinyConfig();
  config.hidden_size = 28;
  EXPECT_THAT(file.Message(config), HasSubstr("config.json requires"));
}

TEST(QuantizedModel, TooWideModelsAreNotQuantized) {
  ModelConfig config = TinyConfig();
  config.num_layers = 1;
  config.intermediate_size = static_cast<int>(kMaxByteInputs) + 1;
  const TemporaryDirectory dir;
  const Result<void> written = WriteQuantizedWeights(Model::Fresh(config, 1), {}, dir.path());
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, HasSubstr("65536"));
}

}  // namespace
}  // namespace winnow
