// The only file that calls libmilter (https://www.postfix.org/MILTER_README.html; the functions are documented in
// libmilter-doc). libmilter has one global state per process: the callbacks below reach the milter through `running`,
// which is set once and never destroyed, since libmilter's threads end with the process.
//
// Signals. smfi_main blocks SIGTERM, SIGINT and SIGHUP in its thread and has a thread wait for them with sigwait. When
// a signal arrives there, smfi_main returns, but only after its listening thread has looked up from its socket, which
// it does every five seconds; smfi_stop waits for that too. Therefore smfi_main runs on a second thread, and the first
// thread of the process waits for the signals as well: Linux gives a signal of the process to its first thread if that
// thread takes it. Whichever thread gets it, the milter ends.
#include "milter/milter.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <libmilter/mfapi.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/log.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

struct RunningMilter {
  explicit RunningMilter(const MilterOptions& options) : max_bytes(options.max_bytes), checker(options.checker) {}

  const size_t max_bytes;
  MailChecker checker;
  std::atomic<int> checks = 0;       // in progress
  std::atomic<bool> ending = false;  // whether a signal has asked for the end
  std::atomic<bool> failed = false;  // whether smfi_main returned an error before
};

RunningMilter* running = nullptr;

/// One connection of a mail server, and the message on its way through it.
struct Connection {
  bool leading_space = false;  // values of headers have the space that follows the colon
  MailDelivery delivery;
  std::optional<MailCollector> mail;
};

Connection* ConnectionOf(SMFICTX* context) {
  auto* connection = static_cast<Connection*>(smfi_getpriv(context));
  if (connection != nullptr) return connection;
  auto made = std::make_unique<Connection>();
  if (smfi_setpriv(context, made.get()) != MI_SUCCESS) throw std::bad_alloc();
  return made.release();
}

std::string Macro(SMFICTX* context, const char* name) {
  const char* const value = smfi_getsymval(context, const_cast<char*>(name));
  return value == nullptr ? "" : value;
}

/// An address of SMTP without its angle brackets.
std::string AddressOf(const char* argument) {
  std::string_view address = argument == nullptr ? "" : argument;
  if (address.starts_with('<') && address.ends_with('>')) address = address.substr(1, address.size() - 2);
  return std::string(address);
}

std::string NumericAddress(const _SOCK_ADDR* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address == nullptr) return "";
  if (address->sa_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof(text));
  } else if (address->sa_family == AF_INET6) {
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, text, sizeof(text));
  }
  return text;
}

sfsistat StatusOf(const MilterAnswer& answer, SMFICTX* context) {
  switch (answer.disposition) {
    case MilterAnswer::Disposition::kReject:
      smfi_setreply(context, const_cast<char*>("550"), const_cast<char*>("5.7.1"),
                    const_cast<char*>("This message was classified as spam"));
      return SMFIS_REJECT;
    case MilterAnswer::Disposition::kTempFail:
      smfi_setreply(context, const_cast<char*>("451"), const_cast<char*>("4.7.1"),
                    const_cast<char*>("The spam filter is not available; try again later"));
      return SMFIS_TEMPFAIL;
    default:
      return SMFIS_CONTINUE;
  }
}

/// Calls a callback's body, which libmilter's C code must not be left by an exception of.
template <typename Body>
sfsistat Guarded(SMFICTX* context, const Body& body) {
  try {
    return body();
  } catch (const std::exception& error) {
    return StatusOf(
        running->checker.Fail(MailCheckFailure::kServerError, fmt::format("the milter failed: {}", error.what())),
        context);
  }
}

sfsistat OnNegotiate(SMFICTX* context, unsigned long actions, unsigned long steps, unsigned long, unsigned long,
                     unsigned long* wanted_actions, unsigned long* wanted_steps, unsigned long* rest,
                     unsigned long* more) {
  constexpr unsigned long kNeeded = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE;
  return Guarded(context, [&]() -> sfsistat {
    *rest = *more = 0;
    *wanted_actions = kNeeded & actions;
    *wanted_steps = steps & (SMFIP_HDR_LEADSPC | SMFIP_NOUNKNOWN | SMFIP_NODATA);
    if (*wanted_actions != kNeeded) {
      running->checker.Fail(MailCheckFailure::kOtherResponse,
                            "the mail server does not let a milter change headers and quarantine");
      return SMFIS_REJECT;
    }
    ConnectionOf(context)->leading_space = (*wanted_steps & SMFIP_HDR_LEADSPC) != 0;
    return SMFIS_CONTINUE;
  });
}

