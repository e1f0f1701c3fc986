#include "base/progress.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

/// A console that writes into a file, and a clock that the test sets.
class ProgressTest : public ::testing::Test {
 protected:
  ProgressTest() : fd_(::open(Path().c_str(), O_WRONLY | O_CREAT, 0600)) {}
  ~ProgressTest() override { ::close(fd_); }
  std::filesystem::path Path() const { return directory_.path() / "stderr"; }
  std::string Written() const { return ReadFile(Path()).value(); }
  ProgressBar::Clock ClockOfTest() {
    return [this] { return now_; };
  }

  TemporaryDirectory directory_;
  int fd_;
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
  Console terminal_{fd_, true};
  Console log_{fd_, false};
};

TEST_F(ProgressTest, ALineShowsLabelPartCountFieldsAndTimeLeft) {
  ProgressBar bar("train", 1200, terminal_, ClockOfTest());
  bar.SetField("loss", "0.1234");
  bar.SetField("", "12,345 tokens/s");
  now_ += seconds(30);
  bar.Set(300);
  EXPECT_EQ(bar.Line(100),
            "train  [=======>                      ]   25 %  300/1,200  loss 0.1234  12,345 tokens/s  1:30 left");
}

TEST_F(ProgressTest, NoLineIsWiderThanTheTerminal) {
  ProgressBar bar("train", 1000, terminal_, ClockOfTest());
  bar.SetField("loss", "0.1234");
  bar.SetField("", "12,345 tokens/s");
  now_ += seconds(10);
  bar.Set(500);
  for (int width = 1; width <= 200; ++width) EXPECT_LE(bar.Line(width).size(), static_cast<size_t>(width));
  EXPECT_EQ(bar.Line(60), "train   50 %  500/1,000  loss 0.1234  0:10 left");
  EXPECT_EQ(bar.Line(26), "train   50 %  500/1,000");
  EXPECT_EQ(bar.Line(3), "tra");
}

TEST_F(ProgressTest, AShareOfTheWorkHasNoCount) {
  ProgressBar bar("bench", 100, terminal_, ClockOfTest(), ProgressUnit::kPercent);
  now_ += seconds(10);
  bar.Set(50);
  EXPECT_EQ(bar.Line(24), "bench   50 %  0:10 left");
}

TEST_F(ProgressTest, TheTimeLeftIsNotEstimatedByTheFirstSteps) {
  ProgressBar bar("train", 1000, terminal_, ClockOfTest());
  now_ += seconds(10);
  bar.Set(1);
  EXPECT_EQ(bar.Line(40), "train    0 %  1/1,000  0:10");
  bar.Set(20);
  EXPECT_EQ(bar.Line(40), "train    2 %  20/1,000  8:10 left");
}

TEST_F(ProgressTest, StepsFromBeforeAnInterruptionDoNotShortenTheEstimate) {
  ProgressBar bar("train", 1000, terminal_, ClockOfTest());
  bar.StartAt(800);
  EXPECT_EQ(bar.Line(40), "train   80 %  800/1,000  0:00");
  now_ += seconds(10);
  bar.Set(850);
  EXPECT_EQ(bar.Line(40), "train   85 %  850/1,000  0:30 left");
}

TEST_F(ProgressTest, CountsOutsideTheTotalStayInTheBar) {
  ProgressBar bar("x", 10, terminal_, ClockOfTest());
  bar.Set(20);
  EXPECT_THAT(bar.Line(80), HasSubstr("[==============================]  100 %  20/10"));
  bar.Set(-1);
  EXPECT_THAT(bar.Line(80), HasSubstr("[                              ]    0 %  -1/10"));
}

TEST_F(ProgressTest, AnUnknownTotalShowsTheCount) {
  ProgressBar bar("read", 0, terminal_, ClockOfTest());
  now_ += seconds(5);
  bar.Set(4321);
  EXPECT_EQ(bar.Line(80), "read  4,321  0:05");
}

TEST_F(ProgressTest, ATerminalIsRedrawnAtMostTenTimesASecond) {
  ProgressBar bar("x", 1000, terminal_, ClockOfTest());
  for (int i = 0; i < 1000; ++i) {
    now_ += milliseconds(1);
    bar.Advance();
  }
  const std::string written = Written();
  EXPECT_EQ(std::count(written.begin(), written.end(), '\r'), 11);
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 0);
}

TEST_F(ProgressTest, ALogGetsALineForEachTenthAndALastOne) {
  {
    ProgressBar bar("x", 100, log_, ClockOfTest());
    for (int i = 0; i < 100; ++i) {
      now_ += milliseconds(500);
      bar.Advance();
    }
    bar.Finish();
    bar.Finish();
  }
  const std::string written = Written();
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 10) << written;
  EXPECT_THAT(written, HasSubstr("x   10 %  10/100  0:45 left\n"));
  EXPECT_THAT(written, HasSubstr("x  100 %  100/100  0:50\n"));
  EXPECT_THAT(written, Not(HasSubstr("\x1b")));
}

TEST_F(ProgressTest, AnUnfinishedBarIsRemovedAndLeavesNothingInALog) {
  { ProgressBar bar("x", 100, log_, ClockOfTest()); }
  EXPECT_EQ(Written(), "");
  { ProgressBar bar("x", 100, terminal_, ClockOfTest()); }
  EXPECT_TRUE(Written().ends_with("\r\x1b[K"));
}

TEST_F(ProgressTest, ALogLineGoesAboveTheBar) {
  terminal_.SetStatus("bar");
  terminal_.Print("line");
  EXPECT_EQ(Written(), "\r\x1b[Kbar\r\x1b[Kline\nbar");
}

TEST_F(ProgressTest, QuietShowsNothing) {
  SetProgressShown(false);
  ProgressBar bar("x", 10, terminal_, ClockOfTest());
  bar.Advance(10);
  bar.Finish();
  SetProgressShown(true);
  EXPECT_EQ(Written(), "");
}

TEST_F(ProgressTest, StepsOfSeveralThreadsAllCount) {
  ProgressBar bar("x", 40'000, terminal_, std::chrono::steady_clock::now);
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&bar, t] {
      for (int i = 0; i < 10'000; ++i) {
        bar.Advance();
        if (i % 100 == 0) bar.SetField("thread", std::to_string(t));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(bar.Line(80), HasSubstr("100 %  40,000/40,000"));
}

TEST(ProgressText, DurationsAndCountsAreGrouped) {
  EXPECT_EQ(FormatDuration(seconds(-1)), "0:00");
  EXPECT_EQ(FormatDuration(seconds(9)), "0:09");
  EXPECT_EQ(FormatDuration(seconds(3599)), "59:59");
  EXPECT_EQ(FormatDuration(seconds(3723)), "1:02:03");
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(-1234567), "-1,234,567");
}

}  // namespace
}  // namespace winnow
