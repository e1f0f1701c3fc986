#include "server/http_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <optional>

#include "base/log.h"
#include "base/threads.h"
#include "server/accept_failures.h"
#include "server/address.h"
#include "server/http_connection.h"

namespace winnow {
namespace {

using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol, Executor>;
using BoostError = boost::system::error_code;

/// Connections beyond the limits, for those who watch the server: were they turned away, an orchestrator would kill a
/// server for having many clients.
constexpr size_t kReservedConnections = 16;

struct Listener {
  Acceptor acceptor;
  bool tls = false;
};

/// "127.0.0.1", "::1", "unix".
std::string AddressOf(const sockaddr* address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address->sa_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, text, sizeof(text));
    return text;
  }
  if (address->sa_family == AF_INET6) {
    const in6_addr& ip = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&ip)) {
      inet_ntop(AF_INET, ip.s6_addr + 12, text, sizeof(text));
    } else {
      inet_ntop(AF_INET6, &ip, text, sizeof(text));
    }
    return text;
  }
  return "unix";
}

/// What to try when the server cannot listen at --host and --port.
std::string TcpHint(const BoostError& error) {
  if (error == asio::error::address_in_use) return "another program uses this port; specify another --port";
  if (error == asio::error::access_denied) {
    return "ports below 1024 require root or CAP_NET_BIND_SERVICE; specify a --port of 1024 or above";
  }
  return "check --host: it must be a name or an address of this machine";
}

/// What to try when the server cannot listen at --unix-socket.
std::string UnixHint(const BoostError& /*error*/) {
  return "check --unix-socket: its directory must exist, and this user must be allowed to write to it";
}

Error ListenError(const std::string& where, const std::string& why, std::string hint) {
  return {ErrorCode::kIo, fmt::format("{}: cannot listen: {}", where, why), std::move(hint)};
}

/// A socket that listens at `endpoint`.
template <class Protocol>
Result<Acceptor> Listen(asio::io_context& context, const typename Protocol::endpoint& endpoint,
                        const std::string& where, std::string (*hint)(const BoostError&)) {
  BoostError error;
  typename Protocol::acceptor acceptor(context);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return std::unexpected(ListenError(where, error.message(), hint(error)));
  Acceptor generic(context.get_executor());
  const auto protocol = endpoint.protocol();
  generic.assign(asio::generic::stream_protocol(protocol.family(), protocol.protocol()), acceptor.release(), error);
  if (error) return std::unexpected(ListenError(where, error.message(), hint(error)));
  return generic;
}

Result<Acceptor> ListenTcp(asio::io_context& context, const std::string& host, uint16_t port) {
  const std::string in_url = HostInUrl(host);
  const std::string where = fmt::format("{}:{}", in_url, port);
  BoostError error;
  asio::ip::tcp::resolver resolver(context);
  const std::string name = in_url.starts_with('[') ? in_url.substr(1, in_url.size() - 2) : host;
  const auto found = resolver.resolve(name, std::to_string(port), asio::ip::resolver_base::passive, error);
  if (error || found.empty()) return std::unexpected(ListenError(where, error.message(), TcpHint(error)));
  return Listen<asio::ip::tcp>(context, found.begin()->endpoint(), where, TcpHint);
}

/// Whether a running server answers at the socket.
bool HasListener(asio::io_context& context, const std::filesystem::path& path) {
  asio::local::stream_protocol::socket socket(context);
  BoostError error;
  socket.connect(asio::local::stream_protocol::endpoint(path.string()), error);
  return !error;
}

Result<Acceptor> ListenUnix(asio::io_context& context, const std::filesystem::path& path) {
  if (path.native().size() >= sizeof(sockaddr_un::sun_path)) {
    return Fail(ErrorCode::kInvalidArgument, path.string() + ": too long for the path of a Unix domain socket");
  }
  struct stat status = {};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) {
      return std::unexpected(
          ListenError(path.string(), "the path exists and is not a socket", "specify another path with --unix-socket"));
    }
    if (HasListener(context, path)) {
      return Fail(ErrorCode::kExists, path.string() + ": another server listens on this Unix domain socket",
                  "stop that server, or specify another path with --unix-socket");
    }
    ::unlink(path.c_str());  // of a server that was killed
  }
  return Listen<asio::local::stream_protocol>(context, asio::local::stream_protocol::endpoint(path.string()),
                                              path.string(), UnixHint);
}

/// Adopts a listening socket that another program has opened.
Result<Acceptor> Adopt(asio::io_context& context, int socket) {
  sockaddr_storage address = {};
  socklen_t length = sizeof(address);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return Fail(ErrorCode::kIo, fmt::format("file descriptor {} is not a listening socket", socket));
  }
  BoostError error;
  Acceptor acceptor(context.get_executor());
  acceptor.assign(asio::generic::stream_protocol(address.ss_family, 0), socket, error);
  if (error) return Fail(ErrorCode::kIo, fmt::format("file descriptor {}: {}", socket, error.message()));
  return acceptor;
}

