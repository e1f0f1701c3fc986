#include "bundle/pytorch_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <numeric>

#include "support/error_of.h"
#include "support/pytorch_writer.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using P = PickleText;

std::vector<float> Counting(size_t count) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), 0.f);
  return values;
}

Result<PyTorchContents> ParseFile(const std::string& file) {
  return ParsePyTorch(std::as_bytes(std::span(file)), "file");
}

std::map<std::string, TensorView> ByName(const PyTorchContents& contents) {
  std::map<std::string, TensorView> tensors;
  for (const TensorView& tensor : contents.tensors) tensors.emplace(tensor.name, tensor);
  return tensors;
}

std::vector<float> Values(const TensorView& tensor) {
  std::vector<float> values(static_cast<size_t>(tensor.count()));
  EXPECT_TRUE(CopyAsF32(tensor, values));
  return values;
}

/// The error of a file whose only tensor is this one, in a storage of 6 floats.
Error ErrorOfTensor(const TestTensor& tensor) {
  return ErrorOf(ParseFile(PyTorchZip(P::Dict({{"w", tensor.Pickled()}}), {{"0", std::string(24, 'x')}})));
}

std::string SmallPyTorchFile(bool legacy) {
  TestTensor rows{"FloatStorage", "0", 6, 0, {2, 3}, {3, 1}, legacy};
  TestTensor columns{"FloatStorage", "0", 6, 0, {3, 2}, {1, 3}, legacy};
  TestTensor last{"FloatStorage", "0", 6, 4, {2}, {1}, legacy};
  TestTensor other{"FloatStorage", "17", 1, 0, {}, {}, legacy};
  const std::string pickled = P::Dict({{"rows", rows.Pickled()},
                                       {"columns", columns.Pickled()},
                                       {"last", last.PickledParameter()},
                                       {"other", other.Pickled()},
                                       {"tied", rows.Pickled()}},
                                      true) +
                              P::Dict({{"_metadata", P::OrderedDict()}}) + "b";
  const std::vector<std::pair<std::string, std::string>> storages = {{"0", BytesOfNumbers(Counting(6))},
                                                                     {"17", BytesOfNumbers<float>({2.5f})}};
  return legacy ? PyTorchLegacy(pickled, storages) : PyTorchZip(pickled, storages);
}

TEST(PyTorchFile, TensorsAreReadInBothFormats) {
  for (const bool legacy : {false, true}) {
    const std::string file = SmallPyTorchFile(legacy);
    const auto contents = ParseFile(file);
    ASSERT_TRUE(contents) << contents.error().Text();
    auto tensors = ByName(*contents);
    ASSERT_EQ(tensors.size(), 5u);
    EXPECT_THAT(tensors.at("rows").shape, ElementsAre(2, 3));
    EXPECT_THAT(Values(tensors.at("rows")), ElementsAre(0, 1, 2, 3, 4, 5));
    EXPECT_THAT(tensors.at("columns").shape, ElementsAre(3, 2));
    EXPECT_THAT(Values(tensors.at("columns")), ElementsAre(0, 3, 1, 4, 2, 5));
    EXPECT_THAT(Values(tensors.at("last")), ElementsAre(4, 5));
    EXPECT_THAT(Values(tensors.at("other")), ElementsAre(2.5f));
    EXPECT_TRUE(tensors.at("other").shape.empty());
    EXPECT_EQ(tensors.at("tied").data.data(), tensors.at("rows").data.data());
    EXPECT_EQ(contents->copies.size(), 1u);
  }
}

