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
#include "server/header_values.h"
#include "server/openai_error.h"
#include "server/request_reader.h"
#include "server/response_head.h"
#include "server/response_stream.h"
#include "server/stream_sender.h"

namespace winnow {

namespace {

namespace beast = boost::beast;
using ErrorCodeOf = boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<Executor>());
constexpr size_t kReadBytes = 64 << 10;  // at most, by one read
/// A body of this size is read and dropped where its request is refused, so that the connection can stay open.
constexpr size_t kMaxDroppedBodyBytes = 64 << 10;
constexpr size_t kMaxDiscardedBytes = 32 << 20;
/// A server that stops waits so long for the next bytes of a request that has arrived in part; a reserved connection has
/// so long for all of its request.
constexpr std::chrono::seconds kHurry(2);
constexpr size_t kLongToPack = 32 << 10;  // bytes, which are compressed in about half a millisecond

/// Puts the response that `make` returns; if there is no memory for it, one that needs none.
template <class Make>
void PutOrFail(ReplySlot& slot, const Make& make) noexcept {
  try {
    slot.Put(make());
  } catch (const std::bad_alloc&) {
    slot.Put(HttpResponse{.status = 503, .body = {}, .content_type = "text/plain", .headers = {}});
  }
}

/// Replies 500 where nobody did.
class Replier {
 public:
  explicit Replier(std::shared_ptr<ReplySlot> slot) : slot_(std::move(slot)) {}
  Replier(const Replier&) = delete;
  Replier& operator=(const Replier&) = delete;
  ~Replier() {
    if (slot_->ready()) return;
    PutOrFail(*slot_, [] { return ErrorResponse(500, "Internal", "the server produced no response"); });
  }
  void operator()(HttpResponse response) const { slot_->Put(std::move(response)); }