/// Keeps a socket from the programs that the server starts, which Boost.Asio does not: a job that outlives a killed
/// server would keep its port and its connections.
template <class Socket>
void CloseInPrograms(Socket& socket) {
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

uint16_t PortOf(const Acceptor& acceptor) {
  sockaddr_storage address = {};
  socklen_t length = sizeof(address);
  ::getsockname(const_cast<Acceptor&>(acceptor).native_handle(), reinterpret_cast<sockaddr*>(&address), &length);
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  if (address.ss_family == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  return 0;
}

/// Runs what the thread's connections have to do. An exception that nobody has caught, which is memory that ran out,
/// costs the connection that it came from and not the server.
void RunConnections(asio::io_context& context) {
  NameThread("winnow-http");
  SetThreadUrgency(ThreadUrgency::kPrompt);
  const auto work = asio::make_work_guard(context);
  for (;;) {
    try {
      context.run();
      return;
    } catch (const std::exception& e) {
      LogError("error on a connection: {}", e.what());
    }
  }
}

}  // namespace

struct HttpServer::Parts {
  std::shared_ptr<ServerState> state = std::make_shared<ServerState>();
  std::vector<std::unique_ptr<IoThread>> threads;
  std::vector<std::unique_ptr<Listener>> listeners;  // on the first thread
  size_t next_thread = 0;
  uint16_t port = 0;
  bool stopped = false;
  AcceptFailures accept_failures;  // only on the first thread

  /// Takes the connection to a thread, or closes it when there are too many.
  void Admit(StreamSocket socket, IoThread& thread, bool tls) {
    CloseInPrograms(socket);
    BoostError error;
    const auto remote = socket.remote_endpoint(error);
    if (error) return;  // it has gone already
    std::string address = AddressOf(reinterpret_cast<const sockaddr*>(remote.data()));
    if (address == "unix") {
      tls = false;
    } else {
      socket.set_option(asio::ip::tcp::no_delay(true), error);
    }
    const std::optional<Room> room = RoomFor(address);
    if (!room) return;
    ++state->connections;
    if (room->beyond) ++state->reserved;
    const auto accepted =
        std::make_shared<Accepted>(Accepted{std::move(socket), tls, std::move(address), room->beyond});
    asio::post(thread.context,
               [state = state, &thread, accepted] { ServeConnection(state, thread, std::move(*accepted)); });
  }

  struct Room {
    std::optional<ConnectionLimitKind> beyond;  // this limit
  };

  /// Counts a new connection of the address, for which an idle one is closed if a limit has been reached. Nothing:
  /// there is no room, not even beyond the limit.
  std::optional<Room> RoomFor(const std::string& address) {
    const HttpServerOptions& options = state->options;
    std::optional<ConnectionLimitKind> full;
    if (state->connections >= options.max_connections) {
      full = ConnectionLimitKind::kTotal;
      if (state->idle.CloseOldest()) {
        state->refusals.MadeRoom(*full);
        full.reset();
      }
    }
    if (!full && !state->addresses->Enter(address)) {
      full = ConnectionLimitKind::kAddress;
      if (state->idle.CloseOldest(state->addresses->GroupOf(address))) {
        state->refusals.MadeRoom(*full);
        full.reset();
        state->addresses->Enter(address, /*beyond=*/true);
      }
    }
    if (full && state->reserved >= kReservedConnections) {
      state->CountRefusal(*full, address);
      return std::nullopt;
    }
    if (full) state->addresses->Enter(address, /*beyond=*/true);
    return Room{full};
  }

  Awaitable<void> Accept(Listener& listener) {
    for (;;) {
      IoThread& thread = *threads[next_thread++ % threads.size()];
      auto [error, socket] =
          co_await listener.acceptor.async_accept(thread.context, asio::as_tuple(asio::use_awaitable_t<Executor>()));
      if (!listener.acceptor.is_open() || error == asio::error::operation_aborted) co_return;
      if (error) {  // no file descriptors are left, most likely; those that close give some back
        if (const auto message = accept_failures.Failed(error.message())) LogWarning("{}", *message);
        asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>
            timer(threads.front()->context.get_executor(), std::chrono::milliseconds(50));
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable_t<Executor>()));
        continue;
      }
      if (const auto message = accept_failures.Accepted()) LogInfo("{}", *message);
      Admit(std::move(socket), thread, listener.tls);
    }
  }

  /// Accepts the connections that wait already, then closes the socket, so that later ones are refused.
  void CloseListener(Listener& listener) {
    BoostError error;
    listener.acceptor.non_blocking(true, error);
    while (!error) {
      IoThread& thread = *threads[next_thread++ % threads.size()];
      StreamSocket socket(thread.context.get_executor());
      listener.acceptor.accept(socket, error);
      if (!error) Admit(std::move(socket), thread, listener.tls);
    }
    listener.acceptor.close(error);
  }

  /// Runs `what` for each open connection, on its thread, and waits.
  void ForEachConnection(void (HttpConnection::*what)()) {
    for (const auto& thread : threads) {
      std::promise<void> done;
      asio::post(thread->context, [&thread = *thread, &done, what] {
        const std::vector<HttpConnection*> now(thread.connections.begin(), thread.connections.end());
        for (HttpConnection* const connection : now) {
          if (thread.connections.contains(connection)) (connection->*what)();
        }
        done.set_value();
      });
      done.get_future().wait();
    }
  }

  bool WaitForConnections(std::chrono::milliseconds patience) const {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (state->connections > 0) {
      if (std::chrono::steady_clock::now() >= until) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }
};