TEST(PyTorchFile, ElementTypesHaveTheirNames) {
  const std::vector<std::pair<std::string, DType>> types = {
      {"FloatStorage", DType::kF32},  {"HalfStorage", DType::kF16}, {"BFloat16Storage", DType::kBF16},
      {"DoubleStorage", DType::kF64}, {"LongStorage", DType::kI64}, {"IntStorage", DType::kI32},
      {"ShortStorage", DType::kI16},  {"CharStorage", DType::kI8},  {"ByteStorage", DType::kU8},
      {"BoolStorage", DType::kBool}};
  for (const auto& [type, dtype] : types) {
    const TestTensor tensor{type, "0", 3, 0, {3}, {1}};
    const std::string file =
        PyTorchZip(P::Dict({{"w", tensor.Pickled()}}), {{"0", std::string(3 * SizeOf(dtype), '\1')}});
    const auto contents = ParseFile(file);
    ASSERT_TRUE(contents) << contents.error().Text();
    EXPECT_EQ(contents->tensors[0].dtype, dtype) << type;
    EXPECT_EQ(contents->tensors[0].data.size(), 3 * SizeOf(dtype));
  }
}

TEST(PyTorchFile, StateDictMayLieOneLevelDown) {
  const TestTensor tensor{"FloatStorage", "0", 6, 0, {6}, {1}};
  for (const char* key : {"state_dict", "model", "model_state_dict"}) {
    const std::string file = PyTorchZip(
        P::Dict(
            {{"epoch", "K\x03"}, {"notes", P::Dict({{"x", "N"}})}, {key, P::Dict({{"w", tensor.Pickled()}}, true)}}),
        {{"0", std::string(24, 'x')}});
    const auto contents = ParseFile(file);
    ASSERT_TRUE(contents) << contents.error().Text();
    EXPECT_EQ(contents->tensors[0].name, "w");
  }
}

TEST(PyTorchFile, SkipsObjectsThatAreNotTensors) {
  const TestTensor tensor{"FloatStorage", "0", 6, 0, {6}, {1}};
  const std::string file = PyTorchZip(
      P::Dict({{"w", "N"}, {"w", tensor.Pickled()}, {"list", "]Na"}, {"", tensor.Pickled()}, {"text", P::Text("x")}}),
      {{"0", std::string(24, 'x')}});
  EXPECT_EQ(ParseFile(file).value().tensors.size(), 1u);
  for (const std::string& none : {std::string("}"), std::string("N"), P::Dict({{"state_dict", "K\x01"}})})
    EXPECT_THAT(ParseFile(PyTorchZip(none, {})).error().message, HasSubstr("no named tensors"));
}

TEST(PyTorchFile, TensorsBeyondTheirStorageAreRefused) {
  const int64_t big = int64_t{1} << 62;
  for (const TestTensor& tensor : std::vector<TestTensor>{{"FloatStorage", "0", 6, 1, {6}, {1}},
                                                          {"FloatStorage", "0", 6, 0, {7}, {1}},
                                                          {"FloatStorage", "0", 6, 0, {2, 2}, {5, 1}},
                                                          {"FloatStorage", "0", 6, -1, {2}, {1}},
                                                          {"FloatStorage", "0", 6, 5, {2}, {-1}},
                                                          {"FloatStorage", "0", 6, 0, {-2}, {1}},
                                                          {"FloatStorage", "0", 6, 0, {2}, {1, 1}},
                                                          {"FloatStorage", "0", 6, 0, {big, 4}, {0, 0}},
                                                          {"FloatStorage", "0", 6, 0, {big}, {0}},
                                                          {"FloatStorage", "0", 6, 0, {1000, 1000}, {0, 0}},
                                                          {"FloatStorage", "0", 6, 0, {3}, {big}},
                                                          {"FloatStorage", "0", 6, big, {2}, {big}},
                                                          {"FloatStorage", "0", 7, 0, {6}, {1}},
                                                          {"FloatStorage", "0", 5, 0, {5}, {1}},
                                                          {"FloatStorage", "0", -6, 0, {0}, {1}},
                                                          {"FloatStorage", "0", big, 0, {6}, {1}},
                                                          {"HalfStorage", "0", 6, 0, {6}, {1}},
                                                          {"FloatStorage", "1", 6, 0, {6}, {1}}})
    EXPECT_EQ(ErrorOfTensor(tensor).code, ErrorCode::kInvalidModel)
        << ShapeText(tensor.shape) << ShapeText(tensor.strides);
  const TestTensor deep{"FloatStorage", "0", 6, 0, std::vector<int64_t>(65, 1), std::vector<int64_t>(65, 1)};
  EXPECT_EQ(ErrorOfTensor(deep).code, ErrorCode::kInvalidModel);
  EXPECT_EQ(ErrorOfTensor({"ComplexFloatStorage", "0", 3, 0, {3}, {1}}).code, ErrorCode::kUnsupported);
}

