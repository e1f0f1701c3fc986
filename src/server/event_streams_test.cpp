#include "server/event_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "support/eventually.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::milliseconds kNever = std::chrono::hours(1);

/// What a stream has sent once it contains `end`.
std::string Until(ResponseStream& stream, std::string_view end) {
  std::string text;
  EXPECT_TRUE(Eventually([&] {
    text += stream.Take().bytes;
    return text.find(end) != std::string::npos;
  })) << end;
  return text;
}

/// The ID in the last "id:" line.
int64_t LastId(const std::string& text) { return std::stoll(text.substr(text.rfind("id: ") + 4)); }

TEST(EventStreams, SendEachThreadsEventsToAllInOrder) {
  EventStreams events({.ping = kNever});
  const auto first = events.Open({}), second = events.Open({});
  std::thread other([&] { events.Publish("job", {{"id", 1}}); });
  other.join();
  events.Publish("data", {{"name", "a.csv"}});
  for (const auto& stream : {first, second}) {
    const std::string text = Until(*stream, "a.csv");
    EXPECT_THAT(text, HasSubstr("event: job\ndata: {\"id\":1}\n\n"));
    EXPECT_LT(text.find("event: job"), text.find("event: data"));
  }
  EXPECT_EQ(events.streams(), 2u);
}

TEST(EventStreams, ResumeWhereAThreadLeftOff) {
  EventStreams events({.ping = kNever});
  const int64_t begin = LastId(Until(*events.Open({}), "id: "));
  for (int i = 1; i <= 5; ++i) events.Publish("job", {{"n", i}});
  const std::string text = Until(*events.Open(begin + 2), "\"n\":5");
  EXPECT_THAT(text, HasSubstr("\"n\":3"));
  EXPECT_THAT(text, Not(HasSubstr("\"n\":2")));
  EXPECT_THAT(text, Not(HasSubstr("reset")));
  EXPECT_EQ(LastId(text), begin + 5);
}

TEST(EventStreams, TellThreadsThatTooMuchWasMissed) {
  EventStreams events({.kept = 10, .ping = kNever});
  const int64_t begin = LastId(Until(*events.Open({}), "id: "));
  for (int i = 1; i <= 20; ++i) events.Publish("job", {{"n", i}});
  for (const int64_t last : {begin, begin + 9, begin + 1000, int64_t{1}}) {
    EXPECT_THAT(Until(*events.Open(last), "reset"), HasSubstr("event: reset\ndata: {}")) << last - begin;
  }
  EXPECT_THAT(Until(*events.Open(begin + 10), "\"n\":20"), Not(HasSubstr("reset")));
}

TEST(EventStreams, KeepSoManyBytesOfWhatThreadsPublish) {
  EventStreams events({.kept_bytes = 5000, .ping = kNever});
  const int64_t begin = LastId(Until(*events.Open({}), "id: "));
  for (int i = 1; i <= 10; ++i) events.Publish("job", {{"n", i}, {"message", std::string(1000, 'a')}});
  EXPECT_THAT(Until(*events.Open(begin), "reset"), HasSubstr("reset"));
  EXPECT_THAT(Until(*events.Open(begin + 7), "\"n\":10"), Not(HasSubstr("reset")));
}

TEST(EventStreams, ForgetStreamsThatNoThreadReads) {
  EventStreams events({.ping = std::chrono::milliseconds(1)});
  const auto stream = events.Open({});
  EXPECT_THAT(Until(*stream, ": ping"), HasSubstr(": ping\n\n"));
  stream->Close();
  EXPECT_TRUE(Eventually([&] { return events.streams() == 0; }));
}

TEST(EventStreams, TellWhenAThreadChangesTheModels) {
  std::atomic<int> version = 1;
  EventStreams events(
      {.ping = kNever, .watch = std::chrono::milliseconds(1), .watched = [&] { return std::to_string(version); }});
  const auto stream = events.Open({});
  version = 2;
  EXPECT_THAT(Until(*stream, "models"), HasSubstr("event: models\ndata: {}"));
}

}  // namespace
}  // namespace winnow
