#include "server/request_reader.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace winnow {
namespace {

constexpr RequestLimits kLimits = {.max_header_bytes = 1024, .max_body_bytes = 4096};

/// What a reader makes of a connection's bytes, given `step` at a time.
struct Outcome {
  int status = 0;  // of the error; 0 for none
  std::shared_ptr<HttpRequest> request;
  std::string rest;  // bytes behind the request
};

Outcome ReadAll(std::string_view bytes, size_t step, const std::shared_ptr<ByteBudget>& budget = nullptr) {
  RequestReader reader(kLimits);
  Outcome outcome;
  std::string buffer;
  while (!reader.error() && !reader.done()) {
    if (reader.header_done() && !outcome.request) {
      outcome.request = reader.TakeHeader("192.0.2.1");
      reader.ReadBody(budget ? budget->ShareOf("a") : ByteBudget::Share());
    }
    const size_t consumed = reader.Read(buffer);
    buffer.erase(0, consumed);
    if (consumed > 0) continue;
    if (bytes.empty()) {
      reader.End();
      continue;
    }
    const size_t count = std::min(step, bytes.size());
    buffer += bytes.substr(0, count);
    bytes.remove_prefix(count);
  }
  if (!outcome.request && reader.header_done()) outcome.request = reader.TakeHeader("192.0.2.1");
  outcome.status = reader.error() ? reader.error()->status : 0;
  if (reader.done()) reader.TakeBody(*outcome.request);
  outcome.rest = buffer + std::string(bytes);
  return outcome;
}

TEST(RequestReader, ReadsARequestHoweverItIsCut) {
  constexpr std::string_view kBytes =
      "POST /v1/classify?a=b HTTP/1.1\r\nHost: localhost\r\nX-Two:  a  \r\nContent-Length: 5\r\n\r\nhelloGET /next";
  for (size_t step = 1; step <= kBytes.size(); ++step) {
    const Outcome outcome = ReadAll(kBytes, step);
    ASSERT_EQ(outcome.status, 0) << step;
    EXPECT_EQ(outcome.request->method, "POST");
    EXPECT_EQ(outcome.request->path, "/v1/classify");
    EXPECT_EQ(outcome.request->query, "a=b");
    EXPECT_EQ(outcome.request->Header("x-two"), "a");
    EXPECT_EQ(outcome.request->body, "hello");
    EXPECT_EQ(outcome.request->client, "192.0.2.1");
    EXPECT_EQ(outcome.rest, "GET /next");
  }
}

TEST(RequestReader, DropsTrailers) {
  constexpr std::string_view kBytes =
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX-Forwarded-For: 9.9.9.9\r\n\r\n"
      "5\r\nhello\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\nX-API-Key: k\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n";
  for (const size_t step : {size_t{1}, size_t{7}, kBytes.size()}) {
    const Outcome outcome = ReadAll(kBytes, step);
    ASSERT_EQ(outcome.status, 0);
    EXPECT_EQ(outcome.request->body, "hello");
    EXPECT_EQ(outcome.request->headers.size(), 3);
    EXPECT_EQ(outcome.request->Header("x-forwarded-for"), "9.9.9.9");
    EXPECT_EQ(outcome.request->Header("x-api-key"), "");
  }
}

TEST(RequestReader, TrailersObeyTheGrammarOfHeaders) {
  const std::string header = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
  for (const std::string last :
       {"0\r\nX-A: b\r\n folded\r\n\r\n", "0\r\nX-A: b\r\n\tfolded\r\n\r\n", "0;e=1\r\n folded: c\r\n\r\n",
        "000\r\nX-A: b\nX-C: d\r\n\r\n", "0\r\nX A: b\r\n\r\n", "0\r\nX-A\r\n\r\n"}) {
    for (const size_t step : {size_t{1}, size_t{7}, size_t{999}})
      EXPECT_EQ(ReadAll(header + last, step).status, 400) << last << step;
  }
  for (const std::string last :
       {"0\r\n\r\n", "0;e=1\r\n\r\n", "000\r\nX-A: b\r\n\r\n", "0\r\nX-A: b\r\nX-A:\r\n\r\n"}) {
    for (const size_t step : {size_t{1}, size_t{7}, size_t{999}})
      EXPECT_EQ(ReadAll(header + last, step).status, 0) << last << step;
  }
}

TEST(RequestReader, TheHostOfTheTargetReplacesTheHeader) {
  const Outcome outcome = ReadAll("GET http://evil.example/a?b HTTP/1.1\r\nHost: localhost\r\n\r\n", 99);
  ASSERT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.request->path, "/a");
  EXPECT_EQ(outcome.request->Header("host"), "evil.example");
}

struct Refused {
  const char* bytes;
  int status;
};

TEST(RequestReader, TheHostOfTheTargetIsValid) {
  for (const std::string host : {"[[x", "a b@c", "[::1]x", "evil.example@localhost"}) {
    EXPECT_EQ(ReadAll("GET http://" + host + "/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 99).status, 400) << host;
  }
}

TEST(RequestReader, RefusesWhatCanBeReadInTwoWays) {
  for (
      const auto& [bytes, status] : {
          Refused{"GET / HTTP/1.1\r\n\r\n", 400},  // no Host
          Refused{"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
          Refused{"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
          Refused{"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
          Refused{"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
          Refused{"GET / HTTP/1.1\nHost: a\n\n", 400},  // line feeds alone
          Refused{"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
          Refused{"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400},
          Refused{"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n", 400},  // folded
          Refused{"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
          Refused{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400},
          Refused{"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400},
          Refused{"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\na", 400},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na", 400},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\na", 400},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                  400},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 501},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n", 501},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 501},
          Refused{
              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
              400},
          Refused{"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", 400},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n", 400},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", 400},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n", 400},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", 400},
          Refused{
              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n",
              400},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n", 413},
          Refused{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhi", 400},
      }) {
    for (const size_t step : {size_t{1}, size_t{1000}}) EXPECT_EQ(ReadAll(bytes, step).status, status) << bytes;
  }
}

TEST(RequestReader, LimitsHeadersAndChunkExtensions) {
  const std::string long_header = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(2000, 'x') + "\r\n\r\n";
  EXPECT_EQ(ReadAll(long_header, 100).status, 431);
  std::string extended = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 100; ++i) extended += "1;" + std::string(100, 'e') + "\r\nx\r\n";
  EXPECT_EQ(ReadAll(extended + "0\r\n\r\n", 1000).status, 400);
  EXPECT_EQ(
      ReadAll("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a=b\r\nx\r\n0\r\n\r\n", 9).status, 0);
}

TEST(RequestReader, ABodyTakesMemoryOfTheBudgetUntilTheRequestGoes) {
  const auto budget = std::make_shared<ByteBudget>(100);
  {
    const Outcome outcome =
        ReadAll("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n" + std::string(50, 'x'), 7, budget);
    EXPECT_EQ(outcome.status, 0);
    EXPECT_EQ(budget->taken(), 50);
  }
  EXPECT_EQ(budget->taken(), 0);
  EXPECT_EQ(
      ReadAll("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 51\r\n\r\n" + std::string(51, 'x'), 7, budget).status,
      503);
  EXPECT_EQ(budget->taken(), 0);
}

}  // namespace
}  // namespace winnow