 private:
  std::shared_ptr<ReplySlot> slot_;
};

/// Unpacks the body where it is packed, and has the request handled.
void Handle(const std::shared_ptr<ServerState>& state, const std::shared_ptr<HttpRequest>& request,
            const std::shared_ptr<ReplySlot>& slot) {
  const auto replier = std::make_shared<const Replier>(slot);
  try {
    if (const std::string_view encoding = request->Header("content-encoding");
        !encoding.empty() && encoding != "identity") {
      if (!EqualsIgnoringCase(encoding, "gzip")) {
        return (*replier)(ErrorResponse(415, "Validation", "Content-Encoding: only gzip is supported"));
      }
      auto unpacked = Gunzip(request->body, state->options.max_body_bytes);
      if (!unpacked && unpacked.error().code == ErrorCode::kUnsupported) {
        return (*replier)(ErrorResponse(
            413, "TooLarge", "the decompressed request body exceeds the size limit of the server (--max-body-mb)"));
      }
      if (!unpacked) return (*replier)(ErrorResponse(400, "Validation", "the body is not a complete gzip stream"));
      if (unpacked->size() > request->body.size() && !request->memory.Grow(unpacked->size() - request->body.size())) {
        return (*replier)(OutOfMemory().Response());
      }
      request->body = std::move(*unpacked);
    }
    state->application->Handle(request, [replier](HttpResponse response) { (*replier)(std::move(response)); });
  } catch (const std::bad_alloc&) {
    PutOrFail(*slot, [] { return OutOfMemory().Response(); });
  } catch (const std::exception& e) {
    LogError("request {}: {}", request->id, e.what());
    (*replier)(ErrorResponse(500, "Internal", "internal error; see the server's log under the ID of this request"));
  }
}

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
    ErrorCodeOf ignored;
    if (!idle_ || buffer_.size() > 0 || socket().available(ignored) > 0) return false;
    socket().cancel(ignored);
    return true;
  }

  void Finish() override {
    if (streaming_) streaming_->End();  // which has no end of its own
    if (!CloseIfIdle() && reading_) Hurry();
  }

  void Abandon() override {
    if (client_disconnected_) *client_disconnected_ = true;  // what is not computed yet needs no computing
    if (slot_) slot_->Put(ErrorResponse(503, "Unavailable", "the server is shutting down"));
  }

  Awaitable<void> Run() {
    request_deadline_ = Clock::now() + state_->options.read_timeout;
    Within(state_->options.read_timeout);
    reading_ = true;
    const ErrorCodeOf error = co_await stream_->Handshake();
    reading_ = false;
    if (!error) {
      while (co_await ServeOne()) {
      }
    }
    watchdog_.cancel();
    ErrorCodeOf ignored;
    socket().shutdown(StreamSocket::shutdown_both, ignored);
    socket().close(ignored);
  }

 private:
  StreamSocket& socket() { return stream_->socket(); }

  /// What is under way may take so long. There is one timer, which looks at the deadline when it fires; a deadline
  /// that is moved on, as each step of a request does it, costs nothing.
  void Within(Clock::duration time) {
    deadline_ = Clock::now() + time;
    if (deadline_ < alarm_) Watch();
  }

  void Watch() {
    alarm_ = std::min(deadline_, Clock::now() + std::chrono::hours(1));
    watchdog_.expires_at(alarm_);  // takes back the wait before
    watchdog_.async_wait([self = shared_from_this()](const ErrorCodeOf& error) {
      if (error) return;
      if (Clock::now() >= self->deadline_) {
        self->late_ = true;
        ErrorCodeOf ignored;
        self->socket().cancel(ignored);
        self->deadline_ = Clock::now() + std::chrono::seconds(1);
      }
      self->Watch();
    });
  }

  /// Has the time for the request end soon, if it does not end before.
  void Hurry() { Within(std::min<Clock::duration>(kHurry, request_deadline_ - Clock::now())); }

  /// Closes the connection if it is idle still when its thread comes to it.
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

  /// Reads until the reader has a header (`header_only`) or a whole request, or an error. Bytes behind it stay in
  /// `buffer_`. False: the connection broke, or was closed between two requests.
  Awaitable<bool> ReadSome(RequestReader& reader, bool header_only) {
    size_t received = 0;  // so much memory the body has already, so a read of it may take as much
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
      const ErrorCodeOf error = co_await stream_->ReadSome(buffer_.prepare(room), count);
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

  /// What the client is told of a request that could not be read; nothing if what was to be read is `complete`, even if
  /// that came in the last moment.
  std::optional<ApiError> ErrorOf(const RequestReader& reader, bool complete) const {
    if (complete) return std::nullopt;
    if (late_) return ApiError{.status = 408, .type = "Timeout", .message = "the request was not received in time"};
    return reader.error();
  }

  /// A request and its answer; false when the connection is to be closed.
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
      const Route* route = nullptr;
      if (reader.refuses_body()) route = state_->application->RouteOf(*reader.TakeHeader(address_));
      co_return co_await Refuse(*error, route);
    }
    const std::shared_ptr<HttpRequest> request = reader.TakeHeader(address_);
    const bool version_1_0 = reader.is_version_1_0();
    std::optional<HttpResponse> refusal = state_->application->Admit(*request);
    if (!refusal && beyond_ && !request->route->unlimited) {
      state_->CountRefusal(*beyond_, address_);
      const ApiError error{.status = 503,
                           .type = "Unavailable",
                           .message = "there are as many connections as the server allows; try again later"};
      co_return co_await Refuse(error, request->route);
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
        if (const ErrorCodeOf error = co_await stream_->Write(bytes); error) co_return false;
      }
      reader.ReadBody(state_->memory->ShareOf(request->caller));
      if (!co_await Read(reader, /*header_only=*/false)) co_return false;
      if (const std::optional<ApiError> error = ErrorOf(reader, reader.done())) {
        co_return co_await Refuse(*error, request->route);
      }
      reader.TakeBody(*request);
      buffer_.shrink_to_fit();
    }
    HttpResponse response = co_await Ask(request);
    // A client that does not read holds no more than its part of what all responses may take.
    ByteBudget::Share memory = state_->response_memory->ShareOf(request->caller);
    if (!memory.Grow(response.body.size())) response = OutOfMemory().Response();
    co_return co_await Send(*request, std::move(response), version_1_0, !last && !state_->stopping);
  }

  /// Reads the body of a request that is refused, if it is small; false if the connection has to be closed instead.
  Awaitable<bool> DropBody(RequestReader& reader) {
    if (reader.done()) co_return true;
    const std::optional<uint64_t> bytes = reader.body_bytes();
    if (!bytes || *bytes > kMaxDroppedBodyBytes || reader.expects_continue()) co_return false;
    reader.DiscardBody();
    const bool read = co_await Read(reader, /*header_only=*/false);
    co_return read&& reader.done();
  }

  /// Sends a response; false when the connection is to be closed.
  Awaitable<bool> Send(const HttpRequest& request, HttpResponse response, bool version_1_0, bool stays) {
    FitErrorForm(request.route, response);               // also of errors that did not come from the application
    if (response.stream) stays = stays && !version_1_0;  // whose body ends with the connection
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
            Handle(state, request, slot);
          });
      if (!posted) co_return OutOfMemory().Response();
    } else {
      request->defer = [executor = thread_.context.get_executor()](std::function<void()> what) {
        asio::post(executor, std::move(what));
      };
      Handle(state_, request, slot);
    }
    if (!slot->ready()) {
      slot_ = slot;
      deadline_ = Clock::time_point::max();
      NoticeClosing();
      co_await AwaitReady(slot, thread_.context.get_executor());
      slot_ = nullptr;
      ErrorCodeOf ignored;
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

  /// Sets `client_disconnected_` when the client closes while it waits. Bytes of a next request end the watch: what
  /// comes after them is not looked at.
  void NoticeClosing() {
    watching_ = true;
    socket().async_wait(StreamSocket::wait_read,
                        [self = shared_from_this(), disconnected = client_disconnected_](const ErrorCodeOf& error) {
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
    const ErrorCodeOf error = co_await stream_->Write(bytes);
    co_return !error;
  }

  /// Sends the pieces of a body as they come. False: the connection broke.
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
    ErrorCodeOf ignored;
    if (watching_) socket().cancel(ignored);
    co_return sent;
  }

  /// Compresses a response on another thread, if there is one; in the client's turn, since it costs time.
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

  /// Tells the error of a request that could not be read, and has the connection closed. `error` outlives the call.
  Awaitable<bool> Refuse(const ApiError& error, const Route* route = nullptr) {
    if (state_->stopping) co_return false;
    late_ = false;
    HttpRequest unread;
    unread.id = NewRequestId();
    unread.route = route;
    HttpResponse response = error.Response();
    co_return co_await Send(unread, std::move(response), /*version_1_0=*/false, /*stays=*/false);
  }

  /// Reads what the client still sends, for a while: a connection that is closed with bytes unread is reset, which can
  /// take the answer back.
  Awaitable<void> Linger() {
    ErrorCodeOf ignored;
    Within(std::chrono::seconds(2));
    if (const ErrorCodeOf error = co_await stream_->EndEncryption(); error) co_return;
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
  bool late_ = false;                          // the deadline passed, which ended what was under way
  bool idle_ = false;                          // between requests
  bool reading_ = false;                       // a handshake or a request, of which nothing may have arrived
  bool watching_ = false;                      // whether the client closes
  std::shared_ptr<ReplySlot> slot_;            // of a reply that is waited for
  std::shared_ptr<ResponseStream> streaming_;  // the body that is being sent
  std::shared_ptr<std::atomic<bool>> client_disconnected_;  // the last request's
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
