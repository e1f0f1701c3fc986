#include "server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "server/decision_counts.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(ServerMetrics, CountRequestsByRouteAndStatus) {
  ServerMetrics metrics;
  metrics.Answered("/v1/classify", 200, .0004);
  metrics.Answered("/v1/classify", 200, .004);
  metrics.Answered("/v1/classify", 429, .0001);
  metrics.Answered("", 404, .0001);
  const std::string text = metrics.Scrape();
  EXPECT_THAT(text, HasSubstr("winnow_requests_total{route=\"/v1/classify\",status=\"200\"} 2"));
  EXPECT_THAT(text, HasSubstr("winnow_requests_total{route=\"/v1/classify\",status=\"429\"} 1"));
  EXPECT_THAT(text, HasSubstr("winnow_requests_total{route=\"none\",status=\"404\"} 1"));
  EXPECT_THAT(text, HasSubstr("winnow_request_seconds_count{route=\"/v1/classify\"} 3"));
}

TEST(ServerMetrics, AreAlsoNamedAsTextEmbeddingsInferenceNamesThem) {
  ServerMetrics metrics;
  metrics.Classified(1, 200, .001);
  metrics.Classified(7, 200, .001);
  metrics.Classified(3, 429, .001);
  metrics.Batch(8, 200, .002);
  metrics.Queued(.0001);
  const std::string text = metrics.Scrape();
  EXPECT_THAT(text, HasSubstr("te_request_count{method=\"single\"} 1"));
  EXPECT_THAT(text, HasSubstr("te_request_success{method=\"batch\"} 1"));
  EXPECT_THAT(text, HasSubstr("te_request_failure{err=\"overloaded\"} 1"));
  EXPECT_THAT(text, HasSubstr("te_batch_next_tokens_sum 200"));
  EXPECT_THAT(text, HasSubstr("te_request_queue_duration_count 1"));
  EXPECT_THAT(text, HasSubstr("winnow_texts_total 8"));
}

TEST(ServerMetrics, CountPredictionsByModelVersionAndLabel) {
  ServerMetrics metrics;
  const std::vector<std::string> labels = {"ham", "spam"};
  metrics.AddModel("sms", "1.2.0", labels);
  metrics.AddModel("sms", "1.3.0", labels);
  EXPECT_THAT(metrics.Scrape(), HasSubstr(R"(winnow_predictions_total{label="spam",model="sms",version="1.2.0"} 0)"));
  metrics.Predicted(
      {.model = "sms", .version = "1.2.0", .texts = 5, .abstained = 2, .decisions = {{"ham", 1}, {"spam", 4}}});
  metrics.Predicted({.model = "sms", .version = "1.2.0", .texts = 1, .decisions = {{"spam", 1}}});
  metrics.Predicted({.model = "sms", .version = "1.2.0", .texts = 1, .decisions = {{"made up", 1}}});
  metrics.AddModel("sms", "1.2.0", labels);  // loaded again
  const std::string text = metrics.Scrape();
  EXPECT_THAT(text, HasSubstr(R"(winnow_predictions_total{label="spam",model="sms",version="1.2.0"} 5)"));
  EXPECT_THAT(text, HasSubstr(R"(winnow_predictions_total{label="ham",model="sms",version="1.2.0"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(winnow_predictions_total{label="spam",model="sms",version="1.3.0"} 0)"));
  EXPECT_THAT(text, HasSubstr(R"(winnow_abstentions_total{model="sms",version="1.2.0"} 2)"));
  EXPECT_THAT(text, Not(HasSubstr("made up")));
}

TEST(ServerMetrics, VersionsThatAreNotServedAreForgottenAfterAnHour) {
  ServerMetrics metrics;
  const std::vector<std::string> labels = {"ham", "spam"};
  const auto start = ServerMetrics::Clock::now();
  for (const char* version : {"1.0.0", "1.0.1", "1.0.2"}) metrics.AddModel("sms", version, labels);
  metrics.AddModel("sms", "1.0.2", labels);
  for (const char* version : {"1.0.0", "1.0.1", "1.0.2"}) metrics.RemoveModel("sms", version, start);
  metrics.AddModel("sms", "1.0.1", labels);  // served again
  EXPECT_THAT(metrics.Scrape(start + std::chrono::minutes(59)), HasSubstr(R"(version="1.0.0")"));
  const std::string text = metrics.Scrape(start + std::chrono::hours(1));
  EXPECT_THAT(text, Not(HasSubstr(R"(version="1.0.0")")));
  EXPECT_THAT(text, HasSubstr(R"(winnow_predictions_total{label="ham",model="sms",version="1.0.1"} 0)"));
  EXPECT_THAT(text, HasSubstr(R"(winnow_abstentions_total{model="sms",version="1.0.2"} 0)"));
  metrics.AddModel("sms", "1.0.0", labels);
  EXPECT_THAT(metrics.Scrape(start + std::chrono::hours(2)), HasSubstr(R"(label="spam",model="sms",version="1.0.0")"));
}

TEST(ServerMetrics, TakeASnapshotAtEachScrape) {
  ServerMetrics metrics;
  size_t hits = 5;
  metrics.SetSnapshot([&hits] { return MetricsSnapshot{.queued_texts = 3, .cache_hits = hits}; });
  EXPECT_THAT(metrics.Scrape(), HasSubstr("winnow_cache_lookups_total{cache=\"memory\",result=\"hit\"} 5"));
  hits = 9;
  const std::string text = metrics.Scrape();
  EXPECT_THAT(text, HasSubstr("winnow_cache_lookups_total{cache=\"memory\",result=\"hit\"} 9"));
  EXPECT_THAT(text, HasSubstr("te_queue_size 3"));
  EXPECT_THAT(text, Not(HasSubstr("NaN")));
}

TEST(ServerMetrics, LoseNoCountAcrossThreads) {
  ServerMetrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics, t] {
      for (int i = 0; i < 1000; ++i) metrics.Answered(t % 2 == 0 ? "/a" : "/b", 200 + i % 3, .001);
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = metrics.Scrape();
  EXPECT_THAT(text, HasSubstr("winnow_request_seconds_count{route=\"/a\"} 2000"));
  EXPECT_THAT(text, HasSubstr("winnow_request_seconds_count{route=\"/b\"} 2000"));
}

}  // namespace
}  // namespace winnow