std::string ListeningHost(const HttpServerOptions& options) {
  std::string host = options.sockets.empty() ? options.host : "unix";
  for (const int socket : options.sockets) {
    sockaddr_storage address = {};
    socklen_t length = sizeof(address);
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) continue;
    std::string text = AddressOf(reinterpret_cast<const sockaddr*>(&address));
    if (!IsLoopback(text)) return text;
    if (host == "unix") host = std::move(text);
  }
  return host;
}

bool ListensPublicly(const HttpServerOptions& options) {
  const std::string host = ListeningHost(options);
  return !host.empty() && !IsLoopback(host);
}

std::string HostInUrl(const std::string& host) {
  return host.find(':') == std::string::npos || host.starts_with('[') ? host : "[" + host + "]";
}

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() {
  if (parts_) Stop();
}

Result<HttpServer> HttpServer::Start(std::shared_ptr<HttpApplication> application, const HttpServerOptions& options) {
  auto parts = std::make_unique<Parts>();
  ServerState& state = *parts->state;
  state.application = std::move(application);
  constexpr uint64_t kBodiesAtLeast = 8;
  state.memory =
      std::make_shared<ByteBudget>(std::max(options.max_memory_bytes, kBodiesAtLeast * options.max_body_bytes));
  state.options = options;
  state.response_memory = std::make_shared<ByteBudget>(options.max_response_memory_bytes);
  state.tasks = options.tasks ? options.tasks : std::make_shared<ClientTasks>(/*threads=*/2);
  state.addresses.emplace(options.max_connections_per_address, options.proxies);
  const bool tls = !options.tls.certificate.empty();
  if (tls) TRY(state.tls.emplace(options.tls).Load());
  const int threads = options.threads > 0 ? options.threads : AvailableCores();
  for (int i = 0; i < threads; ++i) parts->threads.push_back(std::make_unique<IoThread>());

  asio::io_context& first = parts->threads.front()->context;
  const auto add = [&](Acceptor acceptor) {
    CloseInPrograms(acceptor);
    if (parts->port == 0) parts->port = PortOf(acceptor);
    parts->listeners.push_back(std::make_unique<Listener>(std::move(acceptor), tls));
  };
  for (const int socket : options.sockets) add(TRY(Adopt(first, socket)));
  if (options.sockets.empty() && !options.host.empty()) add(TRY(ListenTcp(first, options.host, options.port)));
  if (!options.unix_socket.empty()) add(TRY(ListenUnix(first, options.unix_socket)));

  for (const auto& listener : parts->listeners) {
    asio::co_spawn(
        first.get_executor(), [parts = parts.get(), &listener = *listener] { return parts->Accept(listener); },
        asio::detached);
  }
  for (const auto& thread : parts->threads) {
    thread->thread = std::thread([&context = thread->context] { RunConnections(context); });
  }
  return HttpServer(std::move(parts));
}

Result<void> HttpServer::ReloadCertificate() {
  return parts_->state->tls ? parts_->state->tls->Load() : Result<void>();
}

int64_t HttpServer::certificate_expiry() const { return parts_->state->tls ? parts_->state->tls->expiry() : 0; }

uint16_t HttpServer::port() const { return parts_->port; }
size_t HttpServer::connections() const { return parts_->state->connections; }
const ConnectionRefusals& HttpServer::refusals() const { return parts_->state->refusals; }
size_t HttpServer::memory_bytes() const { return parts_->state->memory->taken(); }

void HttpServer::Stop(std::chrono::milliseconds patience) {
  if (parts_->stopped) return;
  parts_->stopped = true;
  // Before its socket is closed: then another server may make one of this name, which would go.
  if (const auto& path = parts_->state->options.unix_socket; !path.empty()) ::unlink(path.c_str());
  std::promise<void> closed;
  asio::post(parts_->threads.front()->context, [this, &closed] {
    for (const auto& listener : parts_->listeners) parts_->CloseListener(*listener);
    closed.set_value();
  });
  closed.get_future().wait();
  parts_->state->stopping = true;
  parts_->ForEachConnection(&HttpConnection::Finish);
  if (!parts_->WaitForConnections(patience)) {
    parts_->ForEachConnection(&HttpConnection::Abandon);
    parts_->WaitForConnections(std::chrono::milliseconds(1000));
  }
  parts_->state->tasks->Finish();
  for (const auto& thread : parts_->threads) thread->context.stop();
  for (const auto& thread : parts_->threads) thread->thread.join();
  parts_->listeners.clear();  // before the first thread's context, which they belong to
  parts_->threads.clear();
}

}  // namespace winnow
