#include "linear/features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pair;
using testing::UnorderedElementsAre;

const std::vector<std::string_view> kSeals = {"The seal sang; the SEAL slept.", "A seal sang at dusk", "dusk, dusk!",
                                              ""};

FeatureOptions Options(Analyzer analyzer, int min_ngram, int max_ngram, int64_t max_features = 0) {
  FeatureOptions options;
  options.analyzer = analyzer;
  options.min_ngram = min_ngram;
  options.max_ngram = max_ngram;
  options.max_features = max_features;
  return options;
}

FittedFeatures FitTexts(const std::vector<std::string_view>& texts, const FeatureOptions& options, int threads = 1) {
  ThreadPool pool(threads);
  auto fitted = Vectorizer::Fit(texts, options, pool);
  if (!fitted) throw std::runtime_error(fitted.error().message);
  return *std::move(fitted);
}

std::vector<std::string> Names(const std::vector<std::string_view>& texts, const FeatureOptions& options) {
  return FitTexts(texts, options).vectorizer.ToParts().names;
}

std::map<std::string, float> Row(const Vectorizer& vectorizer, const SparseRows& rows, size_t row) {
  std::map<std::string, float> named;
  for (size_t i = 0; i < rows.size(row); ++i) {
    named[std::string(vectorizer.name(static_cast<size_t>(rows.columns_of(row)[i])))] = rows.values_of(row)[i];
  }
  return named;
}

std::map<std::string, float> RowOf(const Vectorizer& vectorizer, std::string_view text) {
  ThreadPool pool(1);
  return Row(vectorizer, vectorizer.Transform(std::vector{text}, pool), 0);
}

MATCHER_P2(Is, name, value, "") {
  return arg.first == name && std::abs(arg.second - static_cast<float>(value)) < 1e-6f;
}

// The figures of this file are those of scikit-learn 1.9.1.
TEST(Features, OfWordsEqualScikitLearns) {
  const FittedFeatures fitted = FitTexts(kSeals, Options(Analyzer::kWord, 1, 2));
  const FeatureParts parts = fitted.vectorizer.ToParts();
  EXPECT_THAT(parts.names, ElementsAre("at", "at dusk", "dusk", "dusk dusk", "sang", "sang at", "sang the", "seal",
                                       "seal sang", "seal slept", "slept", "the", "the seal"));
  EXPECT_NEAR(parts.idf[0], 1.9162907, 1e-6);
  EXPECT_NEAR(parts.idf[2], 1.5108256, 1e-6);
  ASSERT_EQ(fitted.rows.rows(), 4u);
  EXPECT_EQ(fitted.rows.num_columns, 13u);
  EXPECT_THAT(Row(fitted.vectorizer, fitted.rows, 0),
              ElementsAre(Is("sang", 0.2054273), Is("sang the", 0.2605585), Is("seal", 0.4108546),
                          Is("seal sang", 0.2054273), Is("seal slept", 0.2605585), Is("slept", 0.2605585),
                          Is("the", 0.5211169), Is("the seal", 0.5211169)));
  EXPECT_THAT(Row(fitted.vectorizer, fitted.rows, 2), ElementsAre(Is("dusk", 0.8444932), Is("dusk dusk", 0.5355663)));
  EXPECT_EQ(fitted.rows.size(3), 0u) << "an empty text has no features";
  EXPECT_THAT(RowOf(fitted.vectorizer, "a seal, a SEAL and dusk"),
              ElementsAre(Is("dusk", 0.4472136), Is("seal", 0.8944272)));
}

TEST(Features, WithSublinearFrequenciesEqualScikitLearns) {
  FeatureOptions options = Options(Analyzer::kWord, 1, 2);
  options.sublinear = true;
  const FittedFeatures fitted = FitTexts(kSeals, options);
  EXPECT_THAT(Row(fitted.vectorizer, fitted.rows, 2), ElementsAre(Is("dusk", 0.8003373), Is("dusk dusk", 0.59955)));
  EXPECT_THAT(RowOf(fitted.vectorizer, "a seal, a SEAL and dusk"),
              ElementsAre(Is("dusk", 0.5085423), Is("seal", 0.861037)));
}

