#include "cli/classify_remote.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "support/http_server.h"
#include "text/segments.h"

namespace winnow {
namespace {

using std::chrono::milliseconds;

/// Decides for each text itself.
TestReply Echo(const TestRequest& request) {
  const Json body = ParsedJson(request.body);
  Json results = Json::array();
  for (const Json& text : body.at("texts")) results.push_back({{"decision", text}, {"confidence", 1}});
  return {200, Json({{"results", results}}).dump(), {}};
}

RemoteClassifying Asking(const TestServer& server, size_t batch_size) {
  return {.access = {.address = ServerAddress::Parse(server.url()).value(),
                     .api_key = "",
                     .stopped = {},
                     .backoff = milliseconds(1),
                     .retries = 3},
          .question = {},
          .batch_size = batch_size,
          .json = true};
}

struct Written {
  std::string lines;
  std::vector<size_t> told;

  RemoteAnswerer Answerer(RemoteClassifying classifying) {
    return {std::move(classifying),
            [this](std::string_view more) -> Result<void> {
              lines += more;
              return {};
            },
            [this](size_t answered) { told.push_back(answered); }};
  }
};

std::string Expected(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += fmt::format("{{\"decision\":\"text {}\",\"confidence\":1}}\n", i);
  return lines;
}

TEST(RemoteAnswererThread, AnswersComeInTheOrderOfTheTexts) {
  const TestServer server(Echo);
  Written written;
  RemoteAnswerer answerer = written.Answerer(Asking(server, 7));
  for (int i = 0; i < 100; ++i) {
    const auto taken = answerer.Take(fmt::format("text {}", i));
    ASSERT_TRUE(taken) << taken.error().Text();
  }
  ASSERT_TRUE(answerer.Flush());
  EXPECT_EQ(written.lines, Expected(100));
  EXPECT_EQ(written.told.back(), 100u);
  EXPECT_TRUE(std::ranges::is_sorted(written.told));
  EXPECT_EQ(server.requests().size(), 15u);
  ASSERT_TRUE(answerer.Flush());
  EXPECT_EQ(server.requests().size(), 15u);
}

TEST(RemoteAnswererThread, ABusyServerIsAskedAgain) {
  std::atomic<int> count = 0;
  const TestServer server([&](const TestRequest& request) {
    return ++count % 3 == 0 ? TestReply{429, "", {"Retry-After: 0"}} : Echo(request);
  });
  Written written;
  RemoteAnswerer answerer = written.Answerer(Asking(server, 5));
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(answerer.Take(fmt::format("text {}", i)));
  ASSERT_TRUE(answerer.Flush());
  EXPECT_EQ(written.lines, Expected(60));
}

TEST(RemoteAnswererThread, WhatCameBeforeAnErrorIsWritten) {
  const TestServer server([&](const TestRequest& request) {
    return request.body.find("text 33") != std::string::npos ? TestReply{422, R"({"error": "no"})", {}} : Echo(request);
  });
  Written written;
  RemoteAnswerer answerer = written.Answerer(Asking(server, 1));
  Result<void> done;
  for (int i = 0; done && i < 1000; ++i) done = answerer.Take(fmt::format("text {}", i));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(written.lines, Expected(33));
}

TEST(RemoteAnswererThread, WhoGivesUpDoesNotWaitForTheServer) {
  const TestServer server([](const TestRequest&) { return TestReply{503, "", {"Retry-After: 30"}}; });
  Written written;
  RemoteClassifying classifying = Asking(server, 1);
  classifying.access.retries = 1000;
  {
    RemoteAnswerer answerer = written.Answerer(classifying);
    ASSERT_TRUE(answerer.Take("text"));
  }
  EXPECT_EQ(written.lines, "");
}

TEST(RemoteAnswerer, LongTextsTravelInSmallBatches) {
  const TestServer server(Echo);
  Written written;
  RemoteAnswerer answerer = written.Answerer(Asking(server, 1000));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(answerer.Take(std::string(300'000, 'a')));
  ASSERT_TRUE(answerer.Flush());
  EXPECT_EQ(std::ranges::count(written.lines, '\n'), 10);
  EXPECT_EQ(server.requests().size(), 4u);
}

TEST(RemoteAnswerer, SegmentsTravelAsAList) {
  const std::string mail = std::string("subject") + kSegmentSeparator + kSegmentSeparator + "body";
  for (const bool segmented : {true, false}) {
    const TestServer server(Echo);
    Written written;
    RemoteClassifying classifying = Asking(server, 2);
    classifying.question.segmented = segmented;
    RemoteAnswerer answerer = written.Answerer(classifying);
    ASSERT_TRUE(answerer.Take("subject"));
    ASSERT_TRUE(answerer.Take(mail));
    ASSERT_TRUE(answerer.Flush());
    const Json expected = segmented ? Json::array({"subject", "", "body"}) : Json(mail);
    EXPECT_EQ(ParsedJson(server.requests().back().body)["texts"], Json::array({"subject", expected}));
  }
}

TEST(RemoteAnswerer, AServerThatDoesNotExplainSaysSoAndOneThatDoesIsShown) {
  bool explains = false;
  const TestServer server([&](const TestRequest& request) {
    const Json body = ParsedJson(request.body);
    EXPECT_EQ(body.at("explain"), true);
    Json results = Json::array();
    for (size_t i = 0; i < body["texts"].size(); ++i) {
      results.push_back({{"decision", "spam"}, {"confidence", 0.9}});
      if (!explains) continue;
      results.back()["explanation"] = ParsedJson(
          R"({"label": "spam", "method": "linear", "score": 0.9, "base": 0,
              "words": [{"text": "win", "begin": 0, "end": 3, "effect": 2.0, "score_change": 0.3}]})");
    }
    return TestReply{200, Json({{"results", results}}).dump(), {}};
  });
  RemoteClassifying classifying = Asking(server, 100);
  classifying.question.explain = true;
  classifying.json = false;
  for (const bool does : {false, true}) {
    explains = does;
    Written written;
    RemoteAnswerer answerer = written.Answerer(classifying);
    ASSERT_TRUE(answerer.Take("win it"));
    const auto done = answerer.Flush();
    ASSERT_EQ(done.has_value(), does);
    if (!does) {
      EXPECT_EQ(done.error().code, ErrorCode::kUnsupported);
    } else {
      EXPECT_EQ(written.lines, "spam           90.0 %  win it\n     +2.00  spam 60.0 % without  win\n");
    }
  }
}

}  // namespace
}  // namespace winnow
