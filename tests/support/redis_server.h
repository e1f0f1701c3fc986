/// A real Redis for a test, on a Unix socket or a port of its own; stopped with the test.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/held_port.h"
#include "support/temporary_directory.h"

namespace winnow {

class RedisServer {
 public:
  /// Debian's redis-tools brings the server's program as a checker: it looks at the name that it is called by.
  static std::string Program() {
    for (const char* path : {"/usr/bin/redis-server", "/usr/local/bin/redis-server", "/usr/bin/redis-check-rdb",
                             "/usr/bin/valkey-server"}) {
      if (::access(path, X_OK) == 0) return path;
    }
    return "";
  }

  /// Not started yet.
  RedisServer() = default;
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;
  ~RedisServer() { Kill(); }

  std::string url() const { return "unix://" + socket(); }
  int port() const { return port_ ? port_->number() : 0; }

  /// For Start: listens on a port of 127.0.0.1 too.
  void UsePort() { port_.emplace(); }

  /// Waits until it takes connections.
  void Start(const std::vector<std::string>& more = {}) {
    std::filesystem::remove(socket());
    std::vector<std::string> words = {"redis-server",
                                      "--bind",
                                      "127.0.0.1",
                                      "--port",
                                      std::to_string(port()),
                                      "--unixsocket",
                                      socket(),
                                      "--dir",
                                      dir_.path().string(),
                                      "--save",
                                      "",
                                      "--logfile",
                                      (dir_.path() / "log").string()};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const std::string program = Program();
    const pid_t parent = ::getpid();
    child_ = ::fork();
    if (child_ < 0) throw std::runtime_error("can't fork");
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves none behind
      if (::getppid() == parent) ::execv(program.c_str(), arguments.data());
      ::_exit(127);
    }
    for (int tries = 0; !Connects(); ++tries) {
      if (tries == 10000 || ::waitpid(child_, nullptr, WNOHANG) == child_)
        throw std::runtime_error("Redis won't start");
      ::usleep(5000);
    }
  }

  /// Sends a signal; after SIGSTOP waits until it has stopped, so that it answers nothing from then on.
  void Signal(int number) const {
    if (child_ <= 0) return;
    ::kill(child_, number);
    if (number == SIGSTOP) ::waitpid(child_, nullptr, WUNTRACED);
  }
  void Kill() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    child_ = 0;
  }

 private:
  bool Connects() const {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    socket().copy(to.sun_path, sizeof to.sun_path - 1);
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool connected = ::connect(probe, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    ::close(probe);
    return connected;
  }
  std::string socket() const { return (dir_.path() / "s").string(); }

  const TemporaryDirectory dir_;
  std::optional<HeldPort> port_;
  pid_t child_ = 0;
};

}  // namespace winnow
