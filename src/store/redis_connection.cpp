#include "store/redis_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <thread>
#include <utility>

#include "store/redis_error.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

struct Addresses {
  addrinfo* first = nullptr;
  int error = 0;
  std::atomic<bool> done = false;
  Addresses() = default;
  Addresses(const Addresses&) = delete;
  Addresses& operator=(const Addresses&) = delete;
  ~Addresses() {
    if (first != nullptr) ::freeaddrinfo(first);
  }
  void Find(const RedisAddress& address, int flags) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = flags;
    error = ::getaddrinfo(address.host.c_str(), address.port.c_str(), &wanted, &first);
    done = true;
  }
};

}  // namespace

struct RedisConnection::Waiter {
  Clock::time_point deadline;
  const std::function<bool()>& keep_going;

  /// Until `ready`, asked every few milliseconds, says yes after having waited a little itself.
  Result<void> Until(const std::function<bool(int milliseconds)>& ready) const {
    while (!ready(20)) {
      if (!keep_going()) return Fail(ErrorCode::kCancelled, "stopped");
      if (Clock::now() >= deadline) return RedisLost("no reply in time");
    }
    return {};
  }
  Result<void> ForSocket(int socket, short events) const {
    return Until([&](int milliseconds) {
      pollfd wanted{socket, events, 0};
      return ::poll(&wanted, 1, milliseconds) > 0;
    });
  }
};

RedisConnection::RedisConnection(size_t max_reply_bytes, size_t max_items, RedisTlsFiles tls_files)
    : max_reply_bytes_(max_reply_bytes), max_items_(max_items), tls_files_(std::move(tls_files)) {}

RedisConnection::~RedisConnection() { Close(); }

void RedisConnection::Close() {
  tls_.reset();
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  reader_.reset();
  out_.clear();
  written_ = 0;
}

Result<void> RedisConnection::Connect(const RedisAddress& address, Clock::time_point deadline,
                                      const std::function<bool()>& keep_going) {
  Close();
  reader_.emplace(max_reply_bytes_, max_items_);
  const Waiter waiter{deadline, keep_going};
  Result<void> done = Open(address, waiter);
  if (done && address.tls) done = StartTls(address, waiter);
  if (done) done = LogIn(address, waiter);
  if (!done) Close();
  return done;
}

Result<void> RedisConnection::Open(const RedisAddress& address, const Waiter& waiter) {
  const auto connect = [&](int family, const sockaddr* to, socklen_t size) -> Result<void> {
    if (socket_ >= 0) ::close(socket_);
    socket_ = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket_ < 0) return RedisLost(errno);
    if (::connect(socket_, to, size) == 0) return {};
    if (errno != EINPROGRESS) return RedisLost(errno);
    TRY(waiter.ForSocket(socket_, POLLOUT));
    int error = 0;
    socklen_t error_size = sizeof error;
    if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0) return RedisLost(errno);
    if (error != 0) return RedisLost(error);
    return {};
  };

  if (!address.socket.empty()) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    if (address.socket.size() >= sizeof to.sun_path) return RedisLost(ENAMETOOLONG);
    address.socket.copy(to.sun_path, address.socket.size());
    return connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }

  auto addresses = std::make_shared<Addresses>();
  addresses->Find(address, AI_NUMERICHOST);
  if (addresses->error != 0) {
    // Looking up a name can't be given a time limit, so nobody waits for the thread that does it.
    addresses = std::make_shared<Addresses>();
    try {
      std::thread([addresses, address] { addresses->Find(address, AI_ADDRCONFIG); }).detach();
    } catch (const std::system_error& error) {  // a limit of the system, which may be lower in an hour
      return RedisLost(std::string("cannot start a thread that looks the host name up: ") + error.what());
    }
    TRY(waiter.Until([&](int milliseconds) {
      for (int waited = 0; waited < milliseconds && !addresses->done; ++waited) ::poll(nullptr, 0, 1);
      return addresses->done.load();
    }));
    if (addresses->error != 0) return RedisLost(::gai_strerror(addresses->error));
  }
  Result<void> connected = RedisLost("the host name has no address");
  for (const addrinfo* to = addresses->first; to != nullptr; to = to->ai_next) {
    connected = connect(to->ai_family, to->ai_addr, to->ai_addrlen);
    if (connected) break;
  }
  const int on = 1;
  if (connected) ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return connected;
}

