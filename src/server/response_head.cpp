#include "server/response_head.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <iterator>

#include "server/gzip.h"

namespace winnow {
namespace {

constexpr size_t kWorthPacking = 1024;  // bytes; less is not made smaller by much

/// Whether responses of the status have no body (RFC 9110, section 6.4.1).
bool IsBodyless(int status) { return status == 204 || status == 304; }

/// Returns the present time for the header Date, which is made once a second in each thread.
std::string_view PresentDate() {
  thread_local std::chrono::sys_seconds made{};
  thread_local std::string date;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (date.empty() || now != made) {
    date = HttpDate(now);
    made = now;
  }
  return date;
}

}  // namespace

std::string HttpDate(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::string HeaderBytes(const HttpResponse& response, std::string_view request_id, bool version_1_0, bool keep_alive) {
  namespace http = boost::beast::http;
  const auto reason = http::obsolete_reason(static_cast<http::status>(response.status));
  std::string bytes = fmt::format(
      "HTTP/1.{} {} {}\r\nDate: {}\r\nServer: winnow\r\nX-Request-Id: {}\r\nX-Content-Type-Options: nosniff\r\n",
      version_1_0 ? 0 : 1, response.status, std::string_view(reason.data(), reason.size()), PresentDate(), request_id);
  const auto add = [&bytes](std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(bytes), "{}: {}\r\n", name, value);
  };
  for (const auto& [name, value] : response.headers) add(name, value);
  if (!IsBodyless(response.status)) add("Content-Type", response.content_type);
  if (response.stream && !version_1_0) {
    add("Transfer-Encoding", "chunked");
  } else if (!IsBodyless(response.status) && !response.stream) {
    add("Content-Length", std::to_string(response.body.size()));
  }
  if (keep_alive && version_1_0) add("Connection", "keep-alive");
  if (!keep_alive && !version_1_0) add("Connection", "close");
  bytes += "\r\n";
  return bytes;
}

bool IsWorthPacking(const HttpResponse& response) {
  return response.body.size() >= kWorthPacking &&
         std::ranges::none_of(response.headers, [](const auto& header) { return header.first == "Content-Encoding"; });
}

void Pack(HttpResponse& response) {
  response.body = Gzip(response.body);
  response.headers.emplace_back("Content-Encoding", "gzip");
  response.headers.emplace_back("Vary", "Accept-Encoding");
}

}  // namespace winnow
