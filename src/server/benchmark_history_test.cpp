#include "server/benchmark_history.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

Json Comparison(double f1) {
  return {{"timestamp", "2026-11-28T10:33:47Z"},
          {"data", "/somewhere/sms.tsv"},
          {"models", Json::array({{{"name", "spam"},
                                   {"f1_macro", f1},
                                   {"accuracy", .9},
                                   {"ms_per_text", .8},
                                   {"confusion", Json::array()},
                                   {"per_class", Json::array({{{"label", "ham"}, {"f1", .9}, {"recall", .8}}})}}})}};
}

std::string Id(int number) { return fmt::format("{:016x}", number); }

TEST(BenchmarkHistory, ListsSummariesInPages) {
  const TemporaryDirectory directory;
  const auto history = BenchmarkHistory::Open(directory.path() / "benchmarks").value();
  EXPECT_EQ(history->List("", 10).dump(), R"({"runs":[],"next":null})");
  for (int i = 1; i <= 5; ++i) ASSERT_TRUE(history->Keep(Id(i), Comparison(i)));
  ASSERT_TRUE(history->Keep(Id(5), Comparison(9))) << "once more";
  const Json page = history->List("", 2);
  EXPECT_EQ(page["next"].str(), Id(4));
  const Json& run = page["runs"][0];
  EXPECT_EQ(run["id"].str(), Id(5));
  EXPECT_EQ(run["data"].str(), "sms.tsv");
  EXPECT_EQ(run["models"][0]["f1_macro"].get<double>(), 5);
  EXPECT_EQ(run["models"][0]["per_class"].dump(), R"({"ham":0.9})");
  EXPECT_FALSE(run["models"][0].contains("confusion"));
  const Json last = history->List(Id(4), 10);
  EXPECT_EQ(last["runs"].size(), 3u);
  EXPECT_TRUE(last["next"].is_null());
  EXPECT_TRUE(history->Read(Id(3)).value()["comparison"]["models"][0].contains("confusion"));
}

TEST(BenchmarkHistory, RemembersRemovalsAndRunsOfAKilledServer) {
  const TemporaryDirectory directory;
  {
    const auto history = BenchmarkHistory::Open(directory.path()).value();
    for (int i = 1; i <= 3; ++i) ASSERT_TRUE(history->Keep(Id(i), Comparison(i)));
    ASSERT_TRUE(history->Remove(Id(2)));
    EXPECT_EQ(history->Remove(Id(2)).error().code, ErrorCode::kNotFound);
    EXPECT_EQ(history->Read("../index").error().code, ErrorCode::kNotFound);
  }
  std::ofstream(directory.path() / "index.jsonl", std::ios::app) << R"({"id": "00)";  // cut off
  std::ofstream(directory.path() / (Id(7) + ".json")) << Comparison(7).dump();
  for (int opened = 0; opened < 2; ++opened) {
    const auto history = BenchmarkHistory::Open(directory.path()).value();
    const Json runs = history->List("", 10)["runs"];
    ASSERT_EQ(runs.size(), 3u) << runs.dump();
    EXPECT_EQ(runs[0]["id"].str(), Id(7));
    EXPECT_EQ(runs[2]["id"].str(), Id(1));
  }
}

TEST(BenchmarkHistory, ListsTenThousandRunsInPages) {
  const TemporaryDirectory directory;
  {
    std::ofstream index(directory.path() / "index.jsonl");
    for (int i = 1; i <= 10000; ++i) {
      index << DumpJsonLine(BenchmarkHistory::Summary(Id(i), Comparison(i))) << "\n";
    }
  }
  const auto history = BenchmarkHistory::Open(directory.path()).value();
  const Json page = history->List(Id(5000), 50);
  ASSERT_EQ(page["runs"].size(), 50u);
  EXPECT_EQ(page["runs"][0]["id"].str(), Id(4999));
  EXPECT_EQ(page["next"].str(), Id(4950));
}

}  // namespace
}  // namespace winnow
