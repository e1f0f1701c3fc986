#include "base/option_guesses.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace winnow {
namespace {

const std::vector<std::string> kNames = {"threads",          "seed",      "text-field", "output", "tls-cert",
                                         "tls-key",          "log-level", "log-format", "report", "max-wait",
                                         "max-batch-tokens", "max-queue", "max-texts",  "lr"};

TEST(SuggestOption, KnowsNamesOfOtherPrograms) {
  EXPECT_EQ(SuggestOption("n-jobs", kNames), "did you mean '--threads'?");
  EXPECT_EQ(SuggestOption("random-state", kNames), "did you mean '--seed'?");
  EXPECT_EQ(SuggestOption("column", kNames), "did you mean '--text-field'?");
  EXPECT_EQ(SuggestOption("output-dir", kNames), "did you mean '--output'?");
  EXPECT_EQ(SuggestOption("bind", kNames), "") << "the command has no --host";
}

TEST(SuggestOption, FindsNamesThatHaveTheWords) {
  EXPECT_EQ(SuggestOption("tls", kNames), "did you mean '--tls-cert' or '--tls-key'?");
  EXPECT_EQ(SuggestOption("level", kNames), "did you mean '--log-level'?");
  EXPECT_EQ(SuggestOption("report-file", kNames), "did you mean '--report'?");
  EXPECT_EQ(SuggestOption("max", kNames), "") << "too many options have this word";
  EXPECT_EQ(SuggestOption("thread", kNames), "") << "a part of a word; edit distance finds it";
  EXPECT_EQ(SuggestOption("lr-scale", kNames), "");
}

TEST(MayMeanArgument, KnowsWhatPeopleCallArguments) {
  EXPECT_TRUE(MayMeanArgument("test", "data"));
  EXPECT_TRUE(MayMeanArgument("model", "bundle"));
  EXPECT_FALSE(MayMeanArgument("model", "data"));
  EXPECT_FALSE(MayMeanArgument("epochs", "data"));
}

}  // namespace
}  // namespace winnow
