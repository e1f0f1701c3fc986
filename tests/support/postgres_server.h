/// A real PostgreSQL for a test, on a Unix socket of its own; stopped with the test. initdb refuses to run as root:
/// then the server runs as the user postgres or nobody.
#pragma once

#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/temporary_directory.h"

namespace winnow {

class PostgresServer {
 public:
  /// The directory of initdb and postgres, or nothing.
  static std::string Programs() {
    for (const char* directory : {"/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin",
                                  "/usr/lib/postgresql/17/bin", "/usr/local/bin", "/usr/bin"}) {
      if (::access((std::string(directory) + "/initdb").c_str(), X_OK) == 0 &&
          ::access((std::string(directory) + "/postgres").c_str(), X_OK) == 0)
        return directory;
    }
    return "";
  }

  /// Makes an empty cluster and starts it.
  PostgresServer() {
    if (::geteuid() == 0) {
      const passwd* user = ::getpwnam("postgres");
      if (user == nullptr) user = ::getpwnam("nobody");
      if (user == nullptr) throw std::runtime_error("no user for PostgreSQL");
      user_ = user->pw_uid;
      group_ = user->pw_gid;
      if (::chown(dir_.path().c_str(), user_, group_) != 0) throw std::runtime_error("can't give the directory away");
    }
    const pid_t initdb = Launch(
        {"initdb", "--no-sync", "-A", "trust", "-U", "winnow", "-E", "UTF8", "--locale=C", "-D", data().string()});
    int status = 0;
    if (::waitpid(initdb, &status, 0) != initdb || status != 0) throw std::runtime_error("initdb failed");
    Start();
  }
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;
  ~PostgresServer() { Stop(SIGQUIT); }

  std::string url(const std::string& database = "postgres", const std::string& parameters = "") const {
    std::string host;
    for (const char c : dir_.path().string()) host += c == '/' ? "%2F" : std::string(1, c);
    return "postgres://winnow@" + host + "/" + database + (parameters.empty() ? "" : "?" + parameters);
  }

  /// Waits until it takes connections.
  void Start() {
    // A crash of the machine is not tested; without fsync the tests are faster.
    child_ = Launch({"postgres", "-D", data().string(), "-k", dir_.path().string(), "-c", "listen_addresses=", "-c",
                     "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=40"});
    for (int tries = 0; !Ready(); ++tries) {
      if (tries == 24000 || ::waitpid(child_, nullptr, WNOHANG) == child_)
        throw std::runtime_error("PostgreSQL won't start");
      ::usleep(5000);
    }
  }

  /// Starts again as a hot standby, which can be read.
  void StartAsStandby() {
    std::fclose(std::fopen((data() / "standby.signal").c_str(), "w"));
    Start();
  }

  /// SIGTERM waits for clients, SIGINT ends their connections, SIGQUIT ends at once, as a crash does.
  void Stop(int signal) {
    if (child_ <= 0) return;
    ::kill(child_, signal);
    ::waitpid(child_, nullptr, 0);
    child_ = 0;
  }

 private:
  std::filesystem::path data() const { return dir_.path() / "data"; }

  /// The last line of postmaster.pid says "ready", or "standby", when connections are accepted.
  bool Ready() const {
    std::string text(4096, '\0');
    FILE* const file = std::fopen((data() / "postmaster.pid").c_str(), "r");
    if (file == nullptr) return false;
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::fclose(file);
    return text.find(std::to_string(child_) + "\n") == 0 &&
           (text.find("\nready") != std::string::npos || text.find("\nstandby") != std::string::npos);
  }

  pid_t Launch(std::vector<std::string> words) const {
    const std::string program = Programs() + "/" + words[0];
    const std::string log = (dir_.path() / "log").string();
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    std::fflush(nullptr);  // else the child would print what waits, too
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("can't fork");
    if (child > 0) return child;
    if (user_ != 0 && (::setgid(group_) != 0 || ::setuid(user_) != 0)) ::_exit(126);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves none behind
    if (::freopen(log.c_str(), "a", stdout) == nullptr || ::freopen(log.c_str(), "a", stderr) == nullptr) ::_exit(125);
    if (::chdir("/") == 0) ::execv(program.c_str(), arguments.data());
    ::_exit(127);
  }

  const TemporaryDirectory dir_;
  uid_t user_ = 0;
  gid_t group_ = 0;
  pid_t child_ = 0;
};

}  // namespace winnow