TEST(Features, OfCharactersEqualScikitLearns) {
  const FittedFeatures fitted = FitTexts(kSeals, Options(Analyzer::kChar, 1, 1));
  EXPECT_THAT(fitted.vectorizer.ToParts().names,
              ElementsAre(" ", "!", ",", ".", ";", "a", "d", "e", "g", "h", "k", "l", "n", "p", "s", "t", "u"));
  EXPECT_THAT(Row(fitted.vectorizer, fitted.rows, 2),
              ElementsAre(Is(" ", 0.188252), Is("!", 0.2949331), Is(",", 0.2949331), Is("d", 0.4650573),
                          Is("k", 0.4650573), Is("s", 0.376504), Is("u", 0.4650573)));
}

TEST(Features, OfCharactersWithinWordsEqualScikitLearns) {
  const FittedFeatures fitted = FitTexts(kSeals, Options(Analyzer::kCharWb, 2, 3));
  EXPECT_EQ(fitted.vectorizer.features(), 64u);
  EXPECT_THAT(Row(fitted.vectorizer, fitted.rows, 2),
              ElementsAre(Is(" d", 0.3128433), Is(" du", 0.3128433), Is("! ", 0.198401), Is(", ", 0.198401),
                          Is("du", 0.3128433), Is("dus", 0.3128433), Is("k!", 0.198401), Is("k! ", 0.198401),
                          Is("k,", 0.198401), Is("k, ", 0.198401), Is("sk", 0.3128433), Is("sk!", 0.198401),
                          Is("sk,", 0.198401), Is("us", 0.3128433), Is("usk", 0.3128433)));
}

TEST(Features, OfWordsAndCharactersStandSideBySide) {
  FeatureOptions options = Options(Analyzer::kBoth, 1, 1);
  options.min_char_ngram = 2;
  options.max_char_ngram = 3;
  const FittedFeatures both = FitTexts(kSeals, options);
  const FittedFeatures words = FitTexts(kSeals, Options(Analyzer::kWord, 1, 1));
  const FittedFeatures characters = FitTexts(kSeals, Options(Analyzer::kCharWb, 2, 3));
  const size_t n = words.vectorizer.features();
  EXPECT_EQ(both.vectorizer.word_features(), n);
  ASSERT_EQ(both.rows.num_columns, n + characters.rows.num_columns);
  for (size_t r = 0; r < kSeals.size(); ++r) {
    std::vector<int32_t> columns(words.rows.columns_of(r).begin(), words.rows.columns_of(r).end());
    std::vector<float> values(words.rows.values_of(r).begin(), words.rows.values_of(r).end());
    for (const int32_t column : characters.rows.columns_of(r)) columns.push_back(column + static_cast<int32_t>(n));
    for (const float value : characters.rows.values_of(r)) values.push_back(value);
    EXPECT_THAT(both.rows.columns_of(r), testing::ElementsAreArray(columns));
    EXPECT_THAT(both.rows.values_of(r), testing::ElementsAreArray(values));
  }
}

TEST(Features, WordsHaveTwoCharactersOfPythonsClassW) {
  EXPECT_THAT(Names({"I am _x a_b don't x² ½½ 😀😀 ab-cd"}, Options(Analyzer::kWord, 1, 1)),
              ElementsAre("_x", "a_b", "ab", "am", "cd", "don", "x²", "½½"));
  EXPECT_THAT(Names({"ЁЛКА İstanbul नमस्ते 你好，世界 cafe\u0301s"}, Options(Analyzer::kWord, 1, 1)),
              ElementsAre("cafe", "stanbul", "ёлка", "नमस", "世界", "你好"));
}

TEST(Features, CanBeOfAsciiWordsAndOfSingleCharacters) {
  const std::vector<std::string_view> texts = {"I saw x_1 über Äpfel: naïve \xe2\x84\xaa 9 é"};
  ThreadPool pool(1);
  const auto names = [&](FeatureOptions options) {
    options.max_ngram = 1;
    return Vectorizer::Fit(texts, options, pool)->vectorizer.ToParts().names;
  };
  EXPECT_EQ(names({.word_characters = WordCharacters::kAscii}),
            (std::vector<std::string>{"ber", "na", "pfel", "saw", "ve", "x_1"}));
  EXPECT_EQ(names({.word_characters = WordCharacters::kAscii, .shortest_word = 1}),
            (std::vector<std::string>{"9", "ber", "i", "k", "na", "pfel", "saw", "ve", "x_1"}));
  EXPECT_EQ(names({.shortest_word = 1}),
            (std::vector<std::string>{"9", "i", "k", "naïve", "saw", "x_1", "äpfel", "é", "über"}));
  EXPECT_FALSE(CheckFeatureOptions({.shortest_word = 3}));
}

