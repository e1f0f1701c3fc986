#include "server/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "base/log.h"
#include "restinio/all.hpp"

namespace winnow {
namespace {

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

/// 16 hexadecimal digits.
std::string NewRequestId() {
  thread_local std::mt19937_64 random(std::random_device{}());
  return fmt::format("{:016x}", random());
}

/// One that is safe to log and to send back.
bool IsGoodRequestId(std::string_view id) {
  return !id.empty() && id.size() <= 128 &&
         std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~' && c != '"' && c != '\\'; });
}

/// What all requests share.
struct Serving {
  std::vector<Route> routes;
  std::atomic<size_t> under_way = 0;
  std::atomic<bool> stopping = false;
};

/// Sends one answer; where nobody did, says so.
class Answer {
 public:
  Answer(restinio::request_handle_t request, std::shared_ptr<Serving> serving, std::string id)
      : request_(std::move(request)), serving_(std::move(serving)), id_(std::move(id)) {
    ++serving_->under_way;
  }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() {
    if (!sent_.exchange(true)) Write(ErrorResponse(500, "Internal", "no answer was made"));
    --serving_->under_way;
  }

  void Send(const HttpResponse& response) {
    if (!sent_.exchange(true)) Write(response);
  }

 private:
  void Write(const HttpResponse& response) {
    try {
      const auto status = static_cast<std::uint16_t>(response.status);
      auto builder =
          request_->create_response(restinio::http_status_line_t(restinio::http_status_code_t(status), Reason(status)));
      builder.append_header(restinio::http_field::server, "winnow");
      builder.append_header(restinio::http_field::content_type, response.content_type);
      builder.append_header("X-Request-Id", id_);
      builder.append_header("X-Content-Type-Options", "nosniff");
      for (const auto& [name, value] : response.headers) builder.append_header(name, value);
      if (serving_->stopping) {
        builder.connection_close();
      } else if (request_->header().should_keep_alive()) {
        builder.connection_keep_alive();
      }
      if (request_->header().method() != restinio::http_method_head()) builder.set_body(response.body);
      builder.done();
    } catch (const std::exception& e) {
      LogDebug("an answer could not be sent: {}", e.what());  // the client has gone
    }
  }

  static std::string Reason(int status) {
    switch (status) {
      case 200:
        return "OK";
      case 400:
        return "Bad Request";
      case 401:
        return "Unauthorized";
      case 403:
        return "Forbidden";
      case 404:
        return "Not Found";
      case 405:
        return "Method Not Allowed";
      case 413:
        return "Payload Too Large";
      case 415:
        return "Unsupported Media Type";
      case 422:
        return "Unprocessable Entity";
      case 429:
        return "Too Many Requests";
      case 503:
        return "Service Unavailable";
      default:
        return status < 400 ? "OK" : "Error";
    }
  }

