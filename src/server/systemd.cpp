#include "server/systemd.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "base/log.h"
#include "base/parse_number.h"

namespace winnow {
namespace {

constexpr int kFirstSocket = 3;  // SD_LISTEN_FDS_START

int NumberIn(const char* variable) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? -1 : ParseNumber<int>(text).value_or(-1);
}

}  // namespace

std::vector<int> SystemdSockets() {
  const int process = NumberIn("LISTEN_PID"), count = NumberIn("LISTEN_FDS");
  for (const char* variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(variable);
  std::vector<int> sockets;
  if (process != ::getpid()) return sockets;
  constexpr int kMost = 64;
  for (int i = 0; i < count && i < kMost; ++i) {
    ::fcntl(kFirstSocket + i, F_SETFD, FD_CLOEXEC);
    sockets.push_back(kFirstSocket + i);
  }
  return sockets;
}

void NotifySystemd(std::string_view state) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const size_t length = std::strlen(path);
  if (length >= sizeof(address.sun_path)) return;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // one without a file
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  if (::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size) <
      0) {
    LogWarning("could not notify systemd of '{}': {}", state, std::strerror(errno));
  }
  ::close(socket);
}

}  // namespace winnow
