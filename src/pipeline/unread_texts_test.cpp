#include "pipeline/unread_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class NotedLines final : public TrainingObserver {
 public:
  void Note(const std::string& line) override { notes.push_back(line); }
  void Warn(const std::string& line) override { warnings.push_back(line); }

  std::vector<std::string> notes, warnings;
};

std::vector<std::string> WarningsOfWords(std::vector<std::string_view> texts, const char* analyzer = "word") {
  LinearPlan plan;
  plan.analyzer = analyzer;
  NotedLines lines;
  WarnOfWordsWithoutSpaces(texts, plan, lines);
  return lines.warnings;
}

TEST(WarnOfWordsWithoutSpaces, NamesScriptsThatHaveNone) {
  const auto advice = ElementsAre(HasSubstr("specify --analyzer char --ngrams 1-5"));
  EXPECT_THAT(WarningsOfWords({"我们今天晚上七点吃饭", "恭喜您中奖了"}), advice);
  EXPECT_THAT(WarningsOfWords({"ยินดีด้วย คุณได้รับรางวัล", "hello"}), advice);
  EXPECT_THAT(WarningsOfWords({"今日は七時に会いましょう"}), advice);
  EXPECT_THAT(WarningsOfWords({"我们今天晚上七点吃饭"}, "char"), IsEmpty());
  EXPECT_THAT(WarningsOfWords({"我们今天晚上七点吃饭"}, "both"), IsEmpty());
  EXPECT_THAT(
      WarningsOfWords({"Shall we meet at seven?", "Grüße aus Köln", "مرحبا كيف حالك", "안녕하세요 여러분", "привет"}),
      IsEmpty());
  EXPECT_THAT(WarningsOfWords({"Dinner at the restaurant of my uncle tonight, it is called 七"}), IsEmpty());
  EXPECT_THAT(WarningsOfWords({"", "123 !!"}), IsEmpty());
}

/// What is noted and warned of.
struct Said {
  std::vector<std::string> notes, warnings;
};

Said OfTokens(const std::vector<std::vector<int32_t>>& texts, int32_t unknown, int max_length) {
  TextSet set;
  for (const std::vector<int32_t>& ids : texts) set.texts.Append(ids);
  ModelPlan plan;
  plan.base_model = "minilm";
  NotedLines lines;
  WarnOfUnreadTokens(set, unknown, max_length, plan, lines);
  return {lines.notes, lines.warnings};
}

TEST(WarnOfUnreadTokens, CountsUnknownTokensAndTextsThatAreCut) {
  const Said unknown = OfTokens({{101, 100, 7, 102}, {101, 8, 9, 102}}, 100, 128);
  EXPECT_THAT(unknown.warnings, ElementsAre(HasSubstr("minilm does not know 12 % of the tokens")));
  EXPECT_THAT(unknown.notes, IsEmpty());
  EXPECT_THAT(OfTokens({{101, 100, 7, 102}}, -1, 128).warnings, IsEmpty());
  EXPECT_THAT(OfTokens({{101, 7, 102}}, 100, 128).warnings, IsEmpty());
  const Said cut = OfTokens({{101, 7, 8, 102}, {101, 7, 102}}, 100, 4);
  EXPECT_THAT(cut.warnings, IsEmpty());
  EXPECT_THAT(cut.notes, ElementsAre(HasSubstr("1 of 2 training texts reach the maximum length of 4 tokens")));
}

}  // namespace
}  // namespace winnow
