#include "bundle/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "bundle/safetensors.h"
#include "support/pytorch_writer.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using P = PickleText;

void Write(const fs::path& path, const std::string& contents) { std::ofstream(path, std::ios::binary) << contents; }

std::string Bin(const std::string& name) {
  const TestTensor tensor{"FloatStorage", "0", 4, 0, {2, 2}, {1, 2}};
  return PyTorchZip(P::Dict({{name, tensor.Pickled()}}), {{"0", BytesOfNumbers<float>({1, 2, 3, 4})}});
}

TEST(ConvertWeights, PyTorchFileBecomesSafetensors) {
  const TemporaryDirectory dir;
  Write(dir.path() / "pytorch_model.bin", Bin("w"));
  const auto done = ConvertWeights(std::vector{dir.path() / "pytorch_model.bin"}, dir.path() / "model.safetensors");
  ASSERT_TRUE(done) << done.error().Text();
  const auto file = SafetensorsFile::Open(dir.path() / "model.safetensors");
  ASSERT_TRUE(file) << file.error().Text();
  const TensorView* tensor = file->Find("w");
  ASSERT_NE(tensor, nullptr);
  std::vector<float> values(4);
  ASSERT_TRUE(CopyAsF32(*tensor, values));
  EXPECT_THAT(values, ElementsAre(1, 3, 2, 4));
}

TEST(ConvertWeights, SeveralFilesBecomeOne) {
  const TemporaryDirectory dir;
  const std::vector<float> values = {1, 2};
  const std::vector<TensorView> tensors = {ViewOf("a", {2}, values)};
  ASSERT_TRUE(WriteSafetensors(dir.path() / "one.safetensors", tensors));
  Write(dir.path() / "two.bin", Bin("b"));
  const std::vector<fs::path> files = {dir.path() / "one.safetensors", dir.path() / "two.bin"};
  ASSERT_TRUE(ConvertWeights(files, dir.path() / "model.safetensors"));
  EXPECT_EQ(SafetensorsFile::Open(dir.path() / "model.safetensors")->tensors().size(), 2u);
  Write(dir.path() / "two.bin", Bin("a"));
  EXPECT_THAT(ConvertWeights(files, dir.path() / "model.safetensors").error().message, HasSubstr("another"));
}

TEST(ConvertWeights, DamagedFileLeavesNothingBehind) {
  const TemporaryDirectory dir;
  std::string bin = Bin("w");
  bin[bin.find(BytesOfNumbers<float>({1, 2, 3, 4}))] ^= 1;
  Write(dir.path() / "pytorch_model.bin", bin);
  const auto done = ConvertWeights(std::vector{dir.path() / "pytorch_model.bin"}, dir.path() / "model.safetensors");
  EXPECT_EQ(done.error().code, ErrorCode::kInvalidModel);
  EXPECT_FALSE(fs::exists(dir.path() / "model.safetensors"));
}

TEST(WeightsEntry, SafetensorsComeFirst) {
  const std::vector<std::string> all = {"pytorch_model.bin.index.json", "pytorch_model.bin",
                                        "model.safetensors.index.json", "model.safetensors"};
  const std::span<const std::string> span(all);
  EXPECT_EQ(WeightsEntry(span), "model.safetensors");
  EXPECT_EQ(WeightsEntry(span.first(3)), "model.safetensors.index.json");
  EXPECT_EQ(WeightsEntry(span.first(2)), "pytorch_model.bin");
  EXPECT_EQ(WeightsEntry(span.first(1)), "pytorch_model.bin.index.json");
  EXPECT_EQ(WeightsEntry(span.first(0)), std::nullopt);
}

TEST(WeightsFiles, IndexNamesFilesBesideIt) {
  const TemporaryDirectory dir;
  const std::string index = "model.safetensors.index.json";
  Write(dir.path() / index,
        R"({"weight_map":{"a":"model-2.safetensors","b":"model-1.safetensors","c":"model-2.safetensors"}})");
  EXPECT_THAT(WeightsFiles(dir.path(), index).value(), ElementsAre("model-1.safetensors", "model-2.safetensors"));
  EXPECT_THAT(WeightsFiles(dir.path(), "pytorch_model.bin").value(), ElementsAre("pytorch_model.bin"));
}

TEST(WeightsFiles, IndexLeadsNowhereElse) {
  const TemporaryDirectory dir;
  const std::string index = "pytorch_model.bin.index.json";
  for (const std::string contents :
       {"", "[]", "{}", R"({"weight_map":[]})", R"({"weight_map":{}})", R"({"weight_map":{"a":1}})",
        R"({"weight_map":{"a":"../x.bin"}})", R"({"weight_map":{"a":"/x.bin"}})", R"({"weight_map":{"a":".bin"}})",
        R"({"weight_map":{"a":"x.safetensors"}})", R"({"weight_map":{"a":"x\u0000.bin"}})"}) {
    Write(dir.path() / index, contents);
    EXPECT_EQ(WeightsFiles(dir.path(), index).error().code, ErrorCode::kInvalidModel) << contents;
  }
}

}  // namespace
}  // namespace winnow
