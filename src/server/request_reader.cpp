#include "server/request_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/optional.hpp>
#include <functional>
#include <random>

#include "base/ascii.h"
#include "server/header_values.h"
#include "server/host_name.h"
#include "server/request_header.h"

namespace winnow {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using BeastError = boost::system::error_code;

constexpr size_t kMaxRequestIdBytes = 128;
/// Total size of chunk extensions, which nobody uses; RFC 9112, section 7.1.1 asks for a limit.
constexpr size_t kMaxExtensionBytes = 4096;

BeastError NoMemory() { return make_error_code(boost::system::errc::not_enough_memory); }

/// A body whose bytes are taken from a budget as they arrive; the body type of Beast's parser.
struct BudgetedBody {
  // Beast demands this name.
  // NOLINTNEXTLINE(readability-identifier-naming)
  struct value_type {
    std::string bytes;
    ByteBudget::Share memory;
    bool discard = false;
  };

  // NOLINTNEXTLINE(readability-identifier-naming)
  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, value_type& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>&, BeastError& error) { error = {}; }

    template <class Buffers>
    std::size_t put(const Buffers& buffers, BeastError& error) {
      error = {};
      std::size_t read = 0;
      for (auto at = asio::buffer_sequence_begin(buffers); at != asio::buffer_sequence_end(buffers); ++at) {
        const asio::const_buffer buffer = *at;
        if (!Append({static_cast<const char*>(buffer.data()), buffer.size()})) {
          error = NoMemory();
          break;
        }
        read += buffer.size();
      }
      return read;
    }

    void finish(BeastError& error) { error = {}; }

   private:
    bool Append(std::string_view bytes) {
      if (body_.discard) return true;
      if (!body_.memory.Grow(bytes.size())) return false;
      try {
        body_.bytes.append(bytes);
      } catch (const std::bad_alloc&) {
        return false;
      }
      return true;
    }

    value_type& body_;
  };
};

using Parser = http::request_parser<BudgetedBody>;

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

/// Returns true for a request id that is safe to log and to send back.
bool IsGoodRequestId(std::string_view id) {
  return !id.empty() && id.size() <= kMaxRequestIdBytes &&
         std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

/// What the client is told of a request that the parser refuses.
ApiError ErrorOf(const BeastError& error) {
  const auto invalid = [](int status, const char* message) { return ApiError{.status = status, .message = message}; };
  if (error == NoMemory()) return OutOfMemory();
  if (error == http::error::body_limit) {
    return {.status = 413,
            .type = "TooLarge",
            .message = "the request body exceeds the size limit of the server (--max-body-mb)"};
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return {.status = 431, .type = "TooLarge", .message = "the header is too large"};
  }
  if (error == http::error::partial_message) return invalid(400, "the request ended early");
  return invalid(400, "this is not a valid HTTP request");
}

/// Splits "http://example.org/path" as a proxy would be asked for it; `host` stays empty for "/path".
std::string_view PathOf(std::string_view target, std::string_view& host) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!EqualsIgnoringCase(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t end = std::min(target.find_first_of("/?"), target.size());
    host = target.substr(0, end);
    target.remove_prefix(end);
    return target.starts_with('/') ? target : std::string_view("/");
  }
  return target;
}

}  // namespace

std::string NewRequestId() {
  thread_local std::mt19937_64 random(std::random_device{}());
  return fmt::format("{:016x}", random());
}

ApiError OutOfMemory() {
  return {.status = 503,
          .type = "Overloaded",
          .message = "the server has no memory left for this request; try again later",
          .headers = {{"Retry-After", "1"}}};
}

struct RequestReader::Parts {
  explicit Parts(const RequestLimits& request_limits) : limits(request_limits) {
    parser.header_limit(limits.max_header_bytes);
    parser.body_limit(limits.max_body_bytes);
    on_chunk = [this](std::uint64_t bytes, beast::string_view extensions, BeastError& failed) {
      extension_bytes += extensions.size();
      if (extension_bytes > kMaxExtensionBytes) failed = http::error::bad_chunk_extension;
      if (bytes == 0 && !failed) error = TrailersErrorAfter(extensions);
      if (error) failed = http::error::bad_field;
    };
    parser.on_chunk_header(on_chunk);
  }

  size_t ReadHeader(std::string_view bytes) {
    const std::optional<size_t> length = HeaderLength(bytes);
    if (length.value_or(bytes.size()) > limits.max_header_bytes) {
      error = ErrorOf(http::error::header_limit);
    } else {
      error = length ? HeaderError(bytes.substr(0, *length)) : PartialHeaderError(bytes);
    }
    if (error || !length) return 0;
    BeastError failed;
    const size_t consumed = parser.put(asio::buffer(bytes.data(), *length), failed);
    if (failed && failed != http::error::need_more) error = ErrorOf(failed);
    refuses_body = failed == http::error::body_limit;
    if (!error && !parser.is_header_done()) error = ErrorOf(http::error::bad_field);
    if (!error) error = TargetError();
    keep_alive = parser.keep_alive();
    return consumed;
  }

