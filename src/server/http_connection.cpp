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
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <random>

#include "base/log.h"
#include "server/api_error.h"
#include "server/gzip.h"
#include "server/header_values.h"
#include "text/text_parts.h"

namespace winnow {

namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using ErrorCodeOf = boost::system::error_code;
using Clock = std::chrono::steady_clock;

using RequestParser = http::request_parser<http::string_body>;
using ResponseHeader = http::response<http::empty_body>;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<Executor>());
constexpr size_t kReadBytes = 64 << 10;  // at most, by one read
constexpr size_t kMaxRequestIdBytes = 128;
constexpr size_t kDiscardedAtOnce = 16 << 10;  // bytes of a request that is not read, before the connection closes
constexpr size_t kMaxDiscardedBytes = 32 << 20;
constexpr size_t kWorthPacking = 1024;  // bytes; less is not made smaller by much

/// Replies 500 where nobody did.
class Replier {
 public:
  explicit Replier(std::shared_ptr<ReplySlot> slot) : slot_(std::move(slot)) {}
  Replier(const Replier&) = delete;
  Replier& operator=(const Replier&) = delete;
  ~Replier() {
    if (!slot_->ready()) slot_->Put(ErrorResponse(500, "Internal", "the server produced no response"));
  }
  void operator()(HttpResponse response) const { slot_->Put(std::move(response)); }

 private:
  std::shared_ptr<ReplySlot> slot_;
};

/// 16 hexadecimal digits.
std::string NewRequestId() {
  thread_local std::mt19937_64 random(std::random_device{}());
  return fmt::format("{:016x}", random());
}

/// Returns true for a request id that is safe to log and to send back.
bool IsGoodRequestId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxRequestIdBytes &&
         std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

std::shared_ptr<HttpRequest> ToRequest(http::request<http::string_body>&& message, const std::string& address) {
  auto request = std::make_shared<HttpRequest>();
  request->method = std::string(View(message.method_string()));
  std::string_view target = View(message.target());
  // As a proxy would be asked: "GET http://host/path".
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!EqualsIgnoringCase(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t slash = target.find('/');
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  const size_t query = std::min(target.find('?'), target.size());
  request->path = std::string(target.substr(0, query));
  if (query < target.size()) request->query = std::string(target.substr(query + 1));
  for (const auto& field : message) {
    request->headers.emplace_back(LowerAscii(View(field.name_string())), std::string(View(field.value())));
  }
  request->body = std::move(message.body());
  request->client = address;
  request->caller = address;
  const std::string_view given = request->Header("x-request-id");
  request->id = IsGoodRequestId(given) ? std::string(given) : NewRequestId();
  return request;
}

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
      request->body = std::move(*unpacked);
    }
    state->handler(request, [replier](HttpResponse response) { (*replier)(std::move(response)); });
  } catch (const std::exception& e) {
    LogError("request {}: {}", request->id, e.what());
    (*replier)(ErrorResponse(500, "Internal", "internal error; see the server's log under the ID of this request"));
  }
}

/// What the client is told of a request that can't be read; nothing if the connection broke or was closed.
std::optional<ApiError> ReadError(const ErrorCodeOf& error) {
  const auto invalid = [](int status, const char* message) { return ApiError{.status = status, .message = message}; };
  if (error == http::error::body_limit) {
    return ApiError{.status = 413,
                    .type = "TooLarge",
                    .message = "the request body exceeds the size limit of the server (--max-body-mb)"};
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return ApiError{.status = 431, .type = "TooLarge", .message = "the header is too large"};
  }
  if (error == http::error::bad_version) return invalid(505, "only HTTP/1.0 and HTTP/1.1 are supported");
  if (error == http::error::end_of_stream) return std::nullopt;
  if (error == http::error::partial_message) return invalid(400, "the request ended early");
  if (error.category() == make_error_code(http::error::bad_method).category()) {
    return invalid(400, "this is not a valid HTTP request");
  }
  return std::nullopt;
}

/// What the client is told of a header that can be read, but leaves open where the request ends or whom it is for;
/// nothing if it does not. Another reader of the same bytes, a proxy, might see other requests in them; so the
/// connection ends here.
std::optional<ApiError> HeaderError(const RequestParser& parser) {
  const auto& message = parser.get();
  if (message.count(http::field::transfer_encoding) > 0 && !parser.chunked()) {
    return ApiError{.status = 501, .message = "Transfer-Encoding: only chunked is supported"};
  }
  const size_t hosts = message.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && message.version() >= 11)) {
    return ApiError{.status = 400, .message = "a request must have exactly one Host header"};
  }
  return std::nullopt;
}

