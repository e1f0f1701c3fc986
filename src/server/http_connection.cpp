#include "server/http_connection.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/read_size.hpp>

#include "base/log.h"
#include "server/api_error.h"
#include "server/await_ready.h"
#include "server/gzip.h"
#include "server/handle_request.h"
#include "server/openai_error.h"
#include "server/request_reader.h"
#include "server/response_head.h"
#include "server/response_stream.h"
#include "server/stream_sender.h"

namespace winnow {

namespace {

namespace beast = boost::beast;
using BoostError = boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<Executor>());
constexpr size_t kReadBytes = 64 << 10;  // maximum number of bytes of one read
/// Maximum size of the body of a refused request that is read and dropped, so that the connection can stay open.
constexpr size_t kMaxDroppedBodyBytes = 64 << 10;
/// Maximum number of bytes that are read and dropped before a connection is closed (Linger).
constexpr size_t kMaxDiscardedBytes = 32 << 20;
/// Time that a stopping server waits for the next bytes of a request that has arrived in part, and that a connection
/// beyond the limits has for its whole request.
constexpr std::chrono::seconds kHurry(2);
constexpr size_t kLongToPack = 32 << 10;  // size of a response whose compression takes about half a millisecond

class Connection : public HttpConnection, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerState> state, IoThread& thread, std::unique_ptr<ByteStream> stream,
             std::string address, std::optional<ConnectionLimitKind> beyond)
      : state_(std::move(state)),
        thread_(thread),
        stream_(std::move(stream)),
        address_(std::move(address)),
        beyond_(beyond),
        place_(state_->addresses->GroupOf(address_), [this] { CloseFromElsewhere(); }),
        watchdog_(thread.context.get_executor()) {
    buffer_.max_size(state_->options.max_header_bytes + (64 << 10));
    thread_.connections.insert(this);
  }
  ~Connection() override {
    state_->idle.Remove(place_);
    thread_.connections.erase(this);
    state_->addresses->Leave(address_);
    if (beyond_) --state_->reserved;
    --state_->connections;
  }

  bool CloseIfIdle() override {
    BoostError ignored;
    if (!idle_ || buffer_.size() > 0 || socket().available(ignored) > 0) return false;
    socket().cancel(ignored);
    return true;
  }

  void Finish() override {
    if (streaming_) streaming_->End();  // a stream does not end by itself
    if (!CloseIfIdle() && reading_) Hurry();
  }

  void Abandon() override {
    if (client_disconnected_) *client_disconnected_ = true;  // ends the computation of the request
    if (slot_) slot_->Put(ErrorResponse(503, "Unavailable", "the server is shutting down"));
  }

  Awaitable<void> Run() {
    request_deadline_ = Clock::now() + state_->options.read_timeout;
    Within(state_->options.read_timeout);
    reading_ = true;
    const BoostError error = co_await stream_->Handshake();
    reading_ = false;
    if (!error) {
      while (co_await ServeOne()) {
      }
    }
    watchdog_.cancel();
    BoostError ignored;
    socket().shutdown(StreamSocket::shutdown_both, ignored);
    socket().close(ignored);
  }

 private:
  StreamSocket& socket() { return stream_->socket(); }

  /// Sets the deadline of the step in progress; when it passes, the step is cancelled and `late_` becomes true. One
  /// timer serves all steps: it compares the deadline with the clock when it fires, so moving the deadline on costs
  /// nothing.
  void Within(Clock::duration time) {
    deadline_ = Clock::now() + time;
    if (deadline_ < alarm_) Watch();
  }

  /// Starts the timer again, for the deadline or for an hour from now, whichever is earlier.
  void Watch() {
    alarm_ = std::min(deadline_, Clock::now() + std::chrono::hours(1));
    watchdog_.expires_at(alarm_);  // cancels the former wait
    watchdog_.async_wait([self = shared_from_this()](const BoostError& error) {
      if (error) return;
      if (Clock::now() >= self->deadline_) {
        self->late_ = true;
        BoostError ignored;
        self->socket().cancel(ignored);
        self->deadline_ = Clock::now() + std::chrono::seconds(1);
      }
      self->Watch();
    });
  }

  /// Shortens the time for the request to kHurry.
  void Hurry() { Within(std::min<Clock::duration>(kHurry, request_deadline_ - Clock::now())); }

  /// Has the thread of the connection close it, if it is still idle then. Called by any thread.
  void CloseFromElsewhere() {
    asio::post(thread_.context, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->CloseIfIdle();
    });
  }

  Awaitable<bool> Read(RequestReader& reader, bool header_only) {
    reading_ = true;
    const bool read = co_await ReadSome(reader, header_only);
    reading_ = false;
    co_return read;
  }

  /// Reads until the reader has a header (`header_only`) or a whole request, or an error. Bytes of the next request
  /// stay in `buffer_`. Returns false if the connection broke, or was closed between two requests.
  Awaitable<bool> ReadSome(RequestReader& reader, bool header_only) {
    size_t received = 0;  // a read of the body may be as large as what has arrived: memory at most doubles by it
    while (!reader.error() && !(header_only ? reader.header_done() : reader.done())) {
      if (buffer_.size() > 0) {
        const asio::const_buffer bytes = buffer_.data();
        const size_t consumed = reader.Read({static_cast<const char*>(bytes.data()), bytes.size()});
        buffer_.consume(consumed);
        if (consumed > 0 || reader.error()) continue;
      }
      size_t room = beast::read_size(buffer_, kReadBytes);
      if (!header_only && buffer_.size() == 0) room = std::max(room, std::min(received, kReadBytes));
      if (room == 0) {  // a line of a chunked body that does not end
        reader.End();
        break;
      }
      if (state_->stopping) Hurry();
      size_t count = 0;
      const BoostError error = co_await stream_->ReadSome(buffer_.prepare(room), count);
      buffer_.commit(count);
      received += count;
      if (error && late_ && reader.begun()) co_return true;
      if (error == asio::error::eof && reader.begun()) {
        reader.End();
      } else if (error) {
        co_return false;
      }
    }
    co_return true;
  }

  /// Returns the error of a request that could not be read. Nothing if what was to be read is `complete`, even if it
  /// became complete after the deadline.
  std::optional<ApiError> ErrorOf(const RequestReader& reader, bool complete) const {
    if (complete) return std::nullopt;
    if (late_) return ApiError{.status = 408, .type = "Timeout", .message = "the request was not received in time"};
    return reader.error();
  }

  /// Reads a request and sends the response. Returns false if the connection is to be closed.
  Awaitable<bool> ServeOne() {
    RequestReader reader({state_->options.max_header_bytes, state_->options.max_body_bytes});
    late_ = false;
    const Clock::duration time =
        beyond_ ? std::min<Clock::duration>(kHurry, state_->options.read_timeout) : state_->options.read_timeout;
    request_deadline_ = Clock::now() + time;
    Within(time);
    idle_ = true;
    if (!beyond_) state_->idle.Add(place_);
    const bool has_header = co_await Read(reader, /*header_only=*/true);
    if (!beyond_) state_->idle.Remove(place_);
    idle_ = false;
    if (!has_header) co_return false;
    if (const std::optional<ApiError> error = ErrorOf(reader, reader.header_done())) {
      const std::shared_ptr<HttpRequest> refused = reader.refuses_body() ? reader.TakeHeader(address_) : nullptr;
      co_return co_await Refuse(*error, refused);
    }
    const std::shared_ptr<HttpRequest> request = reader.TakeHeader(address_);
    const bool version_1_0 = reader.is_version_1_0();
    std::optional<HttpResponse> refusal = state_->application->Admit(*request);
    if (!refusal && beyond_ && !request->route->unlimited) {
      state_->CountRefusal(*beyond_, address_);
      const ApiError error{.status = 503,
                           .type = "Unavailable",
                           .message = "there are as many connections as the server allows; try again later"};
      co_return co_await Refuse(error, request);
    }
    const bool last = beyond_ || !reader.keep_alive();
    if (refusal) {
      const bool stays = !last && !state_->stopping && co_await DropBody(reader);
      co_return co_await Send(*request, std::move(*refusal), version_1_0, stays);
    }
    if (!reader.done()) {
      if (reader.expects_continue()) {
        constexpr std::string_view kGoOn = "HTTP/1.1 100 Continue\r\n\r\n";
        const std::array<asio::const_buffer, 2> bytes = {asio::buffer(kGoOn)};
        if (const BoostError error = co_await stream_->Write(bytes); error) co_return false;
      }
      reader.ReadBody(state_->memory->ShareOf(request->caller));
      if (!co_await Read(reader, /*header_only=*/false)) co_return false;
      if (const std::optional<ApiError> error = ErrorOf(reader, reader.done())) {
        co_return co_await Refuse(*error, request);
      }
      reader.TakeBody(*request);
      buffer_.shrink_to_fit();
    }
    HttpResponse response = co_await Ask(request);
    // A client that does not read its responses occupies at most its share of the memory for responses.
    ByteBudget::Share memory = state_->response_memory->ShareOf(request->caller);
    if (!memory.Grow(response.body.size())) response = OutOfMemory().Response();
    co_return co_await Send(*request, std::move(response), version_1_0, !last && !state_->stopping);
  }

  /// Reads and drops the body of a request that is refused, if it is small. Returns false if the connection has to be
  /// closed instead.
  Awaitable<bool> DropBody(RequestReader& reader) {
    if (reader.done()) co_return true;
    const std::optional<uint64_t> bytes = reader.body_bytes();
    if (!bytes || *bytes > kMaxDroppedBodyBytes || reader.expects_continue()) co_return false;
    reader.DiscardBody();
    const bool read = co_await Read(reader, /*header_only=*/false);
    co_return read&& reader.done();
  }

  /// Sends a response. Returns false if the connection is to be closed.
  Awaitable<bool> Send(const HttpRequest& request, HttpResponse response, bool version_1_0, bool stays) {
    FitErrorForm(request.route, response);               // also errors that did not come from the application
    if (response.stream) stays = stays && !version_1_0;  // HTTP/1.0 ends a body of unknown size by closing
    const std::shared_ptr<ResponseStream> body = response.stream;
    const bool has_head = co_await Write(request, std::move(response), version_1_0, stays);
    const bool written = has_head && (!body || request.method == "HEAD" || co_await WriteStream(body, version_1_0));
    if (body) body->Close();
    if (written && !stays) co_await Linger();
    co_return written&& stays;
  }

  /// Has the request handled, and waits for the reply.
  Awaitable<HttpResponse> Ask(const std::shared_ptr<HttpRequest>& request) {
    const auto slot = std::make_shared<ReplySlot>();
    client_disconnected_ = std::make_shared<std::atomic<bool>>(false);
    request->client_disconnected = client_disconnected_;
    if (IsHandedOver(*request)) {
      const bool posted =
          state_->tasks->Post(request->caller, [state = state_, request, slot, complete = Clock::now()] {
            request->waited = Clock::now() - complete;
            HandleRequest(state->application, request, state->options.max_body_bytes, slot);
          });
      if (!posted) {
        HttpResponse response = OutOfMemory().Response();
        state_->application->Complete(*request, response);
        co_return response;
      }
    } else {
      request->defer = [executor = thread_.context.get_executor()](std::function<void()> what) {
        asio::post(executor, std::move(what));
      };
      HandleRequest(state_->application, request, state_->options.max_body_bytes, slot);
    }
    if (!slot->ready()) {
      slot_ = slot;
      deadline_ = Clock::time_point::max();
      NoticeClosing();
      co_await AwaitReady(slot, thread_.context.get_executor());
      slot_ = nullptr;
      BoostError ignored;
      if (watching_) socket().cancel(ignored);
    }
    co_return slot->Take();
  }

  /// Returns true if handling the request may take longer than a moment, in which other connections would wait.
  bool IsHandedOver(const HttpRequest& request) const {
    const size_t most = std::min(state_->options.handed_over_bytes,
                                 request.route == nullptr ? SIZE_MAX : request.route->handed_over_bytes);
    return request.body.size() >= most || !request.Header("content-encoding").empty();
  }

  /// Waits in the background until the client closes, and sets `client_disconnected_` then. Bytes of a next request end
  /// the wait: a client that closes after it has sent them is not noticed.
  void NoticeClosing() {
    watching_ = true;
    socket().async_wait(StreamSocket::wait_read,
                        [self = shared_from_this(), disconnected = client_disconnected_](const BoostError& error) {
                          self->watching_ = false;
                          if (error) return;
                          char byte = 0;
                          const auto got = ::recv(self->socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
                          if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR))) return;
                          *disconnected = true;
                          if (self->streaming_) self->streaming_->Close();
                        });
  }

  Awaitable<bool> Write(const HttpRequest& request, HttpResponse response, bool version_1_0, bool keep_alive) {
    if (IsWorthPacking(response) && AcceptsGzip(request.Header("accept-encoding"))) {
      if (response.body.size() < kLongToPack) {
        Pack(response);
      } else {
        co_await PackElsewhere(request.caller, response);
      }
    }
    Within(state_->options.write_timeout);
    const std::string head = HeaderBytes(response, request.id, version_1_0, keep_alive);
    const std::string_view body = request.method == "HEAD" ? std::string_view() : response.body;
    // Named, since this compiler has no arrays as temporaries of a co_await.
    const std::array<asio::const_buffer, 2> bytes = {asio::buffer(head), asio::buffer(body)};
    const BoostError error = co_await stream_->Write(bytes);
    co_return !error;
  }

  /// Sends the pieces of a body as they come. Returns false if the connection broke.
  Awaitable<bool> WriteStream(const std::shared_ptr<ResponseStream>& body, bool version_1_0) {
    streaming_ = body;
    if (state_->stopping) body->End();
    if (client_disconnected_) NoticeClosing();
    // Named, since this compiler moves temporaries of a co_await wrongly.
    const std::function<void(bool)> sending = [this](bool sends) {
      if (sends) {
        Within(state_->options.write_timeout);
      } else {
        deadline_ = Clock::time_point::max();
      }
    };
    const Executor executor = thread_.context.get_executor();
    const bool sent = co_await SendPieces(*stream_, body, !version_1_0, executor, sending);
    streaming_ = nullptr;
    BoostError ignored;
    if (watching_) socket().cancel(ignored);
    co_return sent;
  }

  /// Compresses a response on a thread of `tasks`, where clients take turns; leaves it as it is if there is no room.
  Awaitable<void> PackElsewhere(const std::string& caller, HttpResponse& response) {
    const auto shared = std::make_shared<HttpResponse>(std::move(response));
    const auto slot = std::make_shared<ReplySlot>();
    deadline_ = Clock::time_point::max();
    const bool posted = state_->tasks->Post(caller, [shared, slot] {
      try {
        Pack(*shared);
      } catch (const std::bad_alloc&) {  // it is sent as it is
      }
      slot->Put(std::move(*shared));
    });
    if (posted) co_await AwaitReady(slot, thread_.context.get_executor());
    response = posted ? slot->Take() : std::move(*shared);
  }

  /// Sends the error of a request that could not be read, and returns false: the connection is to be closed. `request`:
  /// what its header says; null if that could not be read either. Both must outlive the call.
  Awaitable<bool> Refuse(const ApiError& error, const std::shared_ptr<HttpRequest>& request) {
    if (state_->stopping) co_return false;
    late_ = false;
    HttpResponse response = error.Response();
    if (request) {
      state_->application->Complete(*request, response);
      co_return co_await Send(*request, std::move(response), /*version_1_0=*/false, /*stays=*/false);
    }
    HttpRequest unread;
    unread.id = NewRequestId();
    co_return co_await Send(unread, std::move(response), /*version_1_0=*/false, /*stays=*/false);
  }

  /// Reads and drops what the client still sends, for at most two seconds. Closing a connection with unread bytes
  /// resets it, and a reset can destroy the response before the client has read it.
  Awaitable<void> Linger() {
    BoostError ignored;
    Within(std::chrono::seconds(2));
    if (const BoostError error = co_await stream_->EndEncryption(); error) co_return;
    socket().shutdown(StreamSocket::shutdown_send, ignored);
    Within(std::chrono::seconds(2));
    size_t left = kMaxDiscardedBytes;
    while (left > 0 && !late_) {
      const auto [error, bytes] =
          co_await socket().async_read_some(asio::mutable_buffers_1(asio::buffer(thread_.dropped)), kAwait);
      if (error) co_return;
      left -= std::min(left, bytes);
    }
  }

  const std::shared_ptr<ServerState> state_;
  IoThread& thread_;
  const std::unique_ptr<ByteStream> stream_;
  const std::string address_;
  const std::optional<ConnectionLimitKind> beyond_;  // the limit that the connection is beyond
  IdleConnections::Entry place_;
  beast::flat_buffer buffer_;
  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> watchdog_;
  Clock::time_point deadline_ = Clock::time_point::max();
  Clock::time_point request_deadline_ = Clock::time_point::max();  // by which the request that is read must be complete
  Clock::time_point alarm_ = Clock::time_point::max();             // when the timer fires
  bool late_ = false;                          // the deadline passed, and the step in progress was cancelled
  bool idle_ = false;                          // the connection waits for a request
  bool reading_ = false;                       // a handshake or a request is read, or waited for
  bool watching_ = false;                      // NoticeClosing waits
  std::shared_ptr<ReplySlot> slot_;            // of the request that is being handled
  std::shared_ptr<ResponseStream> streaming_;  // the body that is being sent
  std::shared_ptr<std::atomic<bool>> client_disconnected_;  // of the last request
};

}  // namespace

void ServerState::CountRefusal(ConnectionLimitKind limit, std::string_view address) {
  const size_t most =
      limit == ConnectionLimitKind::kTotal ? options.max_connections : options.max_connections_per_address;
  if (const auto message = refusals.Refused(limit, address, most)) LogWarning("{}", *message);
}

void ServeConnection(const std::shared_ptr<ServerState>& state, IoThread& thread, Accepted accepted) {
  auto stream = accepted.tls ? TlsByteStream(std::move(accepted.socket), state->tls->context())
                             : PlainByteStream(std::move(accepted.socket));
  const auto connection =
      std::make_shared<Connection>(state, thread, std::move(stream), std::move(accepted.address), accepted.beyond);
  asio::co_spawn(
      thread.context.get_executor(), [connection] { return connection->Run(); },
      [connection](const std::exception_ptr& failed) {
        try {
          if (failed) std::rethrow_exception(failed);
        } catch (const std::exception& e) {
          LogError("error on a connection: {}", e.what());
        }
      });
}

}  // namespace winnow
