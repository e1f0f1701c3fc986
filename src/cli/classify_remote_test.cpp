#include "cli/classify_remote.h"

#include <gtest/gtest.h>

#include <string>

#include "support/http_server.h"

namespace winnow {
namespace {

class RecordedOutput final : public PredictionOutput {
 public:
  Result<void> Write(std::string_view more) override {
    lines += more;
    return {};
  }
  void SetClassified(size_t texts) override { classified = texts; }

  std::string lines;
  size_t classified = 0;
};

TEST(RemoteTextSink, ShowsExplanationsAndRefusesPredictionsWithoutThem) {
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
  const RemoteClassifying classifying = {.server = {.access = {.address = ServerAddress::Parse(server.url()).value(),
                                                               .api_key = "",
                                                               .stopped = {},
                                                               .backoff = std::chrono::milliseconds(1),
                                                               .retries = 3},
                                                    .request = {.model = "", .explain = true},
                                                    .batch_size = 100}};
  for (const bool does : {false, true}) {
    explains = does;
    RecordedOutput output;
    RemoteTextSink sink(classifying, "", output);
    ASSERT_TRUE(sink.Take("win it", /*row=*/0));
    const auto done = sink.Flush();
    ASSERT_EQ(done.has_value(), does);
    if (!does) {
      EXPECT_EQ(done.error().code, ErrorCode::kUnsupported);
    } else {
      EXPECT_EQ(output.classified, 1u);
      EXPECT_EQ(output.lines, "spam           90.0 %  win it\n     +2.00  spam 60.0 % without  win\n");
    }
  }
}

}  // namespace
}  // namespace winnow
