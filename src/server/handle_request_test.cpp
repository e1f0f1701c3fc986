#include "server/handle_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>

#include "server/gzip.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr uint64_t kMostBytes = 1000;

/// An application whose requests are handled by a function.
class FakeApplication : public HttpApplication {
 public:
  using Handler = std::function<void(const HttpRequest& request, const HttpReply& reply)>;
  explicit FakeApplication(Handler handler) : handler_(std::move(handler)) {}
  std::optional<HttpResponse> Admit(HttpRequest&) override { return std::nullopt; }
  void Handle(const std::shared_ptr<HttpRequest>& request, const HttpReply& reply) override {
    handler_(*request, reply);
  }

 private:
  Handler handler_;
};

HttpResponse ResponseTo(HttpRequest request, FakeApplication::Handler handler) {
  const auto slot = std::make_shared<ReplySlot>();
  HandleRequest(std::make_shared<FakeApplication>(std::move(handler)),
                std::make_shared<HttpRequest>(std::move(request)), kMostBytes, slot);
  EXPECT_TRUE(slot->ready());
  return slot->Take();
}

HttpRequest Encoded(std::string encoding, std::string body) {
  HttpRequest request;
  request.body = std::move(body);
  request.headers = {{"content-encoding", std::move(encoding)}};
  return request;
}

void Echo(const HttpRequest& request, const HttpReply& reply) {
  HttpResponse response;
  response.body = request.body;
  reply(std::move(response));
}

TEST(HandleRequest, PassesOnTheResponseOfTheApplication) {
  EXPECT_EQ(ResponseTo(Encoded("identity", "hello"), Echo).body, "hello");
}

TEST(HandleRequest, DecompressesBodies) {
  const std::string text(kMostBytes, 'a');
  EXPECT_EQ(ResponseTo(Encoded("GZip", Gzip(text)), Echo).body, text);
}

TEST(HandleRequest, RefusesBodiesThatCannotBeDecompressed) {
  EXPECT_EQ(ResponseTo(Encoded("br", "hello"), Echo).status, 415);
  EXPECT_EQ(ResponseTo(Encoded("gzip", "hello"), Echo).status, 400);
  const HttpResponse large = ResponseTo(Encoded("gzip", Gzip(std::string(kMostBytes + 1, 'a'))), Echo);
  EXPECT_EQ(large.status, 413);
  EXPECT_THAT(large.body, HasSubstr("exceeds the size limit"));
}

TEST(HandleRequest, RespondsIfTheApplicationForgetsTheRequest) {
  const HttpResponse response = ResponseTo({}, [](const HttpRequest&, const HttpReply&) {});
  EXPECT_EQ(response.status, 500);
  EXPECT_THAT(response.body, HasSubstr("no response"));
}

TEST(HandleRequest, RespondsIfTheApplicationThrows) {
  const HttpResponse failed =
      ResponseTo({}, [](const HttpRequest&, const HttpReply&) { throw std::runtime_error("a secret path"); });
  EXPECT_EQ(failed.status, 500);
  EXPECT_THAT(failed.body, Not(HasSubstr("secret")));
  EXPECT_EQ(ResponseTo({}, [](const HttpRequest&, const HttpReply&) { throw std::bad_alloc(); }).status, 503);
}

}  // namespace
}  // namespace winnow