  std::optional<ApiError> TargetError() const {
    std::string_view host;
    PathOf(View(parser.get().target()), host);
    if (host.empty() || ParseHost(host)) return std::nullopt;
    return ApiError{.status = 400, .message = "the URL of the request has no valid host name or address"};
  }

  /// Looks at the trailers, which the parser has found the end of and is about to read. They follow the line of the
  /// last chunk, whose extensions are a part of the bytes at hand.
  std::optional<ApiError> TrailersErrorAfter(beast::string_view extensions) const {
    constexpr std::string_view kLineEnd = "\r\n", kEnd = "\r\n\r\n";
    std::string_view trailers = present;
    trailers.remove_prefix(static_cast<size_t>(extensions.data() + extensions.size() - present.data()));
    trailers = trailers.substr(0, trailers.find(kEnd) + kLineEnd.size());
    return TrailersError(trailers.substr(kLineEnd.size()));
  }

  size_t ReadBody(std::string_view bytes) {
    size_t consumed = 0;
    while (consumed < bytes.size() && !parser.is_done() && !error) {
      BeastError failed;
      present = bytes.substr(consumed);
      const size_t now = parser.put(asio::buffer(present.data(), present.size()), failed);
      consumed += now;
      if (failed == http::error::need_more) break;
      if (failed && !error) error = ErrorOf(failed);
      if (now == 0 && !failed) break;
    }
    return consumed;
  }

  RequestLimits limits;
  Parser parser;
  std::function<void(std::uint64_t, beast::string_view, BeastError&)> on_chunk;
  size_t extension_bytes = 0;
  std::string_view present = {};  // the bytes that the parser is reading
  bool begun = false;
  bool keep_alive = false;
  bool body_wanted = false;
  bool refuses_body = false;
  std::optional<ApiError> error;
};

RequestReader::RequestReader(const RequestLimits& limits) : parts_(std::make_unique<Parts>(limits)) {}
RequestReader::~RequestReader() = default;

size_t RequestReader::Read(std::string_view bytes) {
  if (bytes.empty() || error() || done()) return 0;
  parts_->begun = true;
  if (!parts_->parser.is_header_done()) return parts_->ReadHeader(bytes);
  return parts_->body_wanted ? parts_->ReadBody(bytes) : 0;
}

void RequestReader::End() {
  if (!error() && !done()) parts_->error = ErrorOf(http::error::partial_message);
}

bool RequestReader::begun() const { return parts_->begun; }
bool RequestReader::header_done() const { return parts_->parser.is_header_done() && !error(); }
bool RequestReader::refuses_body() const { return parts_->refuses_body; }
bool RequestReader::done() const { return parts_->parser.is_done() && !error(); }
const std::optional<ApiError>& RequestReader::error() const { return parts_->error; }
bool RequestReader::keep_alive() const { return parts_->keep_alive; }
bool RequestReader::is_version_1_0() const { return parts_->parser.get().version() < 11; }

bool RequestReader::expects_continue() const {
  return !is_version_1_0() && beast::iequals(parts_->parser.get()[http::field::expect], "100-continue");
}

std::optional<uint64_t> RequestReader::body_bytes() const {
  const boost::optional<std::uint64_t> length = parts_->parser.content_length();
  if (length) return *length;
  return parts_->parser.chunked() ? std::nullopt : std::optional<uint64_t>(0);
}

std::shared_ptr<HttpRequest> RequestReader::TakeHeader(const std::string& peer) const {
  const auto& message = parts_->parser.get();
  auto request = std::make_shared<HttpRequest>();
  request->method = std::string(View(message.method_string()));
  std::string_view host;
  const std::string_view target = PathOf(View(message.target()), host);
  const size_t query = std::min(target.find('?'), target.size());
  request->path = std::string(target.substr(0, query));
  if (query < target.size()) request->query = std::string(target.substr(query + 1));
  for (const auto& field : message) {
    // The host of the target counts, not the header (RFC 9112, section 3.2.2).
    const bool replaced = !host.empty() && field.name() == http::field::host;
    request->headers.emplace_back(LowerAscii(View(field.name_string())),
                                  std::string(replaced ? host : View(field.value())));
  }
  request->client = peer;
  request->caller = peer;
  const std::string_view given = request->Header("x-request-id");
  request->id = IsGoodRequestId(given) ? std::string(given) : NewRequestId();
  return request;
}

void RequestReader::ReadBody(ByteBudget::Share memory) {
  parts_->parser.get().body().memory = std::move(memory);
  parts_->parser.eager(true);
  parts_->body_wanted = true;
}

void RequestReader::DiscardBody() {
  parts_->parser.get().body().discard = true;
  parts_->parser.eager(true);
  parts_->body_wanted = true;
}

void RequestReader::TakeBody(HttpRequest& request) {
  BudgetedBody::value_type& body = parts_->parser.get().body();
  request.body = std::move(body.bytes);
  request.memory = std::move(body.memory);
}

}  // namespace winnow
