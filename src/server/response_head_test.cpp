#include "server/response_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/response_stream.h"

namespace winnow {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

HttpResponse Response(int status, std::string body) {
  return {.status = status, .body = std::move(body), .headers = {{"X-A", "b"}}};
}

TEST(ResponseHead, HasStatusHeadersAndLength) {
  const std::string head = HeaderBytes(Response(200, "hello"), "id", /*version_1_0=*/false, /*keep_alive=*/true);
  EXPECT_THAT(head, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nX-Request-Id: id\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nX-A: b\r\n"));
  EXPECT_THAT(head, EndsWith("Content-Type: application/json\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_THAT(HeaderBytes(Response(200, ""), "id", true, true), HasSubstr("Connection: keep-alive"));
  EXPECT_THAT(HeaderBytes(Response(200, ""), "id", false, false), HasSubstr("Connection: close"));
}

TEST(ResponseHead, HasTheTimeAsHttpWritesIt) {
  using std::chrono::system_clock;
  EXPECT_EQ(HttpDate(system_clock::from_time_t(784111777)), "Sun, 06 Nov 1994 08:49:37 GMT");
  std::string before, head, after;
  do {  // within one second
    before = HttpDate(system_clock::now());
    head = HeaderBytes(Response(200, ""), "id", false, true);
    after = HttpDate(system_clock::now());
  } while (before != after);
  EXPECT_THAT(head, HasSubstr("\r\nDate: " + before + "\r\n"));
}

TEST(ResponseHead, TellsNoLengthWhereThereIsNoBody) {
  for (const int status : {204, 304}) {
    EXPECT_THAT(HeaderBytes(Response(status, ""), "id", false, true), Not(HasSubstr("\r\nContent-"))) << status;
  }
  HttpResponse streamed = Response(200, "");
  streamed.stream = std::make_shared<ResponseStream>();
  const std::string head = HeaderBytes(streamed, "id", false, true);
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
}

TEST(ResponseHead, CompressesOnce) {
  HttpResponse response = Response(200, std::string(5000, 'a'));
  ASSERT_TRUE(IsWorthPacking(response));
  Pack(response);
  EXPECT_LT(response.body.size(), 1000u);
  response.body.resize(5000);
  EXPECT_FALSE(IsWorthPacking(response));
  EXPECT_FALSE(IsWorthPacking(Response(200, "short")));
}

}  // namespace
}  // namespace winnow
