/// A small HTTP server on a thread of its own, for tests: answers by a function, one connection at a time, and
/// misbehaves on request. A connection that is kept alive keeps the others waiting.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/ascii.h"

namespace winnow {

struct TestRequest {
  std::string method;
  std::string path;                            // with the query
  std::map<std::string, std::string> headers;  // lower-case names
  std::string body = {};
  int connection = 0;  // which of the server's it came through, from 1 on
};

struct TestReply {
  int status = 200;
  std::string body;
  std::vector<std::string> headers;
  size_t cut_after = std::string::npos;  // closes the connection after so many bytes of the body
  int hang_ms = 0;                       // waits before it answers
  bool keep_alive = false;               // the next request may come through the same connection
};

/// Answers a Range request out of `body`, as a server that supports resuming does. `etag` is quoted.
inline TestReply ReplyWithRange(const TestRequest& request, const std::string& body, const std::string& etag) {
  const auto range = request.headers.find("range");
  const auto condition = request.headers.find("if-range");
  const bool same = condition == request.headers.end() || condition->second == etag;
  if (range == request.headers.end() || !same) return {200, body, {"ETag: " + etag}};
  const size_t begin = std::stoul(range->second.substr(std::string("bytes=").size()));
  if (begin >= body.size()) return {416, "", {}};
  return {206,
          body.substr(begin),
          {"ETag: " + etag, "Content-Range: bytes " + std::to_string(begin) + "-" + std::to_string(body.size() - 1) +
                                "/" + std::to_string(body.size())}};
}

class TestServer {
 public:
  using Handler = std::function<TestReply(const TestRequest&)>;

  /// At a free port, or the one that is given.
  explicit TestServer(Handler handler, int port = 0) : handler_(std::move(handler)) {
    for (const char* name : {"no_proxy", "NO_PROXY"}) ::setenv(name, "127.0.0.1", 1);
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    socklen_t size = sizeof address;
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 16) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("can't listen");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;
  ~TestServer() {
    stopping_ = true;
    thread_.join();
    ::close(listener_);
  }

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// All requests so far.
  std::vector<TestRequest> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  bool Wait(int fd) const {
    while (!stopping_) {
      pollfd poll{fd, POLLIN, 0};
      if (::poll(&poll, 1, 20) > 0) return true;
    }
    return false;
  }

  void Serve() {
    for (int number = 1; Wait(listener_);) {
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      std::string received;
      while (Answer(connection, number, received)) {
      }
      ++number;
      ::close(connection);
    }
  }

  bool Receive(int connection, std::string& received) const {
    char buffer[4096];
    if (!Wait(connection)) return false;
    const ssize_t count = ::recv(connection, buffer, sizeof buffer, 0);
    if (count > 0) received.append(buffer, static_cast<size_t>(count));
    return count > 0;
  }

  /// Whether there may be another request. `received` holds what came of it already.
  bool Answer(int connection, int number, std::string& received) {
    while (received.find("\r\n\r\n") == std::string::npos) {
      if (!Receive(connection, received)) return false;
    }
    const size_t begin = received.find("\r\n\r\n") + 4;
    TestRequest request = Parse(received.substr(0, begin));
    request.connection = number;
    const auto length = request.headers.find("content-length");
    const size_t body = length == request.headers.end() ? 0 : std::stoul(length->second);
    while (received.size() < begin + body) {
      if (!Receive(connection, received)) return false;
    }
    request.body = received.substr(begin, body);
    received.erase(0, begin + body);
    char byte = 0;
    if (::recv(connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0) return false;  // it has given up, and asks again
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    const TestReply reply = handler_(request);
    for (int waited = 0; waited < reply.hang_ms && !stopping_; waited += 20)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::string answer = "HTTP/1.1 " + std::to_string(reply.status) +
                         " Status\r\nConnection: " + (reply.keep_alive ? "keep-alive" : "close") +
                         "\r\nContent-Length: " + std::to_string(reply.body.size()) + "\r\n";
    for (const std::string& header : reply.headers) answer += header + "\r\n";
    answer += "\r\n";
    if (request.method != "HEAD") answer += reply.body.substr(0, reply.cut_after);
    for (size_t sent = 0; sent < answer.size();) {
      const ssize_t count = ::send(connection, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return false;
      sent += static_cast<size_t>(count);
    }
    return reply.keep_alive && reply.cut_after >= reply.body.size();
  }

  static TestRequest Parse(const std::string& text) {
    TestRequest request;
    const size_t first = text.find(' ');
    const size_t second = text.find(' ', first + 1);
    request.method = text.substr(0, first);
    request.path = text.substr(first + 1, second - first - 1);
    for (size_t line = text.find("\r\n") + 2; text.compare(line, 2, "\r\n") != 0;) {
      const size_t end = text.find("\r\n", line);
      const size_t colon = text.find(": ", line);
      if (colon < end) {
        request.headers[LowerAscii(text.substr(line, colon - line))] = text.substr(colon + 2, end - colon - 2);
      }
      line = end + 2;
    }
    return request;
  }

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<TestRequest> requests_;
  std::thread thread_;
};

}  // namespace winnow
