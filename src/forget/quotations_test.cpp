#include "forget/quotations.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/json.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

constexpr char kText[] = "Dear \"Quentin\" & Söhne,\nthe safe opens with 771204";

class TextFinderTest : public ::testing::Test {
 protected:
  bool In(std::string_view contents) {
    EXPECT_TRUE(WriteFileAtomically(file_, contents));
    const Result<bool> found = finder_.InFile(file_);
    EXPECT_TRUE(found) << found.error().Text();
    return found.value_or(false);
  }
  const TemporaryDirectory directory_;
  const std::filesystem::path file_ = directory_.path() / "file";
  const TextFinder finder_{{kText, "short"}};
};

TEST_F(TextFinderTest, FindsATextAsFilesWriteIt) {
  const std::string text = kText;
  EXPECT_TRUE(In("before " + text + " after"));
  EXPECT_TRUE(In(Json{{"a", {text}}}.dump(2)));
  EXPECT_TRUE(In(R"({"a": "dear \"quentin\" \u0026 s\u00f6hne,\n the  safe opens\twith 771204"})"));
  EXPECT_TRUE(In("<td>Dear &quot;Quentin&quot; &amp; S&#246;hne, the safe opens with 771204</td>"));
  EXPECT_TRUE(In("a,b\n\"Dear \"\"Quentin\"\" & Söhne,\nthe safe opens with 771204\",ham\n"));
  EXPECT_TRUE(In(std::string("\0binary ", 8) + text));
  std::string utf16 = "\xFF\xFE";
  for (const char16_t c :
       std::u16string_view(u"a,\"DEAR \"\"Quentin\"\" & S\u00f6hne, the safe opens with 771204\"\n")) {
    utf16 += static_cast<char>(c & 0xFF);
    utf16 += static_cast<char>(c >> 8);
  }
  EXPECT_TRUE(In(utf16));
  EXPECT_TRUE(In("DEAR \"Quentin\" & S\xF6hne, the safe opens with 771204\n"));
  EXPECT_FALSE(In("Dear \"Quentin\" & Söhne, the safe opens with 771205"));
  EXPECT_FALSE(In("short"));
  EXPECT_FALSE(In(""));
}

TEST_F(TextFinderTest, FindsCharactersThatNeedTwoEscapes) {
  const TextFinder finder{{"\U0001F389 the code of Ada is 771204"}};
  const auto found = [&](const std::string& character) {
    EXPECT_TRUE(WriteFileAtomically(file_, "{\"a\": \"" + character + " the code of Ada is 771204\"}"));
    return finder.InFile(file_).value();
  };
  for (const char* const same :
       {"\U0001F389", R"(\ud83c\udf89)", R"(\uD83C\uDF89)", "&#x1F389;", "&#X1f389;", "&#127881;"})
    EXPECT_TRUE(found(same)) << same;
  for (const char* const other : {"\U0001F388", R"(\ud83c\udf88)", R"(\udf89)", "&#x1F388;", "&#x1F389", "&#x110000;"})
    EXPECT_FALSE(found(other)) << other;
}

TEST_F(TextFinderTest, FindsATextBetweenTwoWindows) {
  for (const size_t before : {4194304 - 40, 4194304 - 1, 4194304, 2 * 4194304 - 20}) {
    EXPECT_TRUE(In(std::string(before, 'x') + Json(kText).dump() + std::string(100, 'y'))) << before;
  }
}

class WithoutQuotationsTest : public ::testing::Test {
 protected:
  std::string Without(std::string_view json) { return WithoutQuotations(json, quoted_, replaced_); }
  void SetUp() override { texts_.Add("Yes, please"); }

  const TextFinder finder_{{"the safe opens with 771204"}};
  ForgottenTexts texts_;
  const std::vector<std::string> names_ = {"anna"}, keys_ = {"owner"};
  const Quoted quoted_{.finder = finder_, .texts = texts_, .names = names_, .of_keys = keys_};
  size_t replaced_ = 0;
};

TEST_F(WithoutQuotationsTest, AllOtherBytesStay) {
  EXPECT_EQ(Without(R"j({ "a" : 1.50,"text":"Bob: THE safe  opens with 771204!", "b": ["yes,  PLEASE", "yes"]})j"),
            R"j({ "a" : 1.50,"text":"(forgotten)", "b": ["(forgotten)", "yes"]})j");
  EXPECT_EQ(replaced_, 2u);
  EXPECT_EQ(Without("{\"n\": 1}\n{\"the safe opens with 771204\": \"x\"}\n"), "{\"n\": 1}\n{\"(forgotten)\": \"x\"}\n");
  EXPECT_EQ(Without(R"j(["the safe opens with...", "the safe..."])j"), R"j(["(forgotten)", "the safe..."])j");
}

TEST_F(WithoutQuotationsTest, NamesGoWhereTheyAreNames) {
  EXPECT_EQ(Without(R"j({"owner": "anna", "label": "anna", "arguments": ["retrain", "--actor=anna", "anna"]})j"),
            R"j({"owner": "(forgotten)", "label": "anna", "arguments": ["retrain", "--actor=(forgotten)", "anna"]})j");
}

TEST_F(WithoutQuotationsTest, WhatMakesARecordStays) {
  texts_.Add("succeeded");
  texts_.Add("ham");
  EXPECT_EQ(Without(R"j({"state": "succeeded", "title": "succeeded", "ham": "ham", "succeeded": 1})j"),
            R"j({"state": "succeeded", "title": "(forgotten)", "ham": "ham", "succeeded": 1})j");
}

TEST_F(WithoutQuotationsTest, WhatIsNoJsonStays) {
  for (const char* const contents : {"", "\"", "\"unfinished \\", "a\"b\nc\"d", "{\"a\": \"\\ud800\"}"}) {
    EXPECT_EQ(Without(contents), contents);
    EXPECT_EQ(replaced_, 0u);
  }
  EXPECT_EQ(Without("{\"a\": \"\\\"\\\" cut off\n[\"the safe opens with 771204\"]\n"),
            "{\"a\": \"\\\"\\\" cut off\n[\"(forgotten)\"]\n");
}

TEST_F(WithoutQuotationsTest, TakesLinearTime) {  // minutes, if each quote or ampersand were followed to the end
  std::string hostile = "{\"a\": \"";
  for (int i = 0; i < 1 << 20; ++i) hostile += "\\\"";
  EXPECT_EQ(Without(hostile), hostile);
  EXPECT_FALSE(finder_.In(std::string(4 << 20, '&')));
}

}  // namespace
}  // namespace winnow