TEST(Features, AreCountsWhereRowsAreNotNormalized) {
  FeatureParts parts{{.max_ngram = 1, .normalize = false}, {"dusk", "seal"}, 0, {1, 2}};
  const Vectorizer vectorizer = *Vectorizer::FromParts(parts);
  Vectorizer::Scratch scratch;
  const Vectorizer::Row row = vectorizer.Weigh("seal dusk seal seal", scratch, true);
  EXPECT_EQ(std::vector<float>(row.values.begin(), row.values.end()), (std::vector<float>{1, 6}));
}

TEST(Features, OfWordsAreJoinedByOneSpaceAndSortedByCodePoint) {
  EXPECT_THAT(Names({"ab\n\tab, abc \U00010400\U00010400 \uFF21\uFF21"}, Options(Analyzer::kWord, 2, 3)),
              ElementsAre("ab ab", "ab ab abc", "ab abc", "ab abc \U00010428\U00010428", "abc \U00010428\U00010428",
                          "abc \U00010428\U00010428 \uFF41\uFF41", "\U00010428\U00010428 \uFF41\uFF41"));
}

TEST(Features, OfCharactersKeepASingleTabAndCollapseTheRest) {
  EXPECT_THAT(Names({"a\tb \n c"}, Options(Analyzer::kChar, 2, 2)), ElementsAre("\tb", " c", "a\t", "b "));
  EXPECT_THAT(Names({"a\tb \n c"}, Options(Analyzer::kCharWb, 2, 2)), ElementsAre(" a", " b", " c", "a ", "b ", "c "));
}

TEST(Features, CountAWordShorterThanAnyNGramOnceAsAWhole) {
  EXPECT_THAT(Names({"a bc def"}, Options(Analyzer::kCharWb, 5, 6)), ElementsAre(" a ", " bc ", " def "));
  EXPECT_THAT(Names({"a bc def"}, Options(Analyzer::kCharWb, 4, 4)), ElementsAre(" a ", " bc ", " def", "def "));
  const FittedFeatures fitted = FitTexts({"a bc def", "a xbc"}, Options(Analyzer::kCharWb, 5, 6));
  EXPECT_THAT(RowOf(fitted.vectorizer, "a a"), ElementsAre(Is(" a ", 1.0)));
  EXPECT_THAT(RowOf(fitted.vectorizer, "bca"), testing::IsEmpty());
}

TEST(Features, InvalidBytesAreReplacementCharacters) {
  const FittedFeatures fitted = FitTexts({"ab\xff\xfe"
                                          "cd",
                                          "ab"},
                                         Options(Analyzer::kChar, 1, 1));
  EXPECT_THAT(fitted.vectorizer.ToParts().names, ElementsAre("a", "b", "c", "d", "\uFFFD"));
  EXPECT_EQ(RowOf(fitted.vectorizer, "\xf0\x9f").size(), 1u);
}

TEST(Features, OfEqualFrequencyAreTakenInTheirOrder) {
  EXPECT_THAT(Names({"dd cc bb aa ee ee"}, Options(Analyzer::kWord, 1, 1, 3)), ElementsAre("aa", "bb", "ee"));
  EXPECT_THAT(Names({"dd cc bb aa ee ee"}, Options(Analyzer::kWord, 1, 1, 1)), ElementsAre("ee"));
  EXPECT_EQ(Names({"dd cc bb aa ee ee"}, Options(Analyzer::kWord, 1, 1, 5)).size(), 5u);
}

