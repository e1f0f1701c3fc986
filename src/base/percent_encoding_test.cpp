#include "base/percent_encoding.h"

#include <gtest/gtest.h>

#include <optional>

namespace winnow {
namespace {

TEST(PercentEncoding, SequencesAreDecodedOrRefused) {
  EXPECT_EQ(PercentDecoded("a%2Fb%c3%a9"), "a/b\xc3\xa9");
  EXPECT_EQ(PercentDecoded("%"), std::nullopt);
  EXPECT_EQ(PercentDecoded("%4"), std::nullopt);
  EXPECT_EQ(PercentDecoded("%4g"), std::nullopt);
  EXPECT_EQ(PercentDecoded("a%00"), std::nullopt);
}

TEST(PercentEncoding, AllButUnreservedCharactersAreEncoded) {
  EXPECT_EQ(PercentEncoded("Az09-._~"), "Az09-._~");
  EXPECT_EQ(PercentEncoded(std::string_view("ä?#\0", 5)), "%C3%A4%3F%23%00");
}

TEST(PercentEncoding, PathsKeepTheirSlashes) {
  EXPECT_EQ(PercentEncoded("onnx/model 1%.onnx"), "onnx%2Fmodel%201%25.onnx");
  EXPECT_EQ(PercentEncoded("onnx/model 1%.onnx", "/"), "onnx/model%201%25.onnx");
}

}  // namespace
}  // namespace winnow
