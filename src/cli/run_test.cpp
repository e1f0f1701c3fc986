#include "cli/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/reference.h"
#include "kernels/isa.h"
#include "support/source_directory.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

Outcome RunWinnow(const std::vector<std::string>& arguments) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int code = RunCommandLine(arguments);
  std::string out = ::testing::internal::GetCapturedStdout();
  return {code, std::move(out), ::testing::internal::GetCapturedStderr()};
}

TEST(Run, WithoutACommandAnOverviewIsPrinted) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{}, {"help"}, {"--help"}, {"-h"}}) {
    const Outcome outcome = RunWinnow(arguments);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, HasSubstr("Usage: winnow COMMAND"));
    for (const Command& command : AllCommands()) EXPECT_THAT(outcome.out, HasSubstr("\n  " + command.name + " "));
    EXPECT_THAT(outcome.out, HasSubstr("\n\nTrain and use models:\n  train "));
    EXPECT_THAT(outcome.out, HasSubstr("\n\nOperation:\n  backup "));
    EXPECT_EQ(outcome.err, "");
  }
}

TEST(Run, TheVersionIsPrintedForPeopleAndMachines) {
  EXPECT_EQ(RunWinnow({"--version"}).out, "winnow " WINNOW_VERSION "\n");
  EXPECT_EQ(RunWinnow({"-V"}).out, "winnow " WINNOW_VERSION "\n");
  const Json json = ParsedJson(RunWinnow({"version", "--json"}).out);
  EXPECT_EQ(json["version"].str(), WINNOW_VERSION);
  EXPECT_EQ(json["isa"].str(), NameOf(ActiveIsa()));
}

TEST(Run, MachinesGetTheCommandsAsJson) {
  const Json json = ParsedJson(RunWinnow({"help", "--json"}).out);
  EXPECT_EQ(json["commands"].size(), AllCommands().size());
  EXPECT_EQ(json["commands"][0]["name"], "train");
}

TEST(Run, EveryCommandExplainsItselfInTwoWays) {
  for (const Command& command : AllCommands()) {
    const Outcome outcome = RunWinnow({command.name, "--help"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, HasSubstr("Usage: winnow " + command.name));
    EXPECT_EQ(RunWinnow({"help", command.name}).out, outcome.out);
    const bool is_short = command.begin()->table().has_essentials();
    const std::string all = is_short ? RunWinnow({command.name, "--help-all"}).out : outcome.out;
    for (const char* option : {"--json", "--threads N", "--quiet", "--log-level", "--config FILE", "--help"}) {
      EXPECT_THAT(all, HasSubstr(option));
    }
  }
}

TEST(Run, AFamilyOfCommandsListsThem) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"help", "data"}, {"data", "--help"}, {"data", "-h"}}) {
    const Outcome outcome = RunWinnow(arguments);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, HasSubstr("  data doctor "));
    EXPECT_THAT(outcome.out, Not(HasSubstr("  train ")));
  }
  const Outcome alone = RunWinnow({"keys"});
  EXPECT_EQ(alone.code, 2);
  EXPECT_THAT(alone.err, HasSubstr("'keys' is not a complete command; the commands are: keys add, keys list"));
  EXPECT_THAT(RunWinnow({"data", "spilt"}).err, HasSubstr("unknown command 'data spilt'"));
}

TEST(Run, TheShortHelpOfTrainShowsWhatANewcomerNeeds) {
  const std::string help = RunWinnow({"train", "--help"}).out;
  for (const char* option : {"--output-dir", "--preset", "--kind", "--epochs", "--base-model", "--quantize"}) {
    EXPECT_THAT(help, HasSubstr(option));
  }
  EXPECT_THAT(help, HasSubstr("winnow train --help-all"));
  EXPECT_LT(std::count(help.begin(), help.end(), '\n'), 50);
  EXPECT_THAT(RunWinnow({"train", "--help-all"}).out, HasSubstr("--gradient-checkpointing"));
}

TEST(Run, WrongUsageExitsWithTwoAndSaysWhatWasMeant) {
  const Outcome command = RunWinnow({"verison"});
  EXPECT_EQ(command.code, 2);
  EXPECT_EQ(command.out, "");
  EXPECT_EQ(command.err, "winnow: error: unknown command 'verison'\n  did you mean 'version'?\n");
  const Outcome option = RunWinnow({"version", "--jsn"});
  EXPECT_EQ(option.code, 2);
  EXPECT_EQ(option.err, "winnow version: error: unknown option '--jsn'\n  did you mean '--json'?\n");
  EXPECT_EQ(RunWinnow({"version", "--threads", "-1"}).code, 2);
  EXPECT_EQ(RunWinnow({"help", "frobnicate"}).code, 2);
  EXPECT_EQ(RunWinnow({"--frobnicate"}).err,
            "winnow: error: unknown option '--frobnicate'\n  'winnow help' lists the commands\n");
}

TEST(Run, TrainingNeedsDataUnlessItIsSkipped) {
  const Outcome outcome = RunWinnow({"train", "--output-dir", "out"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("no data to train on"));
}

TEST(Run, AFileThatIsNotThereExitsWithOne) {
  const Outcome outcome = RunWinnow({"version", "--config", "/nonexistent/winnow.toml"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_THAT(outcome.err, HasSubstr("/nonexistent/winnow.toml"));
}

TEST(Run, SummariesFitTheOverview) {
  for (const Command& command : AllCommands()) {
    EXPECT_LE(command.summary.size(), 80u) << command.name;
    EXPECT_TRUE(command.summary.ends_with('.')) << command.name;
  }
}

TEST(Reference, DocsCliMdIsUpToDate) {
  const Result<std::string> page = ReadFile(SourceDirectory() / "docs" / "cli.md");
  ASSERT_TRUE(page) << page.error().Text();
  EXPECT_EQ(*page, CommandReference()) << "generate it again: build/release/winnow help --markdown > docs/cli.md";
}

}  // namespace
}  // namespace winnow