TEST(PyTorchFile, RepeatedContentsAreBounded) {
  const TestTensor tensor{"FloatStorage", "0", 6000, 0, {6000}, {1}};
  std::vector<std::pair<std::string, std::string>> entries;
  for (int i = 0; i < 10; ++i) entries.emplace_back("w" + std::to_string(i), tensor.Pickled());
  EXPECT_THAT(ParseFile(PyTorchZip(P::Dict(entries), {{"0", std::string(24'000, 'x')}})).error().message,
              HasSubstr("too often"));
}

TEST(PyTorchFile, PendingNegationsAndConjugationsAreRefused) {
  TestTensor tensor{"FloatStorage", "0", 6, 0, {6}, {1}};
  const auto parsed = [&](const std::string& metadata) {
    tensor.metadata = metadata;
    return ParseFile(PyTorchZip(P::Dict({{"w", tensor.Pickled()}}), {{"0", std::string(24, 'x')}}));
  };
  for (const std::string& harmless : {std::string("N"), std::string("}"), P::Dict({{"neg", "\x89"}, {"conj", "\x89"}})})
    EXPECT_TRUE(parsed(harmless));
  for (const std::string& changed : {P::Dict({{"neg", "\x88"}}), P::Dict({{"neg", "\x88"}, {"conj", "\x89"}})}) {
    const Error error = parsed(changed).error();
    EXPECT_EQ(error.code, ErrorCode::kUnsupported);
    EXPECT_THAT(error.message, HasSubstr("tensor 'w' has 'neg' set"));
    EXPECT_THAT(error.hint, HasSubstr("resolve_neg()"));
  }
  EXPECT_THAT(parsed(P::Dict({{"conj", "\x88"}})).error().message, HasSubstr("'conj'"));
  EXPECT_THAT(parsed("K\x01").error().message, HasSubstr("'metadata'"));
}

TEST(PyTorchFile, ReadsEmptyTensors) {
  const TestTensor empty{"FloatStorage", "0", 6, 6, {0, 3}, {3, 1}};
  const auto file = PyTorchZip(P::Dict({{"w", empty.Pickled()}}), {{"0", std::string(24, 'x')}});
  const auto contents = ParseFile(file);
  ASSERT_TRUE(contents) << contents.error().Text();
  EXPECT_TRUE(contents->tensors[0].data.empty());
}

TEST(PyTorchFile, OtherFilesAreNamed) {
  EXPECT_THAT(ParseFile("").error().message, HasSubstr("not a file that torch.save wrote"));
  EXPECT_THAT(ParseFile("version https://git-lfs.github.com/spec/v1\n").error().hint, HasSubstr("git lfs pull"));
  EXPECT_THAT(ParseFile(ZipOf({{"a.txt", "x"}})).error().message, HasSubstr("not one that torch.save wrote"));
  EXPECT_FALSE(ParseFile(P::Whole("N")));
  EXPECT_FALSE(ParseFile(ZipOf({{"a/data.pkl", P::Whole("}")}, {"b/data.pkl", P::Whole("}")}})));
  EXPECT_FALSE(ParseFile(ZipOf({{"a/data.pkl", P::Whole("}")}, {"a/data.pkl", P::Whole("}")}})));
}

TEST(PyTorchFile, BigEndianIsRefused) {
  const TestTensor tensor{"FloatStorage", "0", 6, 0, {6}, {1}};
  TestTensor legacy = tensor;
  legacy.legacy = true;
  const std::string data(24, 'x');
  for (const std::string& file : {PyTorchZip(P::Dict({{"w", tensor.Pickled()}}), {{"0", data}}, "big"),
                                  PyTorchLegacy(P::Dict({{"w", legacy.Pickled()}}), {{"0", data}}, false)})
    EXPECT_THAT(ParseFile(file).error().message, HasSubstr("big-endian"));
}

TEST(PyTorchFile, CodeIsRefusedBesideTensors) {
  const TestTensor tensor{"FloatStorage", "0", 6, 0, {6}, {1}};
  const std::string call = P::Global("os", "system") + P::Text("true") + "\x85R";
  const std::vector<std::pair<std::string, std::string>> data = {{"0", std::string(24, 'x')}};
  for (const std::string& pickled : {P::Dict({{"w", tensor.Pickled()}, {"x", call}}), call}) {
    for (const std::string& file : {PyTorchZip(pickled, data), PyTorchLegacy(pickled, data)}) {
      const auto contents = ParseFile(file);
      ASSERT_FALSE(contents);
      EXPECT_EQ(contents.error().code, ErrorCode::kUnsupported);
      EXPECT_THAT(contents.error().message, HasSubstr("'os.system' is not allowed, because tensors do not need it"));
    }
  }
  // Allowed names, where they make no tensor.
  for (const std::string& pickled :
       {P::Global("torch", "FloatStorage") + ")R", P::Global("torch._utils", "_rebuild_tensor_v2") + ")R",
        P::Global("torch._utils", "_rebuild_parameter") + ")R",
        P::Global("torch._utils", "_rebuild_parameter") + P::Tuple({"N"}) + "R",
        P::Global("torch._utils", "_rebuild_parameter") + P::Tuple({tensor.PickledParameter()}) + "R"})
    EXPECT_EQ(ParseFile(PyTorchZip(P::Dict({{"w", pickled}}), data)).error().code, ErrorCode::kInvalidModel);
  EXPECT_FALSE(ParseFile(PyTorchZip(P::Dict({{"w", "NQ"}}), data)));
  EXPECT_FALSE(ParseFile(PyTorchZip(P::Dict({{"\xff", tensor.Pickled()}}), data)));
}

TEST(PyTorchFile, EveryTruncationIsRefused) {
  for (const bool legacy : {false, true}) {
    const std::string file = SmallPyTorchFile(legacy);
    for (size_t size = 0; size < file.size(); ++size) EXPECT_FALSE(ParseFile(file.substr(0, size))) << legacy << size;
  }
}

TEST(PyTorchFile, FlippedBytesNeverLeaveTheFile) {
  for (const bool legacy : {false, true}) {
    const std::string original = SmallPyTorchFile(legacy);
    for (size_t at = 0; at < original.size(); ++at) {
      for (const int flip : {0x01, 0x10, 0x80, 0xff}) {
        std::string file = original;
        file[at] = static_cast<char>(file[at] ^ flip);
        const auto contents = ParseFile(file);
        if (!contents) continue;
        for (const TensorView& tensor : contents->tensors) {
          ASSERT_EQ(static_cast<uint64_t>(tensor.count()) * SizeOf(tensor.dtype), tensor.data.size());
          std::vector<std::byte> touched(tensor.data.begin(), tensor.data.end());
        }
      }
    }
  }
}

TEST(PyTorchFile, ChecksumsDetectDamage) {
  const TemporaryDirectory dir;
  const auto path = dir.path() / "pytorch_model.bin";
  std::string file = SmallPyTorchFile(false);
  std::ofstream(path, std::ios::binary) << file;
  auto opened = PyTorchFile::Open(path);
  ASSERT_TRUE(opened) << opened.error().Text();
  const PyTorchFile moved = std::move(*opened);
  EXPECT_EQ(moved.tensors().size(), 5u);
  EXPECT_TRUE(moved.CheckSums());
  file[file.find(BytesOfNumbers(Counting(6)))] = 1;
  std::ofstream(path, std::ios::binary) << file;
  EXPECT_THAT(PyTorchFile::Open(path)->CheckSums().error().message, HasSubstr("archive/data/0' is damaged"));
  EXPECT_EQ(PyTorchFile::Open(dir.path() / "none").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace winnow
