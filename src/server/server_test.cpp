#include "server/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "server/api_keys.h"
#include "support/eventually.h"
#include "support/temporary_directory.h"
#include "support/tiny_linear.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

/// A connection to the port on this machine; below 0 if nobody listens.
int Connect(uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

/// All that the server sends back, up to the end of the connection.
std::string Ask(const Server& server, const std::string& method, const std::string& path, const std::string& body = "",
                const std::string& headers = "") {
  const int fd = Connect(server.port());
  if (fd < 0) return "nobody listens";
  const std::string request = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers +
                              "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  std::string answer;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::recv(fd, buffer, sizeof buffer, 0)) > 0;) {
    answer.append(buffer, static_cast<size_t>(got));
  }
  ::close(fd);
  return answer;
}

class ServerTest : public testing::Test {
 protected:
  ServerOptions Options() const {
    WriteTinyLinear(dir_.path() / "spam", "spam", "1.0.0", 0.9);
    ServerOptions options;
    options.bundles = {dir_.path() / "spam"};
    options.models.scheduler.workers = 1;
    options.models.scheduler.max_wait = std::chrono::milliseconds(0);  // a slow machine refuses nothing
    options.http.port = 0;
    options.http.threads = 1;
    return options;
  }
  static std::unique_ptr<Server> Start(ServerOptions options) {
    auto server = Server::Start(std::move(options));
    EXPECT_TRUE(server) << server.error().Text();
    return server ? *std::move(server) : nullptr;
  }
  static void Reload(Server& server) {
    std::promise<void> done;
    server.Reload([&] { done.set_value(); });
    done.get_future().get();
  }

  const TemporaryDirectory dir_;
};

TEST_F(ServerTest, AnswersAtAFreePortOfItsAddress) {
  const auto server = Start(Options());
  ASSERT_NE(server, nullptr);
  EXPECT_GT(server->port(), 0);
  EXPECT_EQ(server->url(), "http://127.0.0.1:" + std::to_string(server->port()));
  EXPECT_THAT(Ask(*server, "GET", "/health"), StartsWith("HTTP/1.1 200 "));
  const std::string answer = Ask(*server, "POST", "/v1/classify", R"({"text": "a prize"})");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(answer, HasSubstr(R"("label":"spam")"));
  EXPECT_THAT(answer, HasSubstr(R"("version":"1.0.0")"));
}

TEST_F(ServerTest, AnIpv6AddressIsInBracketsInItsUrl) {
  EXPECT_EQ(HostInUrl("example.org"), "example.org");
  EXPECT_EQ(HostInUrl("[::1]"), "[::1]");
  for (const char* host : {"::1", "[::1]"}) {
    ServerOptions options = Options();
    options.http.host = host;
    const auto server = Server::Start(std::move(options));
    if (!server) GTEST_SKIP() << "no IPv6 here: " << server.error().message;
    EXPECT_EQ((*server)->url(), "http://[::1]:" + std::to_string((*server)->port()));
  }
}