sfsistat OnConnect(SMFICTX* context, char* host, _SOCK_ADDR* address) {
  return Guarded(context, [&]() -> sfsistat {
    MailDelivery& delivery = ConnectionOf(context)->delivery;
    delivery.client_name = host == nullptr ? "" : host;
    delivery.client_address = NumericAddress(address);
    return SMFIS_CONTINUE;
  });
}

sfsistat OnHelo(SMFICTX* context, char* name) {
  return Guarded(context, [&]() -> sfsistat {
    ConnectionOf(context)->delivery.helo = name == nullptr ? "" : name;
    return SMFIS_CONTINUE;
  });
}

sfsistat OnSender(SMFICTX* context, char** arguments) {
  return Guarded(context, [&]() -> sfsistat {
    Connection& connection = *ConnectionOf(context);
    connection.mail.emplace(running->max_bytes);
    connection.delivery.recipients.clear();
    connection.delivery.sender = AddressOf(arguments[0]);
    connection.delivery.user = Macro(context, "{auth_authen}");
    return SMFIS_CONTINUE;
  });
}

sfsistat OnRecipient(SMFICTX* context, char** arguments) {
  return Guarded(context, [&]() -> sfsistat {
    ConnectionOf(context)->delivery.recipients.push_back(AddressOf(arguments[0]));
    return SMFIS_CONTINUE;
  });
}

sfsistat OnHeader(SMFICTX* context, char* name, char* value) {
  return Guarded(context, [&]() -> sfsistat {
    Connection& connection = *ConnectionOf(context);
    if (!connection.mail) connection.mail.emplace(running->max_bytes);
    const std::string_view text = value == nullptr ? "" : value;
    if (connection.leading_space || text.empty()) {
      connection.mail->AddHeader(name, text);
    } else {
      connection.mail->AddHeader(name, " " + std::string(text));
    }
    return SMFIS_CONTINUE;
  });
}

sfsistat OnEndOfHeaders(SMFICTX* context) {
  return Guarded(context, [&]() -> sfsistat {
    Connection& connection = *ConnectionOf(context);
    if (!connection.mail) connection.mail.emplace(running->max_bytes);
    connection.mail->EndHeaders();
    return SMFIS_CONTINUE;
  });
}

sfsistat OnBody(SMFICTX* context, unsigned char* bytes, size_t size) {
  return Guarded(context, [&]() -> sfsistat {
    Connection& connection = *ConnectionOf(context);
    if (connection.mail) connection.mail->AddBody({reinterpret_cast<const char*>(bytes), size});
    return SMFIS_CONTINUE;
  });
}

/// Replaces the headers of the message that have the names of ours. Returns false if the mail server refuses.
bool ReplaceHeaders(SMFICTX* context, const Connection& connection, const MilterAnswer& answer) {
  for (size_t i = 0; i < kMilterHeaders.size(); ++i) {
    // From the last to the first, so that no number changes whether or not the mail server counts deleted headers.
    for (int number = connection.mail->SpamHeaders(i); number > 0; --number) {
      if (smfi_chgheader(context, const_cast<char*>(kMilterHeaders[i]), number, nullptr) != MI_SUCCESS) return false;
    }
  }
  for (const auto& [name, value] : answer.headers) {
    std::string text = connection.leading_space ? " " + value : value;
    if (smfi_addheader(context, const_cast<char*>(name.c_str()), text.data()) != MI_SUCCESS) return false;
  }
  return true;
}

sfsistat OnEndOfMessage(SMFICTX* context) {
  ++running->checks;
  const sfsistat status = Guarded(context, [&]() -> sfsistat {
    Connection& connection = *ConnectionOf(context);
    if (!connection.mail) connection.mail.emplace(running->max_bytes);
    connection.delivery.queue_id = Macro(context, "i");
    MilterAnswer answer = running->checker.Check(*connection.mail, connection.delivery);
    const bool kept = answer.disposition == MilterAnswer::Disposition::kDeliver ||
                      answer.disposition == MilterAnswer::Disposition::kQuarantine;
    if (kept && !ReplaceHeaders(context, connection, answer)) {
      answer =
          running->checker.Fail(MailCheckFailure::kNoResponse, "the mail server did not accept changes of headers");
    }
    if (answer.disposition == MilterAnswer::Disposition::kQuarantine &&
        smfi_quarantine(context, const_cast<char*>("classified as spam")) != MI_SUCCESS) {
      answer = running->checker.Fail(MailCheckFailure::kNoResponse, "the mail server did not accept a quarantine");
    }
    connection.mail.reset();
    return StatusOf(answer, context);
  });
  --running->checks;
  return status;
}

