#include "report/latency_plot.h"

#include <gmock/gmock.h>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using testing::HasSubstr;

TEST(LatencyPlot, ShowsMicrosecondsOfModelsThatTakeNoMilliseconds) {
  const TemporaryDirectory dir;
  const auto file = dir.path() / "bench.svg";
  LatencyReport report;
  report.throughput = {{.threads = 1, .batch_size = 1, .texts_per_s = 100, .tokens_per_s = 0}};
  report.single.p50 = 0.004;
  report.single_times_ms = {0.003, 0.004, 0.005};
  ASSERT_TRUE(PlotLatency(report, "words", file));
  std::string svg = ReadFile(file).value();
  EXPECT_THAT(svg, HasSubstr(">p50 4.00 µs<"));
  EXPECT_THAT(svg, HasSubstr(">microseconds, text to decision<"));
  report.single.p50 = 4;
  report.single_times_ms = {3, 4, 5};
  ASSERT_TRUE(PlotLatency(report, "spam", file));
  svg = ReadFile(file).value();
  EXPECT_THAT(svg, HasSubstr(">p50 4.00 ms<"));
  EXPECT_THAT(svg, HasSubstr(">milliseconds, text to decision<"));
}

}  // namespace
}  // namespace winnow
