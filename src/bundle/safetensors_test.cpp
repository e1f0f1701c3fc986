#include "bundle/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <random>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A whole file: length, header, data.
std::string FileOf(const std::string& header, size_t data_bytes) {
  std::string file(8, '\0');
  const uint64_t length = header.size();
  std::memcpy(file.data(), &length, sizeof length);
  return file + header + std::string(data_bytes, '\x01');
}

Result<SafetensorsContents> ParseContents(const std::string& file) {
  return ParseSafetensors(std::as_bytes(std::span(file)), "model.safetensors");
}

std::string MessageOf(const std::string& header, size_t data_bytes) {
  const auto contents = ParseContents(FileOf(header, data_bytes));
  return contents ? "parsed" : contents.error().message;
}

std::span<const std::byte> BytesOf(const auto& values) { return std::as_bytes(std::span(values)); }

TEST(Safetensors, WhatIsWrittenReadsBack) {
  const TemporaryDirectory dir;
  const std::vector<float> weight = {1, 2, 3, -4, 5, .5f};
  const std::vector<int64_t> ids = {7, 8};
  const std::vector<TensorView> tensors = {ViewOf("b.weight", {2, 3}, weight),
                                           {"a.ids", DType::kI64, {1, 2}, BytesOf(ids)},
                                           {"empty", DType::kF16, {0, 4}, {}}};
  const auto path = dir.path() / "model.safetensors";
  ASSERT_TRUE(WriteSafetensors(path, tensors, {{"format", "pt"}, {"who", "a \"quote\""}}));

  auto opened = SafetensorsFile::Open(path);
  ASSERT_TRUE(opened) << opened.error().Text();
  SafetensorsFile file = std::move(*opened);
  EXPECT_EQ(file.tensors().size(), 3u);
  EXPECT_EQ(file.metadata().at("who"), "a \"quote\"");
  const TensorView* found = file.Find("b.weight");
  ASSERT_NE(found, nullptr);
  EXPECT_THAT(found->shape, ElementsAre(2, 3));
  std::vector<float> read(6);
  ASSERT_TRUE(CopyAsF32(*found, read));
  EXPECT_EQ(read, weight);
  ASSERT_NE(file.Find("a.ids"), nullptr);
  EXPECT_EQ(std::memcmp(file.Find("a.ids")->data.data(), ids.data(), 16), 0);
  EXPECT_EQ(file.Find("empty")->count(), 0);
  EXPECT_EQ(file.Find("b.weigh"), nullptr);
  EXPECT_EQ(file.Find(""), nullptr);
}

TEST(Safetensors, DataIsAlignedWhateverTheNames) {
  const TemporaryDirectory dir;
  const std::vector<int8_t> odd = {1, 2, 3};
  const std::vector<float> floats = {1};
  for (const std::string name : {"a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh"}) {
    const std::vector<TensorView> tensors = {{"A" + name, DType::kI8, {3}, BytesOf(odd)}, ViewOf(name, {1}, floats)};
    ASSERT_TRUE(WriteSafetensors(dir.path() / "m", tensors));
    const auto file = SafetensorsFile::Open(dir.path() / "m");
    ASSERT_TRUE(file) << file.error().Text();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(file->Find(name)->data.data()) % 4, 0u);
  }
}

TEST(Safetensors, OrderOfTheTensorsDoesNotChangeTheBytes) {
  const TemporaryDirectory dir;
  const std::vector<float> x = {1, 2};
  const std::vector<float> y = {3};
  ASSERT_TRUE(WriteSafetensors(dir.path() / "1", std::vector{ViewOf("x", {2}, x), ViewOf("y", {1}, y)}));
  ASSERT_TRUE(WriteSafetensors(dir.path() / "2", std::vector{ViewOf("y", {1}, y), ViewOf("x", {2}, x)}));
  EXPECT_EQ(ReadFile(dir.path() / "1").value(), ReadFile(dir.path() / "2").value());
}

