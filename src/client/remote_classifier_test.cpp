#include "client/remote_classifier.h"

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

RemoteClassifierOptions Asking(const TestServer& server, size_t batch_size) {
  return {.access = {.address = ServerAddress::Parse(server.url()).value(),
                     .api_key = "",
                     .stopped = {},
                     .backoff = milliseconds(1),
                     .retries = 3},
          .request = {},
          .batch_size = batch_size};
}

struct Written {
  std::string lines;
  std::vector<size_t> told = {};
  size_t answered = 0;

  RemoteClassifier::Sink sink() {
    return [this](std::span<const Json> answers, std::span<const InputTextView> texts) -> Result<void> {
      EXPECT_EQ(answers.size(), texts.size());
      told.push_back(answered += answers.size());
      for (const Json& answer : answers) lines += answer.dump() + "\n";
      return {};
    };
  }
};

std::string Expected(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += fmt::format("{{\"decision\":\"text {}\",\"confidence\":1}}\n", i);
  return lines;
}

TEST(RemoteClassifierThread, AnswersComeInTheOrderOfTheTexts) {
  const TestServer server(Echo);
  Written written;
  RemoteClassifier classifier(Asking(server, 7), written.sink());
  for (int i = 0; i < 100; ++i) {
    const auto taken = classifier.Take(fmt::format("text {}", i));
    ASSERT_TRUE(taken) << taken.error().Text();
  }
  ASSERT_TRUE(classifier.Flush());
  EXPECT_EQ(written.lines, Expected(100));
  EXPECT_EQ(written.told.back(), 100u);
  EXPECT_TRUE(std::ranges::is_sorted(written.told));
  EXPECT_EQ(server.requests().size(), 15u);
  ASSERT_TRUE(classifier.Flush());
  EXPECT_EQ(server.requests().size(), 15u);
}

TEST(RemoteClassifierThread, ABusyServerIsAskedAgain) {
  std::atomic<int> count = 0;
  const TestServer server([&](const TestRequest& request) {
    return ++count % 3 == 0 ? TestReply{429, "", {"Retry-After: 0"}} : Echo(request);
  });
  Written written;
  RemoteClassifier classifier(Asking(server, 5), written.sink());
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(classifier.Take(fmt::format("text {}", i)));
  ASSERT_TRUE(classifier.Flush());
  EXPECT_EQ(written.lines, Expected(60));
}

TEST(RemoteClassifierThread, WhatCameBeforeAnErrorIsWritten) {
  const TestServer server([&](const TestRequest& request) {
    return request.body.find("text 33") != std::string::npos ? TestReply{422, R"({"error": "no"})", {}} : Echo(request);
  });
  Written written;
  RemoteClassifier classifier(Asking(server, 1), written.sink());
  Result<void> done;
  for (int i = 0; done && i < 1000; ++i) done = classifier.Take(fmt::format("text {}", i));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(written.lines, Expected(33));
}

TEST(RemoteClassifierThread, WhoGivesUpDoesNotWaitForTheServer) {
  const TestServer server([](const TestRequest&) { return TestReply{503, "", {"Retry-After: 30"}}; });
  Written written;
  RemoteClassifierOptions options = Asking(server, 1);
  options.access.retries = 1000;
  {
    RemoteClassifier classifier(options, written.sink());
    ASSERT_TRUE(classifier.Take("text"));
  }
  EXPECT_EQ(written.lines, "");
}

TEST(RemoteClassifier, LongTextsTravelInSmallBatches) {
  const TestServer server(Echo);
  Written written;
  RemoteClassifier classifier(Asking(server, 1000), written.sink());
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(classifier.Take(std::string(300'000, 'a')));
  ASSERT_TRUE(classifier.Flush());
  EXPECT_EQ(std::ranges::count(written.lines, '\n'), 10);
  EXPECT_EQ(server.requests().size(), 4u);
}

TEST(RemoteClassifier, SegmentsTravelAsAList) {
  const std::string mail = std::string("subject") + kSegmentSeparator + kSegmentSeparator + "body";
  for (const bool segmented : {true, false}) {
    const TestServer server(Echo);
    Written written;
    RemoteClassifier classifier(Asking(server, 2), written.sink());
    ASSERT_TRUE(classifier.Take("subject"));
    ASSERT_TRUE(classifier.Take(segmented ? InputTextView::OfJoined(mail) : mail));
    ASSERT_TRUE(classifier.Flush());
    const Json expected = segmented ? Json::array({"subject", "", "body"}) : Json(mail);
    EXPECT_EQ(ParsedJson(server.requests().back().body)["texts"], Json::array({"subject", expected}));
  }
}

}  // namespace
}  // namespace winnow
