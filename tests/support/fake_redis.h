/// A server that says what a test wants to whoever connects, as no Redis would.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace winnow {

/// Answers the n-th thing it hears on a connection with the n-th reply, then the last one again and again; "" closes.
class FakeRedis {
 public:
  explicit FakeRedis(std::vector<std::string> replies, bool endless = false)
      : replies_(std::move(replies)), endless_(endless) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::listen(listener_, 16) != 0 || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("can't listen");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  FakeRedis(const FakeRedis&) = delete;
  FakeRedis& operator=(const FakeRedis&) = delete;
  ~FakeRedis() {
    stopping_ = true;
    thread_.join();
    ::close(listener_);
  }
  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  int connections() const { return connections_; }

 private:
  bool Wait(int fd, short events) const {
    while (!stopping_) {
      pollfd wanted{fd, events, 0};
      if (::poll(&wanted, 1, 10) > 0) return true;
    }
    return false;
  }
  void Serve() {
    while (Wait(listener_, POLLIN)) {
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (connection < 0) continue;
      ++connections_;
      Talk(connection);
      ::close(connection);
    }
  }
  void Talk(int connection) const {
    char buffer[4096];
    for (size_t turn = 0;; ++turn) {
      if (!Wait(connection, POLLIN) || ::recv(connection, buffer, sizeof buffer, 0) <= 0) return;
      const std::string& reply = replies_[std::min(turn, replies_.size() - 1)];
      if (reply.empty() || !Send(connection, reply)) return;
      while (endless_ && turn + 1 >= replies_.size()) {
        if (!Send(connection, std::string(10000, 'x'))) return;
      }
    }
  }
  bool Send(int connection, std::string_view bytes) const {
    while (!bytes.empty()) {
      if (!Wait(connection, POLLOUT)) return false;
      const ssize_t count = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count < 0) return false;
      bytes.remove_prefix(static_cast<size_t>(count));
    }
    return true;
  }

  const std::vector<std::string> replies_;
  const bool endless_;
  int listener_ = -1, port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

}  // namespace winnow
