#include "bundle/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error_of.h"
#include "support/pytorch_writer.h"

namespace winnow {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using Kind = PickleValue::Kind;
using P = PickleText;

constexpr std::string_view kGlobals[] = {"collections.OrderedDict", "good.function"};

Result<Pickle> ParsePickleText(const std::string& bytes) {
  return ParsePickle(std::as_bytes(std::span(bytes)), kGlobals, "file");
}

PickleValue Root(const std::string& value) {
  const auto pickle = ParsePickleText(P::Whole(value));
  EXPECT_TRUE(pickle) << pickle.error().Text();
  return pickle ? (*pickle)[pickle->root] : PickleValue{};
}

Error ErrorOfPickled(const std::string& value) { return ErrorOf(ParsePickleText(P::Whole(value))); }

TEST(Pickle, NumbersAreReadWithTheirSigns) {
  EXPECT_EQ(Root(std::string("K\xff")).integer, 255);
  EXPECT_EQ(Root(std::string("M\xff\xff")).integer, 65535);
  EXPECT_EQ(Root(std::string("J\xfe\xff\xff\xff")).integer, -2);
  EXPECT_EQ(Root(std::string("\x8a\x01\xff")).integer, -1);
  EXPECT_EQ(Root(std::string("\x8a\x02\xff\x00", 4)).integer, 255);
  EXPECT_EQ(Root(std::string("\x8a\x00", 2)).integer, 0);
  EXPECT_EQ(Root(P::Int(INT64_MIN)).integer, INT64_MIN);
  EXPECT_EQ(Root("\x8a\x09" + std::string(9, 'x')).kind, Kind::kBigInt);
  EXPECT_EQ(Root("G12345678").kind, Kind::kFloat);
  EXPECT_EQ(Root("\x88").integer, 1);
  EXPECT_EQ(Root("\x89").kind, Kind::kBool);
}

TEST(Pickle, TextComesInAllItsLengths) {
  for (const std::string& text :
       {std::string("U\x02ok"), std::string("\x8c\x02ok"), P::Text("ok"), "T" + P::Little(2, 4) + "ok",
        "\x8d" + P::Little(2, 8) + "ok", std::string("C\x02ok")})
    EXPECT_EQ(Root(text).text, "ok");
}

TEST(Pickle, ContainersHoldWhatWasPutIntoThem) {
  EXPECT_EQ(Root("](K\x01K\x02"
                 "eNa")
                .items.size(),
            3u);
  EXPECT_EQ(Root("NN\x86").items.size(), 2u);
  EXPECT_EQ(Root("(NNNNt").items.size(), 4u);
  EXPECT_EQ(Root("}" + P::Text("a") + "Ns(" + P::Text("b") + "Nu").items.size(), 4u);
  EXPECT_EQ(Root(P::Dict({{"a", "N"}}, true)).kind, Kind::kDict);
}

TEST(Pickle, CallsAreValuesThatSayWhatWouldBeCalled) {
  const auto pickle = ParsePickleText(P::Whole(P::Global("good", "function") + "K\x07\x85R"));
  ASSERT_TRUE(pickle) << pickle.error().Text();
  const PickleValue& call = (*pickle)[pickle->root];
  ASSERT_EQ(call.kind, Kind::kCall);
  EXPECT_EQ((*pickle)[call.items[0]].text, "good.function");
  EXPECT_EQ((*pickle)[(*pickle)[call.items[1]].items[0]].integer, 7);
  EXPECT_EQ(Root("\x8c\x04good\x8c\x08"
                 "function\x93")
                .text,
            "good.function");
}

TEST(Pickle, RememberedValuesAreTheSameOnes) {
  const auto pickle = ParsePickleText(P::Whole(P::Text("a") + "q\x05"
                                                              "h\x05\x86"));
  ASSERT_TRUE(pickle) << pickle.error().Text();
  const PickleValue& tuple = (*pickle)[pickle->root];
  EXPECT_EQ(tuple.items[0], tuple.items[1]);
  EXPECT_EQ(Root(P::Text("a") + "\x94" + P::Text("b") + "\x94" + std::string("h\x00\x87", 3)).items.size(), 3u);
  // A list within itself is no endless loop.
  EXPECT_EQ(Root(std::string("]q\x00h\x00"
                             "a",
                             6))
                .items.size(),
            1u);
}

TEST(Pickle, WhatTensorsDontNeedIsRefusedByName) {
  for (const auto& [value, name] : std::vector<std::pair<std::string, std::string>>{
           {P::Global("os", "system") + P::Text("true") + "\x85R", "'os.system'"},
           {"\x8c\x05posix\x8c\x06system\x93", "'posix.system'"},
           {P::Global("good", "function\x1b[31m"), "'good.function?[31m'"},
           {P::Global("good.function", ""), "'good.function.'"},
           {"(" + P::Text("true") + "ios\nsystem\n", "INST"},
           {"(" + P::Global("good", "function") + "o", "OBJ"},
           {P::Global("good", "function") + ")\x81", "NEWOBJ"},
           {"\x82\x01", "EXT1"},
           {"P1\n", "PERSID"},
           {"S'x'\n", "STRING"},
           {"\xff", "0xff"},
           {"]N"
            "b",
            "state"},
           {P::Text("eval") + ")R", "call"},
           {P::Global("good", "function") + "NR", "call"},
           {P::Global("collections", "OrderedDict") + "N\x85R", "OrderedDict"}}) {
    const Error error = ErrorOfPickled(value);
    EXPECT_EQ(error.code, ErrorCode::kUnsupported) << name;
    EXPECT_THAT(error.message, AllOf(HasSubstr(name), HasSubstr("nothing was executed")));
  }
  EXPECT_EQ(ParsePickleText("\x80\x06N.").error().code, ErrorCode::kUnsupported);
}

TEST(Pickle, NonsenseIsRefused) {
  for (const std::string& value : {std::string(""),
                                   std::string("t"),
                                   std::string("\x85"),
                                   std::string("NN"),
                                   std::string("(N"),
                                   std::string("Na"),
                                   std::string("NNs"),
                                   std::string("](NNu"),
                                   std::string("}(Nu"),
                                   std::string("N(\x85"),
                                   std::string("]Na(a"),
                                   std::string("h\x01"),
                                   std::string("q\x01"),
                                   std::string("j\xff\xff\xff\xff"),
                                   std::string("X\xff\xff\xff\xff"),
                                   std::string("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"),
                                   std::string("Q"),
                                   std::string("NN\x93"),
                                   std::string("c") + std::string(1000, 'a'),
                                   std::string("e"),
                                   std::string("u"),
                                   std::string("}Nu")})
    EXPECT_EQ(ErrorOfPickled(value).code, ErrorCode::kInvalidModel) << ::testing::PrintToString(value);
  EXPECT_EQ(ParsePickleText("").error().code, ErrorCode::kInvalidModel);
}

TEST(Pickle, HugePicklesAreRefused) {
  EXPECT_THAT(ErrorOfPickled("(" + std::string(1'100'000, 'N') + "t").message, HasSubstr("1000000 values"));
  EXPECT_THAT(ErrorOfPickled(std::string(17 << 20, '(')).message, HasSubstr("too long"));
}

TEST(Pickle, WhatFollowsIsLeftAlone) { EXPECT_EQ(ParsePickleText(P::Whole("N") + "\xff\xff").value().size, 4u); }

}  // namespace
}  // namespace winnow
