#include "bundle/open_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

const std::vector<float> kOne = {1.0f};

void WriteWeights(const std::filesystem::path& path, const std::vector<std::string>& names) {
  std::vector<TensorView> tensors;
  for (const std::string& name : names) tensors.push_back(ViewOf(name, {1}, kOne));
  ASSERT_TRUE(WriteSafetensors(path, tensors));
}

TEST(OpenWeights, SaysWhichOtherWeightsThereAreAndWhatToDo) {
  struct Case {
    const char* file;
    const char* found;
    const char* hint;
  };
  for (const Case& each : {Case{"model.safetensors.index.json", "several files", "winnow pull "},
                           Case{"pytorch_model.bin", "are in pytorch_model.bin", "winnow pull "},
                           Case{"pytorch_model.bin.index.json", "several files", "winnow pull "},
                           Case{"tf_model.h5", "are in tf_model.h5", "save_pretrained"},
                           Case{"model_quantized.onnx", "of model_quantized.onnx are not read", "exported from"},
                           Case{"README.md", "has no weights", "download the complete model"}}) {
    const TemporaryDirectory dir;
    ASSERT_TRUE(WriteFileAtomically(dir.path() / each.file, "{}"));
    const auto opened = OpenWeights(dir.path());
    ASSERT_FALSE(opened) << each.file;
    EXPECT_EQ(opened.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(opened.error().message, HasSubstr(each.found));
    EXPECT_THAT(opened.error().hint, HasSubstr(each.hint));
  }
}

TEST(OpenWeights, AnAdapterIsNotAModel) {
  const TemporaryDirectory dir;
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "adapter_config.json",
                                  R"({"peft_type":"LORA","base_model_name_or_path":"bert-base-uncased"})"));
  WriteWeights(dir.path() / "adapter_model.safetensors", {"base_model.model.classifier.weight"});
  const auto alone = OpenWeights(dir.path());
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(alone.error().message, HasSubstr("a LoRA adapter for 'bert-base-uncased', not a whole model"));
  EXPECT_THAT(alone.error().hint, HasSubstr("merge_and_unload"));
  // Next to a whole model transformers would apply it: an answer without it would be silently wrong.
  WriteWeights(dir.path() / "model.safetensors", {"classifier.weight"});
  const auto beside = OpenWeights(dir.path());
  ASSERT_FALSE(beside);
  EXPECT_THAT(beside.error().message, HasSubstr("is not applied"));
  std::filesystem::remove(dir.path() / "adapter_config.json");
  std::filesystem::remove(dir.path() / "adapter_model.safetensors");
  EXPECT_TRUE(OpenWeights(dir.path()));
}

TEST(OpenWeights, AnAdapterInsideTheModelIsRefused) {
  for (const char* name :
       {"bert.encoder.layer.0.attention.self.query.lora_A.default.weight",
        "bert.encoder.layer.0.attention.self.query.lora_B.weight",
        "base_model.model.bert.embeddings.lora_embedding_A.default",
        "bert.encoder.layer.0.output.dense.base_layer.weight", "classifier.modules_to_save.default.bias"}) {
    const TemporaryDirectory dir;
    WriteWeights(dir.path() / "model.safetensors", {"classifier.weight", name});
    const auto opened = OpenWeights(dir.path());
    ASSERT_FALSE(opened) << name;
    EXPECT_EQ(opened.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(opened.error().message, HasSubstr(name));
    EXPECT_THAT(opened.error().hint, HasSubstr("merge_and_unload"));
  }
}

TEST(NamedTensors, NamesInsideTrainingWrappersAreFound) {
  const TemporaryDirectory dir;
  WriteWeights(dir.path() / "model.safetensors",
               {"module.bert.embeddings.LayerNorm.gamma", "_orig_mod.bert.pooler.dense.weight",
                "module._orig_mod.encoder.layer.0._fsdp_wrapped_module.output.dense.weight", "module.classifier.weight",
                "classifier.bias", "module.classifier.bias"});
  const SafetensorsFile file = OpenWeights(dir.path()).value();
  const NamedTensors tensors(file, Architecture::kBert);
  for (const char* name : {"bert.embeddings.LayerNorm.weight", "bert.pooler.dense.weight",
                           "bert.encoder.layer.0.output.dense.weight", "classifier.weight"}) {
    EXPECT_NE(tensors.Find(name), nullptr) << name;
  }
  ASSERT_NE(tensors.Find("classifier.bias"), nullptr);
  EXPECT_EQ(tensors.Find("classifier.bias")->name, "classifier.bias");
  EXPECT_EQ(tensors.Find("bert.pooler.dense.bias"), nullptr);
}

}  // namespace
}  // namespace winnow