TEST(Safetensors, WriterRefusesWhatAReaderWould) {
  const TemporaryDirectory dir;
  const std::vector<float> x = {1, 2};
  const auto path = dir.path() / "m";
  EXPECT_FALSE(WriteSafetensors(path, std::vector{ViewOf("x", {3}, x)}));
  EXPECT_FALSE(WriteSafetensors(path, std::vector{ViewOf("x", {-2}, x)}));
  EXPECT_FALSE(WriteSafetensors(path, std::vector{ViewOf("x", {2}, x), ViewOf("x", {2}, x)}));
  EXPECT_FALSE(WriteSafetensors(path, std::vector{ViewOf("", {2}, x)}));
  EXPECT_FALSE(WriteSafetensors(path, std::vector{ViewOf("__metadata__", {2}, x)}));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Safetensors, HalfPrecisionMatchesItsDefinition) {
  // Bits and values from IEEE 754-2019's binary16, and of bfloat16.
  const std::vector<uint16_t> half = {0x0000, 0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x83ff, 0x3555, 0x7c00, 0xfc00};
  const std::vector<float> expected = {0,
                                       1,
                                       -2,
                                       65504,
                                       0x1p-14f,
                                       0x1p-24f,
                                       -0x1.ff8p-15f,
                                       0x1.554p-2f,
                                       std::numeric_limits<float>::infinity(),
                                       -std::numeric_limits<float>::infinity()};
  std::vector<float> out(half.size());
  ASSERT_TRUE(CopyAsF32({"h", DType::kF16, {10}, BytesOf(half)}, out));
  EXPECT_EQ(out, expected);
  EXPECT_FALSE(std::ranges::all_of(out, [](float x) { return std::isfinite(x); }));
  EXPECT_TRUE(std::ranges::all_of(std::span(out).first(8), [](float x) { return std::isfinite(x); }));

  const std::vector<uint16_t> nan = {0x7e00, 0x8000};
  std::vector<float> two(2);
  ASSERT_TRUE(CopyAsF32({"n", DType::kF16, {2}, BytesOf(nan)}, two));
  EXPECT_TRUE(std::isnan(two[0]));
  EXPECT_TRUE(std::signbit(two[1]));

  const std::vector<uint16_t> brain = {0x3f80, 0xc049};
  ASSERT_TRUE(CopyAsF32({"b", DType::kBF16, {2}, BytesOf(brain)}, two));
  EXPECT_THAT(two, ElementsAre(1.f, -3.140625f));

  const std::vector<double> wide = {.5, -1e300};
  ASSERT_TRUE(CopyAsF32({"d", DType::kF64, {2}, BytesOf(wide)}, two));
  EXPECT_EQ(two[0], .5f);
  EXPECT_TRUE(std::isinf(two[1]));

  const std::vector<int32_t> whole = {1, 2};
  EXPECT_EQ(CopyAsF32({"i", DType::kI32, {2}, BytesOf(whole)}, two).error().code, ErrorCode::kInvalidModel);
  std::vector<float> three(3);
  EXPECT_EQ(CopyAsF32({"b", DType::kBF16, {2}, BytesOf(brain)}, three).error().code, ErrorCode::kInternal);
}

TEST(Safetensors, EveryElementTypeHasItsNameAndSize) {
  const std::vector<std::pair<std::string, size_t>> types = {
      {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"I64", 8}, {"I32", 4},
      {"I16", 2}, {"I8", 1},  {"U64", 8}, {"U32", 4},  {"U16", 2},     {"U8", 1},      {"BOOL", 1}};
  for (const auto& [name, size] : types) {
    const std::string header =
        R"({"t":{"dtype":")" + name + R"(","shape":[3],"data_offsets":[0,)" + std::to_string(3 * size) + "]}}";
    const auto contents = ParseContents(FileOf(header, 3 * size));
    ASSERT_TRUE(contents) << contents.error().Text();
    EXPECT_EQ(NameOf(contents->tensors[0].dtype), name);
    EXPECT_EQ(SizeOf(contents->tensors[0].dtype), size);
  }
  EXPECT_THAT(MessageOf(R"({"t":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}})", 1), HasSubstr("element type 'F4'"));
}

TEST(Safetensors, HostileLengthsAreRefusedBeforeAnyMemoryIsTaken) {
  std::string file(8, '\0');
  const uint64_t huge = uint64_t{1} << 60;
  std::memcpy(file.data(), &huge, sizeof huge);
  EXPECT_THAT(ParseContents(file + "{}").error().message,
              HasSubstr("header is specified as 1152921504606846976 bytes"));
  EXPECT_THAT(ParseContents("").error().message, HasSubstr("holds 0 bytes"));
  EXPECT_THAT(ParseContents("1234567").error().message, HasSubstr("holds 7 bytes"));
  const std::string whole = FileOf("{}", 0);
  EXPECT_TRUE(ParseContents(whole));
  EXPECT_THAT(ParseContents(whole.substr(0, 9)).error().message,
              HasSubstr("header is specified as 2 bytes, but the file contains 1"));
}