  restinio::request_handle_t request_;
  std::shared_ptr<Serving> serving_;
  std::string id_;
  std::atomic<bool> sent_ = false;
};

HttpRequest ToRequest(const restinio::request_handle_t& handle) {
  HttpRequest request;
  const auto& header = handle->header();
  request.method = header.method().c_str();
  request.path = std::string(header.path().data(), header.path().size());
  request.query = std::string(header.query().data(), header.query().size());
  request.body = handle->body();
  request.client = handle->remote_endpoint().address().to_string();
  header.for_each_field([&](const auto& field) {
    request.headers[LowerCase({field.name().data(), field.name().size()})] =
        std::string(field.value().data(), field.value().size());
  });
  const std::string_view given = request.Header("x-request-id");
  request.id = IsGoodRequestId(given) ? std::string(given) : NewRequestId();
  return request;
}

restinio::request_handling_status_t Handle(const std::shared_ptr<Serving>& serving,
                                           const restinio::request_handle_t& handle) {
  HttpRequest request = ToRequest(handle);
  const auto answer = std::make_shared<Answer>(handle, serving, request.id);
  RouteMatch match = FindRoute(serving->routes, request.method, request.path);
  if (match.route == nullptr) {
    HttpResponse response = match.allowed.empty()
                                ? ErrorResponse(404, "NotFound", "there is nothing at " + request.path)
                                : ErrorResponse(405, "MethodNotAllowed", request.path + " takes " + match.allowed);
    if (!match.allowed.empty()) response.headers.emplace_back("Allow", match.allowed);
    answer->Send(response);
    return restinio::request_accepted();
  }
  request.parameters = std::move(match.parameters);
  try {
    match.route->handle(request, [answer](const HttpResponse& response) { answer->Send(response); });
  } catch (const std::exception& e) {
    LogError("{} {}: {}", request.method, request.path, e.what());
    answer->Send(ErrorResponse(500, "Internal", "something went wrong; the log says what, under this request's id"));
  }
  return restinio::request_accepted();
}

struct Traits : restinio::default_traits_t {
  using request_handler_t = std::function<restinio::request_handling_status_t(restinio::request_handle_t)>;
};
using Server = restinio::http_server_t<Traits>;

}  // namespace

struct HttpServer::Parts {
  std::shared_ptr<Serving> serving = std::make_shared<Serving>();
  asio::io_context context;
  std::unique_ptr<Server> server;
  std::vector<std::thread> threads;
  uint16_t port = 0;
  bool stopped = false;
};

HttpServer::HttpServer(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() {
  if (parts_) Stop();
}

Result<HttpServer> HttpServer::Start(std::vector<Route> routes, const HttpServerOptions& options) {
  auto parts = std::make_unique<Parts>();
  parts->serving->routes = std::move(routes);
  Parts* const raw = parts.get();
  try {
    const auto limits = restinio::incoming_http_msg_limits_t{}
                            .max_url_size(options.max_url_bytes)
                            .max_field_name_size(options.max_header_bytes)
                            .max_field_value_size(options.max_header_bytes)
                            .max_field_count(options.max_header_fields)
                            .max_body_size(options.max_body_bytes);
    parts->server = std::make_unique<Server>(restinio::external_io_context(parts->context), [&](auto& settings) {
      settings.address(options.host)
          .port(options.port)
          .separate_accept_and_create_connect(true)
          .max_pipelined_requests(16)
          .read_next_http_message_timelimit(options.read_timeout)
          .write_http_response_timelimit(options.write_timeout)
          .handle_request_timeout(std::chrono::hours(1))
          .incoming_http_msg_limits(limits)
          .acceptor_post_bind_hook(
              [raw](asio::ip::tcp::acceptor& acceptor) { raw->port = acceptor.local_endpoint().port(); })
          .request_handler([serving = parts->serving](const restinio::request_handle_t& request) {
            return Handle(serving, request);
          });
    });
    parts->server->open_sync();
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kIo, fmt::format("{}:{}: can't listen there: {}", options.host, options.port, e.what()),
                "is another server running? try another --port, or --host 127.0.0.1");
  }
  for (int i = 0; i < std::max(options.threads, 1); ++i) {
    parts->threads.emplace_back([raw] { raw->context.run(); });
  }
  return HttpServer(std::move(parts));
}

uint16_t HttpServer::port() const { return parts_->port; }

void HttpServer::Stop(std::chrono::milliseconds patience) {
  if (parts_->stopped) return;
  parts_->stopped = true;
  parts_->serving->stopping = true;
  const auto until = std::chrono::steady_clock::now() + patience;
  while (parts_->serving->under_way > 0 && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  try {
    parts_->server->close_async([] {}, [](std::exception_ptr) {});
  } catch (const std::exception& e) {
    LogWarning("the server did not close as it should: {}", e.what());
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // for answers to leave
  parts_->context.stop();
  for (std::thread& thread : parts_->threads) thread.join();
  parts_->threads.clear();
}

}  // namespace winnow