/// The status line and the fields, as they are sent.
std::string ToBytes(const ResponseHeader& header) {
  std::string bytes = fmt::format("HTTP/{}.{} {} {}\r\n", header.version() / 10, header.version() % 10,
                                  header.result_int(), View(header.reason()));
  for (const auto& field : header)
    fmt::format_to(std::back_inserter(bytes), "{}: {}\r\n", View(field.name_string()), View(field.value()));
  bytes += "\r\n";
  return bytes;
}

class Connection : public HttpConnection, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ServerState> state, IoThread& thread, std::unique_ptr<ByteStream> stream,
             std::string address)
      : state_(std::move(state)),
        thread_(thread),
        stream_(std::move(stream)),
        address_(std::move(address)),
        watchdog_(thread.context.get_executor()) {
    buffer_.max_size(state_->options.max_header_bytes + (64 << 10));
    thread_.connections.insert(this);
  }
  ~Connection() override {
    thread_.connections.erase(this);
    state_->addresses->Leave(address_);
    --state_->connections;
  }

  void CloseIfIdle() override {
    ErrorCodeOf ignored;
    if (idle_ && buffer_.size() == 0 && socket().available(ignored) == 0) socket().cancel(ignored);
  }

  void Abandon() override {
    if (client_disconnected_) *client_disconnected_ = true;  // what is not computed yet needs no computing
    if (slot_) slot_->Put(ErrorResponse(503, "Unavailable", "the server is shutting down"));
  }

  Awaitable<void> Run() {
    Within(state_->options.read_timeout);
    if (const ErrorCodeOf error = co_await stream_->Handshake(); !error) {
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

  /// Feeds the parser until it has a header (`header_only`) or a whole request. Bytes behind it stay in `buffer_`.
  Awaitable<ErrorCodeOf> Read(RequestParser& parser, bool header_only) {
    parser.eager(!header_only);
    while (header_only ? !parser.is_header_done() : !parser.is_done()) {
      ErrorCodeOf error = http::error::need_more;
      if (buffer_.size() > 0) buffer_.consume(parser.put(buffer_.data(), error));
      if (!error) continue;
      if (error != http::error::need_more) co_return error;
      const size_t room = beast::read_size(buffer_, kReadBytes);
      if (room == 0) co_return http::error::buffer_overflow;
      size_t count = 0;
      error = co_await stream_->ReadSome(buffer_.prepare(room), count);
      buffer_.commit(count);
      if (error == asio::error::eof) {
        if (!parser.got_some()) co_return http::error::end_of_stream;
        parser.put_eof(error);
      }
      if (error) co_return error;
    }
    co_return ErrorCodeOf();
  }

  /// A request and its answer; false when the connection is to be closed.
  Awaitable<bool> ServeOne() {
    RequestParser parser;
    parser.header_limit(state_->options.max_header_bytes);
    parser.body_limit(state_->options.max_body_bytes);
    late_ = false;
    Within(state_->options.read_timeout);
    idle_ = true;
    const ErrorCodeOf no_header = co_await Read(parser, /*header_only=*/true);
    idle_ = false;
    const std::optional<ApiError> header_error =
        no_header ? ErrorOf(no_header, parser.got_some()) : HeaderError(parser);
    if (no_header || header_error) co_return co_await Refuse(header_error);
    if (!parser.is_done()) {
      if (beast::iequals(parser.get()[http::field::expect], "100-continue")) {
        const std::string go_on = ToBytes(ResponseHeader(http::status::continue_, parser.get().version()));
        const std::array<asio::const_buffer, 2> bytes = {asio::buffer(go_on)};
        if (const ErrorCodeOf error = co_await stream_->Write(bytes); error) co_return false;
      }
      const ErrorCodeOf no_body = co_await Read(parser, /*header_only=*/false);
      const std::optional<ApiError> body_error = no_body ? ErrorOf(no_body, true) : std::nullopt;
      if (no_body) co_return co_await Refuse(body_error);
    }
    const bool keep_alive = parser.keep_alive();
    const unsigned version = parser.get().version();
    const std::shared_ptr<HttpRequest> request = ToRequest(parser.release(), address_);
    HttpResponse response = co_await Ask(request);
    const bool stays = keep_alive && !state_->stopping;
    const bool written = co_await Write(*request, std::move(response), version, stays);
    if (written && !stays) co_await Linger();
    co_return written&& stays;
  }

  /// Has the request handled, and waits for the reply.
  Awaitable<HttpResponse> Ask(const std::shared_ptr<HttpRequest>& request) {
    const auto slot = std::make_shared<ReplySlot>();
    client_disconnected_ = std::make_shared<std::atomic<bool>>(false);
    request->client_disconnected = client_disconnected_;
    const bool hand_over =
        request->body.size() >= state_->options.handed_over_bytes || !request->Header("content-encoding").empty();
    if (hand_over) {
      asio::post(state_->large_requests, [state = state_, request, slot] { Handle(state, request, slot); });
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
      // Named, since this compiler moves temporaries of a co_await wrongly.
      auto wait = asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
          [slot, executor = thread_.context.get_executor()](auto handler) {
            auto shared = std::make_shared<decltype(handler)>(std::move(handler));
            slot->WhenReady([shared, executor] { asio::post(executor, [shared] { std::move (*shared)(); }); });
          },
          asio::use_awaitable_t<Executor>());
      co_await std::move(wait);
      slot_ = nullptr;
      ErrorCodeOf ignored;
      if (watching_) socket().cancel(ignored);
    }
    co_return slot->Take();
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
                          if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) *disconnected = true;
                        });
  }

  Awaitable<bool> Write(const HttpRequest& request, HttpResponse response, unsigned version, bool keep_alive) {
    ResponseHeader header(static_cast<http::status>(response.status), version);
    header.set(http::field::server, "winnow");
    header.set(http::field::content_type, response.content_type);
    header.set("X-Request-Id", request.id);
    header.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.headers) header.insert(name, value);
    header.keep_alive(keep_alive);
    if (response.body.size() >= kWorthPacking && AcceptsGzip(request.Header("accept-encoding"))) {
      response.body = Gzip(response.body);
      header.set(http::field::content_encoding, "gzip");
      header.insert(http::field::vary, "Accept-Encoding");
    }
    if (response.status != 204) header.content_length(response.body.size());
    Within(state_->options.write_timeout);
    const std::string head = ToBytes(header);
    const std::string_view body = request.method == "HEAD" ? std::string_view() : response.body;
    // Named, since this compiler has no arrays as temporaries of a co_await.
    const std::array<asio::const_buffer, 2> bytes = {asio::buffer(head), asio::buffer(body)};
    const ErrorCodeOf error = co_await stream_->Write(bytes);
    co_return !error;
  }

  /// What the client is told of a request that ended with `error`, of which something had come (`got_some`) or not.
  std::optional<ApiError> ErrorOf(const ErrorCodeOf& error, bool got_some) const {
    if (!late_ || !got_some) return ReadError(error);
    return ApiError{.status = 408, .type = "Timeout", .message = "the request was not received in time"};
  }

  /// Tells the error, if there is one; the connection is to be closed then. `error` outlives the call.
  Awaitable<bool> Refuse(const std::optional<ApiError>& error) {
    if (!error || state_->stopping) co_return false;
    late_ = false;
    HttpRequest unread;
    unread.id = NewRequestId();
    HttpResponse response = error->Response();
    if (co_await Write(unread, std::move(response), 11, /*keep_alive=*/false)) co_await Linger();
    co_return false;
  }

  /// Reads what the client still sends, for a while: a connection that is closed with bytes unread is reset, which can
  /// take the answer back.
  Awaitable<void> Linger() {
    ErrorCodeOf ignored;
    Within(std::chrono::seconds(2));
    if (const ErrorCodeOf error = co_await stream_->EndEncryption(); error) co_return;
    socket().shutdown(StreamSocket::shutdown_send, ignored);
    Within(std::chrono::seconds(2));
    std::array<char, kDiscardedAtOnce> rest;
    size_t left = kMaxDiscardedBytes;
    while (left > 0 && !late_) {
      const auto [error, bytes] =
          co_await socket().async_read_some(asio::mutable_buffers_1(asio::buffer(rest)), kAwait);
      if (error) co_return;
      left -= std::min(left, bytes);
    }
  }

  const std::shared_ptr<ServerState> state_;
  IoThread& thread_;
  const std::unique_ptr<ByteStream> stream_;
  const std::string address_;
  beast::flat_buffer buffer_;
  asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor> watchdog_;
  Clock::time_point deadline_ = Clock::time_point::max();
  Clock::time_point alarm_ = Clock::time_point::max();      // when the timer fires
  bool late_ = false;                                       // the deadline passed, which ended what was under way
  bool idle_ = false;                                       // between requests
  bool watching_ = false;                                   // whether the client closes
  std::shared_ptr<ReplySlot> slot_;                         // of a reply that is waited for
  std::shared_ptr<std::atomic<bool>> client_disconnected_;  // the last request's
};

}  // namespace

void ServeConnection(const std::shared_ptr<ServerState>& state, IoThread& thread, StreamSocket socket, bool tls,
                     std::string address) {
  auto stream = tls ? TlsByteStream(std::move(socket), *state->tls) : PlainByteStream(std::move(socket));
  const auto connection = std::make_shared<Connection>(state, thread, std::move(stream), std::move(address));
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