Result<void> RedisConnection::StartTls(const RedisAddress& address, const Waiter& waiter) {
  tls_ = TRY(RedisTls::Start(tls_files_, address.host, socket_));
  for (;;) {
    const RedisTls::Step step = TRY(tls_->Handshake());
    if (step == RedisTls::Step::kDone) return {};
    TRY(waiter.ForSocket(socket_, step == RedisTls::Step::kRead ? POLLIN : POLLOUT));
  }
}

Result<void> RedisConnection::LogIn(const RedisAddress& address, const Waiter& waiter) {
  int replies = 1;
  if (!address.password.empty()) {
    std::vector<std::string_view> words = {"AUTH", address.user, address.password};
    if (address.user.empty()) words.erase(words.begin() + 1);
    Append(words);
    ++replies;
  }
  if (address.database > 0) {
    const std::string database = std::to_string(address.database);
    Append(std::vector<std::string_view>{"SELECT", database});
    ++replies;
  }
  // Not PING: that is answered by one who may read nothing, and by one that is still loading its data.
  Append(std::vector<std::string_view>{"MGET", "winnow:is-it-there"});
  while (unwritten() > 0) {
    TRY(Write());
    if (unwritten() > 0) TRY(waiter.ForSocket(socket_, POLLOUT));
  }
  while (replies > 0) {
    TRY(waiter.ForSocket(socket_, POLLIN));
    TRY(Read());
    for (; replies > 0; --replies) {
      const std::unique_ptr<RedisReply> reply = TRY(NextReply());
      if (reply == nullptr) break;
      if (reply->kind == RedisReply::kError) return RedisLost("it reports: " + reply->text.substr(0, 200));
      if (reply->kind != (replies == 1 ? RedisReply::kArray : RedisReply::kStatus))
        return RedisLost("it is not a Redis server");
    }
  }
  return {};
}

void RedisConnection::Append(std::span<const std::string_view> words) {
  fmt::format_to(std::back_inserter(out_), "*{}\r\n", words.size());
  for (const std::string_view word : words) {
    fmt::format_to(std::back_inserter(out_), "${}\r\n", word.size());
    out_ += word;
    out_ += "\r\n";
  }
}

Result<size_t> RedisConnection::Send(std::string_view bytes) {
  if (tls_) return tls_->Send(bytes);
  for (;;) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) return static_cast<size_t>(count);
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) return RedisLost(errno);
  }
}

Result<size_t> RedisConnection::Receive(std::span<char> buffer) {
  if (tls_) return tls_->Receive(buffer);
  for (;;) {
    const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (count > 0) return static_cast<size_t>(count);
    if (count == 0) return RedisLost("it closed the connection");
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) return RedisLost(errno);
  }
}

Result<void> RedisConnection::Write() {
  while (unwritten() > 0) {
    const size_t count = TRY(Send(std::string_view(out_).substr(written_)));
    if (count == 0) return {};
    written_ += count;
  }
  out_.clear();
  written_ = 0;
  return {};
}

Result<void> RedisConnection::Read() {
  std::array<char, RedisTls::kRecordBytes> buffer;
  // Not for ever: one that sends without end is found out when its replies are looked at.
  for (int reads = 0; reads < 16; ++reads) {
    const size_t count = TRY(Receive(buffer));
    if (count == 0) return {};
    TRY(reader_->Feed(std::string_view(buffer.data(), count)));
  }
  return {};
}

Result<std::unique_ptr<RedisReply>> RedisConnection::NextReply() { return reader_->Next(); }

}  // namespace winnow