sfsistat OnAbort(SMFICTX* context) {
  return Guarded(context, [&]() -> sfsistat {
    ConnectionOf(context)->mail.reset();
    return SMFIS_CONTINUE;
  });
}

sfsistat OnClose(SMFICTX* context) {
  delete static_cast<Connection*>(smfi_getpriv(context));
  smfi_setpriv(context, nullptr);
  return SMFIS_CONTINUE;
}

smfiDesc Description() {
  smfiDesc description = {};
  static char name[] = "winnow";
  description.xxfi_name = name;
  description.xxfi_version = SMFI_VERSION;
  description.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_QUARANTINE;
  description.xxfi_connect = OnConnect;
  description.xxfi_helo = OnHelo;
  description.xxfi_envfrom = OnSender;
  description.xxfi_envrcpt = OnRecipient;
  description.xxfi_header = OnHeader;
  description.xxfi_eoh = OnEndOfHeaders;
  description.xxfi_body = OnBody;
  description.xxfi_eom = OnEndOfMessage;
  description.xxfi_abort = OnAbort;
  description.xxfi_close = OnClose;
  description.xxfi_negotiate = OnNegotiate;
  return description;
}

/// The path of a Unix socket; empty for other addresses.
std::string SocketPath(std::string_view address) {
  const bool unix_socket = address.starts_with("unix:") || address.starts_with("local:");
  return unix_socket ? std::string(address.substr(address.find(':') + 1)) : "";
}

/// The file of the Unix socket that this process has made, if there is one. A process that listens at the path since
/// then has put its own in the place.
class SocketFile {
 public:
  explicit SocketFile(std::string path) : path_(std::move(path)) {
    made_ = !path_.empty() && ::lstat(path_.c_str(), &status_) == 0;
  }
  void Remove() const {
    struct stat now = {};
    if (!made_ || ::lstat(path_.c_str(), &now) != 0) return;
    if (now.st_dev == status_.st_dev && now.st_ino == status_.st_ino) ::unlink(path_.c_str());
  }

 private:
  const std::string path_;
  struct stat status_ = {};
  bool made_ = false;
};

/// Runs smfi_main on a thread, and wakes `first`, the first thread of the process, when it returns.
void StartLibmilter(pthread_t first) {
  std::thread([first] {
    // Until the first thread waits for signals: one that arrives before libmilter's thread does is then the first
    // thread's.
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    // An smfi_main that begins after smfi_stop, which has closed the socket, opens it again, and fails if it cannot.
    if (running->ending) return;
    running->failed = smfi_main() != MI_SUCCESS && !running->ending;
    ::pthread_kill(first, SIGTERM);
  }).detach();
}

}  // namespace

Result<void> RunMilter(const MilterOptions& options, const std::function<void()>& listening) {
  running = new RunningMilter(options);  // NOLINT: see above
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::string address = options.listen;
  errno = 0;
  if (smfi_setconn(address.data()) != MI_SUCCESS || smfi_register(Description()) != MI_SUCCESS ||
      smfi_opensocket(/*rmsocket=*/true) != MI_SUCCESS) {
    return Fail(ErrorCode::kIo,
                fmt::format("cannot listen at {}: {}", options.listen,
                            errno == 0 ? "the address cannot be used" : std::strerror(errno)),
                "check that no other process listens there, and that this user may create the socket");
  }
  const SocketFile socket(SocketPath(options.listen));
  listening();
  StartLibmilter(::pthread_self());
  int signal = 0;
  ::sigwait(&signals, &signal);
  running->ending = true;
  std::thread([] { smfi_stop(); }).detach();  // takes up to five seconds: see above
  LogInfo("shutting down: finishing the checks in progress");
  const Clock::time_point deadline = Clock::now() + options.checker.check.timeout + std::chrono::seconds(1);
  while (running->checks > 0 && Clock::now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // libmilter sends the last answers
  socket.Remove();
  if (running->failed) return Fail(ErrorCode::kIo, "libmilter failed", "its log lines are in syslog");
  return {};
}

}  // namespace winnow