TEST_F(ServerTest, ProgramsThatItStartsInheritNoSocket) {
  const auto server = Start(Options());
  ASSERT_NE(server, nullptr);
  const int client = Connect(server->port());
  ASSERT_GE(client, 0);
  const std::string request = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ASSERT_EQ(::send(client, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  char buffer[4096];
  ASSERT_GT(::recv(client, buffer, sizeof buffer, 0), 0);
  int sockets = 0;
  for (int fd = 0; fd < 1024; ++fd) {
    sockaddr_in address{};
    socklen_t length = sizeof address;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) continue;
    if (address.sin_family != AF_INET || ntohs(address.sin_port) != server->port()) continue;
    ++sockets;
    EXPECT_EQ(::fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC) << fd;
  }
  EXPECT_EQ(sockets, 2) << "the one that listens, and that of the connection";
  ::close(client);
}

TEST_F(ServerTest, MetricsCountModelsAndConnections) {
  const auto server = Start(Options());
  ASSERT_NE(server, nullptr);
  const std::string answer = Ask(*server, "GET", "/metrics");
  EXPECT_THAT(answer, HasSubstr("winnow_models{state=\"loaded\"} 1\n"));
  EXPECT_THAT(answer, HasSubstr("winnow_connections 1\n"));
}

TEST_F(ServerTest, ReloadTakesModelsAndKeysThatHaveChanged) {
  ServerOptions options = Options();
  options.api_key_file = dir_.path() / "keys.txt";
  const auto write_key = [&](const std::string& name) {
    const AddedApiKey added = AddApiKey("", "keys.txt", {.name = name}).value();
    EXPECT_TRUE(WriteFileAtomically(options.api_key_file, added.contents));
    std::filesystem::permissions(options.api_key_file, std::filesystem::perms::owner_read);
    return "X-API-Key: " + added.secret + "\r\n";
  };
  const std::string before = write_key("before");
  const auto server = Start(options);
  ASSERT_NE(server, nullptr);
  const std::string call = R"({"text": "a prize"})";
  EXPECT_THAT(Ask(*server, "POST", "/v1/classify", call), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(Ask(*server, "POST", "/v1/classify", call, before), HasSubstr(R"("version":"1.0.0")"));
  const std::string after = write_key("after");
  WriteTinyLinear(dir_.path() / "spam", "spam", "2.0.0", 0.9);
  Reload(*server);
  EXPECT_THAT(Ask(*server, "POST", "/v1/classify", call, before), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(Ask(*server, "POST", "/v1/classify", call, after), HasSubstr(R"("version":"2.0.0")"));
}

TEST_F(ServerTest, ReloadKeepsTheKeysIfTheirFileCannotBeRead) {
  ServerOptions options = Options();
  options.api_key_file = dir_.path() / "keys.txt";
  const AddedApiKey added = AddApiKey("", "keys.txt", {.name = "web"}).value();
  ASSERT_TRUE(WriteFileAtomically(options.api_key_file, added.contents));
  const auto server = Start(options);
  ASSERT_NE(server, nullptr);
  ASSERT_TRUE(WriteFileAtomically(options.api_key_file, "not a key\n"));
  Reload(*server);
  EXPECT_THAT(Ask(*server, "GET", "/models", "", "X-API-Key: " + added.secret + "\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, ThreadsGetAnswersDuringReloads) {
  const auto server = Start(Options());
  ASSERT_NE(server, nullptr);
  std::atomic<int> answered = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 2; ++i) {
    clients.emplace_back([&] {
      for (int request = 0; request < 20; ++request) {
        answered += Ask(*server, "POST", "/v1/classify", R"({"text": "a prize"})").starts_with("HTTP/1.1 200 ") ? 1 : 0;
      }
    });
  }
  for (const char* const version : {"1.0.1", "1.0.2", "1.0.3"}) {
    WriteTinyLinear(dir_.path() / "spam", "spam", version, 0.9);
    Reload(*server);
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, 40);
}

TEST_F(ServerTest, StopEndsListeningAndMayBeCalledTwice) {
  const auto server = Start(Options());
  ASSERT_NE(server, nullptr);
  const uint16_t port = server->port();
  EXPECT_THAT(Ask(*server, "GET", "/ready"), StartsWith("HTTP/1.1 200 "));
  server->Stop();
  EXPECT_LT(Connect(port), 0);
  server->Stop();
}

TEST_F(ServerTest, TheResultOfAJobThatSucceedsWhileRequestsAreAnsweredForTheLastTimeIsKept) {
  namespace fs = std::filesystem;
  const fs::path workspace = dir_.path() / "workspace", large = workspace / "data" / "large.csv";
  const fs::path script = dir_.path() / "job", go = dir_.path() / "go", report = workspace / "reports" / "drift.json";
  ASSERT_TRUE(WriteFileAtomically(
      script, "until test -e '" + go.string() + "'; do sleep 0.01; done; echo '{\"drifted\": false}'\n"));
  ServerOptions options = Options();
  options.jobs.workspace = workspace;
  options.jobs.program = {"sh", script.string()};
  options.drain_timeout = options.http.write_timeout = std::chrono::hours(1);
  const auto server = Start(options);
  ASSERT_NE(server, nullptr);
  fs::create_directories(workspace / "models" / "used");
  ASSERT_TRUE(WriteFileAtomically(large, "text\n"));
  fs::resize_file(large, size_t{48} << 20);
  ASSERT_THAT(Ask(*server, "POST", "/v1/jobs", R"({"kind": "drift", "model": "used"})"), StartsWith("HTTP/1.1 20"));
  const uint16_t port = server->port();
  const int client = Connect(port);
  const std::string request = "GET /v1/data/large.csv HTTP/1.1\r\nHost: localhost\r\n\r\n";
  ASSERT_EQ(::send(client, request.data(), request.size(), MSG_NOSIGNAL), static_cast<ssize_t>(request.size()));
  char byte = 0;
  ASSERT_EQ(::recv(client, &byte, 1, 0), 1);  // and no more: the server waits for the client from now on
  std::thread stopping([&] { server->Stop(); });
  EXPECT_TRUE(Eventually([&] {
    const int other = Connect(port);
    if (other >= 0) ::close(other);
    return other < 0;
  }));
  std::ofstream(go).close();
  EXPECT_TRUE(Eventually([&] { return fs::exists(report); }));
  ::close(client);
  stopping.join();
  EXPECT_THAT(ReadFile(report).value_or(""), HasSubstr("drifted"));
}

TEST_F(ServerTest, AccessLogHasALinePerRequest) {
  ServerOptions options = Options();
  options.access_log = dir_.path() / "access.log";
  const auto server = Start(options);
  ASSERT_NE(server, nullptr);
  Ask(*server, "GET", "/health");
  // A thread of its own writes it.
  EXPECT_TRUE(Eventually([&] { return !ReadFile(options.access_log).value().empty(); }));
  EXPECT_THAT(ReadFile(options.access_log).value(), HasSubstr(R"("path":"/health","status":200)"));
}

TEST_F(ServerTest, StartFailsWithoutAModel) {
  ServerOptions options = Options();
  options.bundles = {dir_.path() / "absent"};
  const auto server = Server::Start(std::move(options));
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::kNotFound);
}

TEST_F(ServerTest, StartFailsIfThePortIsTaken) {
  const auto first = Start(Options());
  ASSERT_NE(first, nullptr);
  ServerOptions options = Options();
  options.http.port = first->port();
  const auto second = Server::Start(std::move(options));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace winnow
