#include "server/access_log.h"

#include <gtest/gtest.h>

#include <fstream>

#include "server/decision_counts.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

TEST(TraceParentHeader, IsReadAsTheStandardSays) {
  const auto trace = ParseTraceParent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  ASSERT_TRUE(trace);
  EXPECT_EQ(trace->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(trace->parent_id, "00f067aa0ba902b7");
  EXPECT_TRUE(trace->sampled);
  EXPECT_FALSE(ParseTraceParent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")->sampled);
  EXPECT_TRUE(ParseTraceParent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"));
}

TEST(TraceParentHeader, IsIgnoredIfItIsNotValid) {
  for (const char* bad : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                          "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                          "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                          "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                          "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                          "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}) {
    EXPECT_FALSE(ParseTraceParent(bad)) << bad;
  }
}

Json FirstLine(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return ParsedJson(line);
}

TEST(AccessLog, NamesTheCallerAndContainsNoText) {
  const TemporaryDirectory directory;
  HttpRequest request;
  request.method = "POST";
  request.path = "/secret words";
  request.body = "{\"text\": \"secret words\"}";
  request.client = "10.0.0.1";
  request.key = "mobile-app";
  request.id = "abc";
  request.headers = {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}};
  const HttpResponse response = {.status = 200, .body = "12345", .headers = {}};
  {
    const auto log = AccessLog::Open(directory.path() / "log", /*texts=*/false);
    ASSERT_TRUE(log);
    (*log)->Write(request, "/v1/classify", response, .0123);
  }
  const Json line = FirstLine(directory.path() / "log");
  EXPECT_EQ(line["key"], "mobile-app");
  EXPECT_EQ(line["path"], "/v1/classify");
  EXPECT_EQ(line["status"], 200);
  EXPECT_EQ(line["bytes_out"], 5);
  EXPECT_DOUBLE_EQ(line["ms"].get<double>(), 12.3);
  EXPECT_EQ(line["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(line.dump().find("secret"), std::string::npos);
}

TEST(AccessLog, HasTheModelAndTheDecisionsOfAResponse) {
  const TemporaryDirectory directory;
  HttpResponse response = {.status = 200, .body = "", .headers = {}};
  response.decisions = std::make_shared<const DecisionCounts>(DecisionCounts{
      .model = "sms", .version = "1.2.0", .texts = 3, .abstained = 1, .decisions = {{"ham", 1}, {"spam", 2}}});
  {
    const auto log = AccessLog::Open(directory.path() / "log", /*texts=*/false);
    (*log)->Write({}, "/v1/classify", response, .001);
  }
  const Json line = FirstLine(directory.path() / "log");
  EXPECT_EQ(line["model"], "sms");
  EXPECT_EQ(line["version"], "1.2.0");
  EXPECT_EQ(line["texts"], 3);
  EXPECT_EQ(line["decisions"], ParsedJson(R"({"ham": 1, "spam": 2})"));
  EXPECT_EQ(line["abstained"], 1);
}

TEST(AccessLog, ContainsBodiesIfAskedFor) {
  const TemporaryDirectory directory;
  HttpRequest request;
  request.body = "{\"text\": \"hello \xff\"}";
  {
    const auto log = AccessLog::Open(directory.path() / "log", /*texts=*/true);
    ASSERT_TRUE(log);
    (*log)->Write(request, "", {.status = 400, .body = "", .headers = {}}, .001);
  }
  EXPECT_NE(FirstLine(directory.path() / "log")["body"].get<std::string>().find("hello"), std::string::npos);
}

TEST(AccessLog, WritesToANewFileAfterReopen) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "log";
  {
    const auto log = AccessLog::Open(path, false);
    ASSERT_TRUE(log);
    (*log)->Write({}, "/a", {.status = 200, .body = "", .headers = {}}, 0);
    std::filesystem::rename(path, directory.path() / "old");
    ASSERT_TRUE((*log)->Reopen());
    (*log)->Write({}, "/b", {.status = 200, .body = "", .headers = {}}, 0);
  }
  EXPECT_EQ(FirstLine(directory.path() / "old")["path"], "/a");
  EXPECT_EQ(FirstLine(path)["path"], "/b");
}

TEST(AccessLog, WithTextsIsReadableByItsOwnerAlone) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "log";
  std::ofstream(path) << "";
  std::filesystem::permissions(path, std::filesystem::perms(0644));
  ASSERT_TRUE(AccessLog::Open(path, /*texts=*/true));
  EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
}

}  // namespace
}  // namespace winnow
