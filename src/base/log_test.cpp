#include "base/log.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/json_log_line.h"

namespace winnow {
namespace {

std::string Captured(const LogOptions& options, const std::function<void()>& log) {
  SetUpLogging(options);
  ::testing::internal::CaptureStderr();
  log();
  SetUpLogging({});
  return ::testing::internal::GetCapturedStderr();
}

TEST(Log, LinesBelowTheLevelAreNotWritten) {
  EXPECT_EQ(Captured({LogLevel::kWarning, LogFormat::kText},
                     [] {
                       LogInfo("read {} rows", 3);
                       LogWarning("{} rows dropped", 2);
                       LogError("no rows");
                     }),
            "warning: 2 rows dropped\nerror: no rows\n");
  EXPECT_EQ(Captured({}, [] { LogDebug("hidden"), LogInfo("shown"); }), "shown\n");
  EXPECT_EQ(Captured({LogLevel::kDebug, LogFormat::kText}, [] { LogDebug("shown"); }), "debug: shown\n");
}

TEST(Log, ListsAndHintsKeepIndentedLines) {
  EXPECT_EQ(Captured({}, [] { LogInfo("2 rows:\n  first\nforged\n  second"); }),
            "2 rows:\n  first\\nforged\n  second\n");
}

TEST(Log, AMessageCanNotForgeALineOrMoveTheCursor) {
  EXPECT_EQ(Captured({}, [] { LogInfo("a\nerror: b\x1b[2J{}", "\t"); }), "a\\nerror: b\\x1b[2J\\t\n");
}

TEST(Log, BracesInAReadyMessageAreText) {
  EXPECT_EQ(Captured({}, [] { LogLine(LogLevel::kInfo, "{} {0} {x"); }), "{} {0} {x\n");
}

TEST(Log, JsonLinesParseWhateverTheMessageHolds) {
  const std::string line = Captured({LogLevel::kInfo, LogFormat::kJson}, [] { LogWarning("\"quoted\"\n\xff"); });
  const Json json = ParsedJson(line);
  EXPECT_EQ(json["level"], "warning");
  EXPECT_EQ(json["message"], "\"quoted\"\n\xef\xbf\xbd");
  EXPECT_GT(json["time"].get<double>(), 1.7e9);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST(Log, AJsonLineOfItsOwnHasAHintIfThereIsOne) {
  const Json json = ParsedJson(JsonLogLine(LogLevel::kError, "no\nrows", "add some"));
  EXPECT_EQ(json["level"], "error");
  EXPECT_EQ(json["message"], "no\nrows");
  EXPECT_EQ(json["hint"], "add some");
  EXPECT_FALSE(ParsedJson(JsonLogLine(LogLevel::kInfo, "m")).contains("hint"));
}

}  // namespace
}  // namespace winnow
