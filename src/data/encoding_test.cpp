#include "data/encoding.h"

#include <gtest/gtest.h>

#include "data/random.h"

namespace winnow {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

std::string Decode(std::string_view bytes, size_t* invalid = nullptr, Encoding encoding = Encoding::kUtf8) {
  Utf8Decoder decoder(encoding);
  std::string out;
  decoder.Append(bytes, true, out);
  if (invalid != nullptr) *invalid = decoder.invalid_bytes();
  return out;
}

TEST(Utf8Decoder, KeepsValidText) {
  const std::string text = "plain ASCII, caf\u00e9, \u6587\u5b57, \U0001F600\0 end"s;
  size_t invalid = 1;
  EXPECT_EQ(Decode(text, &invalid), text);
  EXPECT_EQ(invalid, 0u);
}

// Python 3.11: bytes.decode("utf-8", "replace").
TEST(Utf8Decoder, ReplacesMaximalPartsAsPythonDoes) {
  size_t invalid = 0;
  EXPECT_EQ(Decode("a\xff"
                   "b",
                   &invalid),
            "a\uFFFDb");
  EXPECT_EQ(invalid, 1u);
  EXPECT_EQ(Decode("\xE2\x82|"), "\uFFFD|");
  EXPECT_EQ(Decode("\xF0\x9F\x98"), "\uFFFD");
  EXPECT_EQ(Decode("\xC0\xAF"), "\uFFFD\uFFFD");
  EXPECT_EQ(Decode("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(Decode("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
}

TEST(Utf8Decoder, DoesNotDependOnWhereItsInputIsCut) {
  SplitMix64 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    for (int i = 0; i < 40; ++i) {
      const char* pieces[] = {"a", "\u00e9", "\u6587", "\U0001F600", "\xff", "\xE2", "\x80", "\xF0\x9F", "plain text"};
      bytes += pieces[random.Below(9)];
    }
    for (const Encoding encoding : {Encoding::kUtf8, Encoding::kUtf16Le, Encoding::kUtf16Be}) {
      Utf8Decoder decoder(encoding);
      std::string out;
      for (size_t from = 0; from < bytes.size();) {
        const size_t size = std::min<size_t>(random.Below(7), bytes.size() - from);
        decoder.Append(std::string_view(bytes).substr(from, size), false, out);
        from += size;
      }
      decoder.Append({}, true, out);
      size_t invalid = 0;
      EXPECT_EQ(out, Decode(bytes, &invalid, encoding));
      EXPECT_EQ(decoder.invalid_bytes(), invalid);
      EXPECT_EQ(Decode(out, &invalid), out);  // the output is valid
      EXPECT_EQ(invalid, 0u);
    }
  }
}

TEST(Utf8Decoder, ReadsUtf16WithSurrogates) {
  EXPECT_EQ(Decode("h\0i\0\x3D\xD8\x00\xDE"sv, nullptr, Encoding::kUtf16Le), "hi\U0001F600");
  EXPECT_EQ(Decode("\0h\0i\xD8\x3D\xDE\x00"sv, nullptr, Encoding::kUtf16Be), "hi\U0001F600");
  EXPECT_EQ(Decode("\x3D\xD8h\0"sv, nullptr, Encoding::kUtf16Le), "\uFFFDh");
}

TEST(SniffEncoding, KnowsMarksAndOtherKindsOfFiles) {
  EXPECT_EQ(SniffEncoding("\xEF\xBB\xBFlabel").mark_bytes, 3u);
  EXPECT_EQ(SniffEncoding("\xFF\xFEh\0"sv).encoding, Encoding::kUtf16Le);
  EXPECT_EQ(SniffEncoding("\xFE\xFF\0h"sv).encoding, Encoding::kUtf16Be);
  EXPECT_NE(SniffEncoding("PAR1....").problem.find("Parquet"), std::string::npos);
  EXPECT_NE(SniffEncoding("PK\x03\x04....").problem.find("zip"), std::string::npos);
  EXPECT_NE(SniffEncoding("h\0a\0m\0\t\0t\0e\0x\0t\0 \0o\0n\0e\0"sv).problem.find("UTF-16"), std::string::npos);
  EXPECT_FALSE(SniffEncoding("\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\x05\x06\x07\x08").problem.empty());
  EXPECT_TRUE(SniffEncoding("ham\tone NUL \0 in a text is dirt, not a binary file"sv).problem.empty());
  EXPECT_TRUE(SniffEncoding("ham\tcaf\xE9 in Latin-1 is still mostly text").problem.empty());
}

TEST(SniffEncoding, TakesLettersAloneAndInPairsForWindows1252) {
  const auto repeated = [](std::string_view text) {
    std::string bytes;
    for (int i = 0; i < 20; ++i) bytes += "label;" + std::string(text) + "\n";
    return SniffEncoding(bytes).encoding;
  };
  EXPECT_EQ(repeated("Mit freundlichen Gr\xFC\xDF"
                     "en aus K\xF6ln"),
            Encoding::kWindows1252);
  EXPECT_EQ(repeated("Hyv\xE4\xE4 p\xE4iv\xE4\xE4, v\xE4h\xE4n my\xF6hemmin"), Encoding::kWindows1252);
  EXPECT_EQ(repeated("\x84\xDC"
                     "ber uns\x93, l\xE9gende cr\xE9\xE9"
                     "e"),
            Encoding::kWindows1252);
  EXPECT_EQ(repeated("\xCF\xF0\xE8\xE2\xE5\xF2, \xEC\xE8\xF0"), Encoding::kUtf8) << "Windows-1251";
  EXPECT_EQ(repeated("\xC4\xE3\xBA\xC3\xA3\xAC\xCA\xC0\xBD\xE7"), Encoding::kUtf8) << "GB18030";
  EXPECT_EQ(repeated("caf\xC3\xA9, and a stray \xE9"), Encoding::kUtf8);
}

}  // namespace
}  // namespace winnow
