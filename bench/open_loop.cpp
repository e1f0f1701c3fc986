/// An open-loop load generator for HTTP servers: a request is due every 1/rate seconds, whether those before it are
/// answered or not, and its time counts from when it was due. A closed loop (wrk) slows down with the server and so
/// leaves out the very requests that would have waited ("coordinated omission": Tene, "How NOT to Measure Latency",
/// 2015).
///
///     open_loop PORT PATH BODIES RATE SECONDS [CONNECTIONS]
///
/// BODIES is a file of JSON documents, one a line, which are posted in turn to 127.0.0.1. A due request goes out on a
/// free connection, else on a new one; where CONNECTIONS (default 2,000) are open, it waits. Prints one line of JSON.
/// One thread; it spins when the next request is due within a millisecond, so it wants a core of its own.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.h"

namespace {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

double Milliseconds(Clock::duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

struct Connection {
  int file = -1;
  const std::string* request = nullptr;  ///< under way; null: free
  size_t sent = 0;
  Time due, begun;
  std::string answer;
  bool wants_write = false;
};

/// Of one status.
struct Times {
  std::vector<double> since_due, since_begun;  ///< milliseconds
};

/// Where an answer ends, what it says, and whether another may follow on its connection.
struct Answer {
  size_t length = 0;  ///< 0: not all of it is here yet
  int status = 0;     ///< 0: it is none
  bool keep_alive = true;
};

/// Understands Content-Length alone, which is what the servers measured here send.
Answer ReadAnswer(std::string_view text) {
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return {};
  Answer answer;
  if (text.size() < 12 || !text.starts_with("HTTP/1.")) return {.length = text.size()};
  std::from_chars(text.data() + 9, text.data() + 12, answer.status);
  size_t body = 0;
  const std::string head = winnow::LowerAscii(text.substr(0, end + 2));
  constexpr std::string_view kLength = "\r\ncontent-length:";
  if (size_t at = head.find(kLength); at != std::string::npos) {
    at = head.find_first_not_of(' ', at + kLength.size());
    std::from_chars(head.data() + at, head.data() + head.size(), body);
  }
  answer.keep_alive = head.find("\r\nconnection: close") == std::string::npos;
  if (text.size() >= end + 4 + body) answer.length = end + 4 + body;
  return answer;
}

class Generator {
 public:
  Generator(uint16_t port, std::vector<std::string> requests, double rate, double seconds, size_t most_connections)
      : port_(port), requests_(std::move(requests)), rate_(rate), seconds_(seconds), most_(most_connections) {
    poll_ = epoll_create1(0);
  }

  void Run() {
    const auto total = static_cast<uint64_t>(rate_ * seconds_);
    const Time start = Clock::now();
    const auto due_of = [&](uint64_t i) {
      return start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(double(i) / rate_));
    };
    uint64_t next = 0;
    const Time give_up = due_of(total) + std::chrono::seconds(20);
    while (next < total || !waiting_.empty() || under_way_ > 0) {
      const Time now = Clock::now();
      for (; next < total && due_of(next) <= now; ++next) waiting_.push_back({due_of(next), next});
      // Not more at a time: answers that have come would wait for it.
      for (int i = 0; i < 32 && !waiting_.empty() && Send(waiting_.front().due, waiting_.front().number); ++i) {
        waiting_.pop_front();
      }
      const bool soon = next < total && due_of(next) - Clock::now() < std::chrono::milliseconds(1);
      Poll(soon ? 0 : 1);
      if (Clock::now() > give_up) break;
    }
    elapsed_ = Clock::now() - start;
    asked_ = total;
    unanswered_ = under_way_ + waiting_.size();
  }

  void Print() {
    std::printf(
        "{\"asked\":%llu,\"rate\":%.1f,\"seconds\":%.3f,\"connections\":%zu,\"unanswered\":%zu,\"broken\":%zu,"
        "\"lag_p50_ms\":%.3f,\"lag_p99_ms\":%.3f,\"statuses\":{",
        static_cast<unsigned long long>(asked_), rate_, Milliseconds(elapsed_) / 1e3, connections_.size(), unanswered_,
        broken_, Percentile(lags_, .5), Percentile(lags_, .99));
    const char* comma = "";
    for (auto& [status, times] : times_) {
      std::printf(
          "%s\"%d\":{\"count\":%zu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"sent_p50_ms\":%.3f,"
          "\"sent_p99_ms\":%.3f}",
          comma, status, times.since_due.size(), Percentile(times.since_due, .5), Percentile(times.since_due, .99),
          Percentile(times.since_due, 1), Percentile(times.since_begun, .5), Percentile(times.since_begun, .99));
      comma = ",";
    }
    std::printf("}}\n");
  }

 private:
  struct Waiting {
    Time due;
    uint64_t number;
  };

  static double Percentile(std::vector<double>& values, double part) {
    if (values.empty()) return 0;
    std::ranges::sort(values);
    return values[std::min(values.size() - 1, static_cast<size_t>(double(values.size()) * part))];
  }

  /// False where no connection can be had now.
  bool Send(Time due, uint64_t number) {
    Connection* connection = nullptr;
    if (!free_.empty()) {
      connection = free_.back();  // the latest one: few stay busy, as many as are needed
      free_.pop_back();
    } else if (connections_.size() < most_) {
      connections_.push_back(std::make_unique<Connection>());
      connection = connections_.back().get();
    } else {
      return false;
    }
    if (connection->file < 0 && !Open(*connection)) {
      ++broken_;
      free_.push_back(connection);
      return true;
    }
    connection->request = &requests_[number % requests_.size()];
    connection->sent = 0;
    connection->answer.clear();
    connection->due = due;
    connection->begun = Clock::now();
    lags_.push_back(Milliseconds(connection->begun - due));
    ++under_way_;
    Write(*connection);
    return true;
  }

  bool Open(Connection& connection) {
    connection.file = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (connection.file < 0) return false;
    const int one = 1;
    setsockopt(connection.file, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection.file, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
        errno != EINPROGRESS) {
      close(connection.file);
      connection.file = -1;
      return false;
    }
    connection.wants_write = false;
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &connection}};
    epoll_ctl(poll_, EPOLL_CTL_ADD, connection.file, &event);
    return true;
  }

  void Write(Connection& connection) {
    const std::string& request = *connection.request;
    while (connection.sent < request.size()) {
      const ssize_t n =
          send(connection.file, request.data() + connection.sent, request.size() - connection.sent, MSG_NOSIGNAL);
      if (n > 0) {
        connection.sent += static_cast<size_t>(n);
      } else if (n < 0 && (errno == EAGAIN || errno == ENOTCONN || errno == EINPROGRESS)) {
        break;
      } else if (errno != EINTR) {
        return Break(connection);
      }
    }
    const bool wants = connection.sent < request.size();
    if (wants == connection.wants_write) return;
    connection.wants_write = wants;
    epoll_event event{.events = EPOLLIN | (wants ? static_cast<uint32_t>(EPOLLOUT) : 0U), .data = {.ptr = &connection}};
    epoll_ctl(poll_, EPOLL_CTL_MOD, connection.file, &event);
  }

  void Read(Connection& connection) {
    char buffer[16384];
    bool closed = false;
    for (;;) {
      const ssize_t n = recv(connection.file, buffer, sizeof buffer, 0);
      if (n > 0) {
        connection.answer.append(buffer, static_cast<size_t>(n));
        if (static_cast<size_t>(n) < sizeof buffer) break;
      } else if (n < 0 && errno == EINTR) {
        continue;
      } else {
        closed = n == 0 || errno != EAGAIN;
        break;
      }
    }
    if (connection.request != nullptr) {
      if (const Answer answer = ReadAnswer(connection.answer); answer.length > 0) {
        const Time now = Clock::now();
        Times& times = times_[answer.status];
        times.since_due.push_back(Milliseconds(now - connection.due));
        times.since_begun.push_back(Milliseconds(now - connection.begun));
        connection.request = nullptr;
        --under_way_;
        if (closed || !answer.keep_alive) Close(connection);
        free_.push_back(&connection);
        return;
      }
    }
    if (!closed) return;
    if (connection.request != nullptr) return Break(connection);
    Close(connection);  // it stays in free_, and is opened again when it is needed
  }

  void Break(Connection& connection) {
    ++broken_;
    --under_way_;
    connection.request = nullptr;
    Close(connection);
    free_.push_back(&connection);
  }

  static void Close(Connection& connection) {
    close(connection.file);
    connection.file = -1;
  }

  void Poll(int milliseconds) {
    epoll_event events[256];
    const int n = epoll_wait(poll_, events, 256, milliseconds);
    for (int i = 0; i < n; ++i) {
      auto& connection = *static_cast<Connection*>(events[i].data.ptr);
      if (connection.file >= 0 && connection.wants_write && (events[i].events & EPOLLOUT) != 0) Write(connection);
      if (connection.file >= 0 && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) Read(connection);
    }
  }

  uint16_t port_;
  std::vector<std::string> requests_;
  double rate_, seconds_;
  size_t most_;
  int poll_ = -1;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> free_;
  std::deque<Waiting> waiting_;
  size_t under_way_ = 0, broken_ = 0, unanswered_ = 0;
  uint64_t asked_ = 0;
  Clock::duration elapsed_{};
  std::map<int, Times> times_;
  std::vector<double> lags_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count < 6) {
    std::fprintf(stderr, "usage: open_loop PORT PATH BODIES RATE SECONDS [CONNECTIONS]\n");
    return 2;
  }
  std::ifstream file(arguments[3]);
  std::vector<std::string> requests;
  for (std::string body; std::getline(file, body);) {
    requests.push_back("POST " + std::string(arguments[2]) +
                       " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
                       std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  const double rate = std::atof(arguments[4]), seconds = std::atof(arguments[5]);
  if (requests.empty() || rate <= 0 || seconds <= 0) {
    std::fprintf(stderr, "open_loop: no bodies in %s, or no rate, or no time\n", arguments[3]);
    return 2;
  }
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  Generator generator(static_cast<uint16_t>(std::atoi(arguments[1])), std::move(requests), rate, seconds,
                      count > 6 ? static_cast<size_t>(std::atoi(arguments[6])) : 2000);
  generator.Run();
  generator.Print();
  return 0;
}