TEST(Safetensors, ErrorsNameTheTensorAndTheNumbers) {
  const std::string f32 = R"("dtype":"F32",)";
  EXPECT_THAT(MessageOf("[1]", 0), HasSubstr("not a JSON object"));
  EXPECT_THAT(MessageOf("{\"a\":", 0), HasSubstr("not valid JSON"));
  EXPECT_THAT(MessageOf(R"({"a":1})", 0), HasSubstr("'a' is not described by an object"));
  EXPECT_THAT(MessageOf(R"({"a":{"shape":[],"data_offsets":[0,4]}})", 4), HasSubstr("'a' has no 'dtype'"));
  EXPECT_THAT(MessageOf("{\"a\":{" + f32 + R"("shape":[-1],"data_offsets":[0,4]}})", 4), HasSubstr("'shape'"));
  EXPECT_THAT(MessageOf("{\"a\":{" + f32 + R"("shape":[1.5],"data_offsets":[0,4]}})", 4), HasSubstr("'shape'"));
  EXPECT_THAT(MessageOf("{\"a\":{" + f32 + R"("shape":[1],"data_offsets":[4,0]}})", 4), HasSubstr("before it begins"));
  EXPECT_THAT(MessageOf("{\"a\":{" + f32 + R"("shape":[1],"data_offsets":[0,4,8]}})", 4), HasSubstr("[begin, end]"));
  EXPECT_THAT(MessageOf("{\"a\":{" + f32 + R"("shape":[2],"data_offsets":[0,4]}})", 4),
              HasSubstr("takes 8 bytes, but its offsets span 4"));
  EXPECT_THAT(MessageOf("{\"a\":{" + f32 + R"("shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0),
              HasSubstr("too large for memory"));
  EXPECT_THAT(MessageOf("{\"a\":{" + f32 + R"("shape":[1],"data_offsets":[0,4]}})", 2), HasSubstr("describes 4 bytes"));
  EXPECT_THAT(MessageOf("{\"a\":{" + f32 + R"("shape":[1],"data_offsets":[0,4]}})", 9), HasSubstr("holds 9"));
  EXPECT_THAT(MessageOf("{\"a\":{" + f32 + R"("shape":[1],"data_offsets":[4,8]}})", 8), HasSubstr("there is a gap"));
  const std::string one = "{" + f32 + R"("shape":[1],"data_offsets":[0,4]})";
  EXPECT_THAT(MessageOf("{\"a\":" + one + ",\"a\":" + one + "}", 4), HasSubstr("key 'a' occurs twice"));
  EXPECT_THAT(MessageOf("{\"a\":" + one + ",\"b\":" + one + "}", 4), HasSubstr("overlap"));
  const std::string far = "{" + f32 + R"("shape":[1],"data_offsets":[18446744073709551612,18446744073709551616]})";
  EXPECT_THAT(MessageOf("{\"a\":" + far + "}", 4), HasSubstr("data_offsets"));
  EXPECT_THAT(MessageOf(R"({"__metadata__":{"format":1}})", 0), HasSubstr("__metadata__"));
  EXPECT_THAT(MessageOf(std::string(200000, '['), 0), HasSubstr("nested deeper"));
}

/// A small but complete file, for the sweeps.
std::string SmallFile() {
  const TemporaryDirectory dir;
  const std::vector<float> x = {1, 2, 3, 4};
  const std::vector<int64_t> ids = {5};
  EXPECT_TRUE(WriteSafetensors(dir.path() / "m", std::vector{ViewOf("layer.weight", {2, 2}, x),
                                                             TensorView{"ids", DType::kI64, {1}, BytesOf(ids)}}));
  return ReadFile(dir.path() / "m").value();
}

/// Touches every byte that a view covers, for the sanitizers.
unsigned Touch(const SafetensorsContents& contents) {
  unsigned sum = 0;
  for (const TensorView& tensor : contents.tensors) {
    for (const std::byte each : tensor.data) sum += static_cast<unsigned>(each);
  }
  return sum;
}

TEST(Safetensors, NoTruncationParses) {
  const std::string file = SmallFile();
  ASSERT_TRUE(ParseContents(file));
  for (size_t size = 0; size < file.size(); ++size) {
    const std::string cut = file.substr(0, size);
    EXPECT_FALSE(ParseContents(cut)) << size;
  }
}

TEST(Safetensors, FlippedBytesAreReadSafelyOrRefused) {
  const std::string file = SmallFile();
  unsigned touched = 0;
  for (size_t at = 0; at < file.size(); ++at) {
    for (const int mask : {0x01, 0x02, 0x10, 0x80, 0xff}) {
      std::string changed = file;
      changed[at] = static_cast<char>(changed[at] ^ mask);
      if (const auto contents = ParseContents(changed)) touched += Touch(*contents);
    }
  }
  EXPECT_GT(touched, 0u);  // flips in the data still parse
}

TEST(Safetensors, RandomHeadersAreReadSafelyOrRefused) {
  std::mt19937 random(1);
  const std::vector<std::string> pieces = {"{",
                                           "}",
                                           "[",
                                           "]",
                                           ",",
                                           ":",
                                           "\"a\"",
                                           "\"dtype\"",
                                           "\"shape\"",
                                           "\"F32\"",
                                           "\"I8\"",
                                           "0",
                                           "1",
                                           "-1",
                                           "\"data_offsets\"",
                                           "18446744073709551615",
                                           "1e308",
                                           "null",
                                           "\"",
                                           "\\u",
                                           "\xff"};
  unsigned read = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string header;
    const auto length = random() % 24;
    for (unsigned i = 0; i < length; ++i) header += pieces[random() % pieces.size()];
    const bool sound = round % 100 == 0;  // some headers are
    if (sound) header = R"({"a":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}})";
    if (const auto contents = ParseContents(FileOf(header, sound ? 1 : random() % 8))) {
      ++read;
      Touch(*contents);
    }
  }
  EXPECT_GE(read, 200u);
}

TEST(Safetensors, MissingFileIsNotFound) {
  const TemporaryDirectory dir;
  EXPECT_EQ(SafetensorsFile::Open(dir.path() / "none").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace winnow