TEST(Features, AreTheSameOnAnyNumberOfThreads) {
  std::vector<std::string> made;
  for (int i = 0; i < 300; ++i) {
    std::string text;
    for (int w = 0; w < i % 13; ++w) text += "word" + std::to_string(i * 7919 % (w + 5)) + (w % 3 == 0 ? "é " : " ");
    made.push_back(text);
  }
  const std::vector<std::string_view> texts(made.begin(), made.end());
  for (const Analyzer analyzer : {Analyzer::kWord, Analyzer::kChar, Analyzer::kCharWb, Analyzer::kBoth}) {
    const FittedFeatures one = FitTexts(texts, Options(analyzer, 1, 3, 50));
    for (const int threads : {2, 3, 7}) {
      const FittedFeatures several = FitTexts(texts, Options(analyzer, 1, 3, 50), threads);
      EXPECT_EQ(several.vectorizer.ToParts().names, one.vectorizer.ToParts().names) << threads;
      EXPECT_EQ(several.vectorizer.ToParts().idf, one.vectorizer.ToParts().idf);
      EXPECT_EQ(several.rows.begins, one.rows.begins);
      EXPECT_EQ(several.rows.columns, one.rows.columns);
      EXPECT_EQ(several.rows.values, one.rows.values);
    }
    ThreadPool pool(3);
    const SparseRows again = one.vectorizer.Transform(texts, pool);
    EXPECT_EQ(again.begins, one.rows.begins);
    EXPECT_EQ(again.columns, one.rows.columns);
    EXPECT_EQ(again.values, one.rows.values);
  }
}

TEST(Features, WithoutAnyAreAnError) {
  ThreadPool pool(2);
  EXPECT_EQ(Vectorizer::Fit(std::vector<std::string_view>{"a", "", "!?"}, {}, pool).error().code,
            ErrorCode::kInvalidData);
  EXPECT_EQ(Vectorizer::Fit({}, {}, pool).error().code, ErrorCode::kInvalidData);
  EXPECT_EQ(Vectorizer::Fit(kSeals, Options(Analyzer::kWord, 0, 1), pool).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Vectorizer::Fit(kSeals, Options(Analyzer::kChar, 3, 2), pool).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(Vectorizer::Fit(kSeals, Options(Analyzer::kChar, 1, 1, -1), pool).error().code,
            ErrorCode::kInvalidArgument);
}

TEST(Features, MadeOfPartsAreTheSameVectorizer) {
  for (const Analyzer analyzer : {Analyzer::kWord, Analyzer::kChar, Analyzer::kCharWb, Analyzer::kBoth}) {
    const FittedFeatures fitted = FitTexts(kSeals, Options(analyzer, 2, 3, 9));
    const auto again = Vectorizer::FromParts(fitted.vectorizer.ToParts());
    ASSERT_TRUE(again) << again.error().Text();
    ThreadPool pool(1);
    EXPECT_EQ(again->Transform(kSeals, pool).columns, fitted.rows.columns);
    EXPECT_EQ(again->Transform(kSeals, pool).values, fitted.rows.values);
  }
}

TEST(Features, OfForeignVocabulariesKeepTheirOrderAndNamesThatNoTextHas) {
  FeatureParts parts;
  parts.options = Options(Analyzer::kWord, 1, 2);
  parts.names = {"seal sang", "a", "Seal", "seal", "one two three", "seal  sang", ""};
  parts.idf = {1, 1, 1, 1, 1, 1, 1};
  const auto vectorizer = Vectorizer::FromParts(parts);
  ASSERT_TRUE(vectorizer) << vectorizer.error().Text();
  EXPECT_THAT(RowOf(*vectorizer, "a Seal sang, one two three"),
              UnorderedElementsAre(Is("seal sang", 0.7071068), Is("seal", 0.7071068)));

  parts.names[1] = "seal sang";
  EXPECT_EQ(Vectorizer::FromParts(parts).error().code, ErrorCode::kInvalidModel);
  parts.names[1] = "sang";
  parts.idf[1] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(Vectorizer::FromParts(parts).error().code, ErrorCode::kInvalidModel);
  parts.idf.pop_back();
  EXPECT_EQ(Vectorizer::FromParts(parts).error().code, ErrorCode::kInvalidModel);
}

TEST(Features, AreFoundAtTheirBytes) {
  const FittedFeatures fitted = FitTexts(kSeals, Options(Analyzer::kWord, 1, 2));
  const auto found = fitted.vectorizer.Find("\xff Die SEAL\xff sang");
  std::vector<std::string> words;
  for (const auto& symbol : found.symbols)
    words.push_back(std::to_string(symbol.begin) + "-" + std::to_string(symbol.end));
  EXPECT_THAT(words, ElementsAre("2-5", "6-10", "12-16"));
  std::vector<std::string> names;
  for (const auto& o : found.occurrences) names.emplace_back(fitted.vectorizer.name(static_cast<size_t>(o.column)));
  EXPECT_THAT(names, ElementsAre("seal", "seal sang", "sang"));
}

}  // namespace
}  // namespace winnow
