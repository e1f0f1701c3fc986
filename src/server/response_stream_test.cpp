#include "server/response_stream.h"

#include <gtest/gtest.h>

#include <thread>

#include "server/job_streams.h"

namespace winnow {
namespace {

TEST(ResponseStream, PiecesAreTakenInTheirOrderUntilTheEnd) {
  ResponseStream stream;
  EXPECT_EQ(stream.Take().bytes, "");
  EXPECT_FALSE(stream.Take().last);
  stream.Write("a");
  stream.Write("b");
  EXPECT_EQ(stream.backlog(), 2U);
  EXPECT_EQ(stream.Take().bytes, "ab");
  stream.Write("c");
  stream.End();
  stream.Write("after the end");
  const ResponseStream::Piece piece = stream.Take();
  EXPECT_EQ(piece.bytes, "c");
  EXPECT_TRUE(piece.last);
}

TEST(ResponseStream, WakesOnceForEachWait) {
  ResponseStream stream;
  int woken = 0;
  stream.WhenReady([&] { ++woken; });
  EXPECT_EQ(woken, 0);
  stream.Write("a");
  stream.Write("b");
  EXPECT_EQ(woken, 1);
  stream.WhenReady([&] { ++woken; });
  EXPECT_EQ(woken, 2) << "at once, since there is something";
  (void)stream.Take();
  stream.WhenReady([&] { ++woken; });
  stream.End();
  EXPECT_EQ(woken, 3);
}

TEST(ResponseStream, AClosedStreamKeepsNothing) {
  ResponseStream stream;
  stream.Write("a");
  int woken = 0;
  (void)stream.Take();
  stream.WhenReady([&] { ++woken; });
  stream.Close();
  EXPECT_EQ(woken, 1);
  stream.Write("b");
  EXPECT_EQ(stream.backlog(), 0U);
  EXPECT_TRUE(stream.closed());
  EXPECT_TRUE(stream.Take().last);
}

TEST(ResponseStream, IsWrittenAndTakenByDifferentThreads) {
  ResponseStream stream;
  std::thread writer([&] {
    for (int i = 0; i < 10000; ++i) stream.Write("x");
    stream.End();
  });
  size_t taken = 0;
  for (bool last = false; !last;) {
    ResponseStream::Piece piece = stream.Take();
    taken += piece.bytes.size();
    last = piece.last;
  }
  writer.join();
  EXPECT_EQ(taken, 10000U);
}

TEST(ServerSentEvent, HasAnIdATypeAndALineOfData) {
  EXPECT_EQ(ServerSentEvent({.id = 7, .data = {{"type", "log"}, {"message", "two\nlines"}}}),
            "id: 7\nevent: log\ndata: {\"message\":\"two\\nlines\",\"type\":\"log\"}\n\n");
}

}  // namespace
}  // namespace winnow
