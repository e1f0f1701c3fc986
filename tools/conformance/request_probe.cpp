// What src/server makes of bytes that arrive on a connection, for tools/conformance/http_grammar.py. Reads inputs from
// standard input, each a 4-byte little-endian length and its bytes, and writes a line of JSON for each: {"status"} if
// the request is refused, else {"method", "target", "headers": [[name, value], ...], "body", "rest"}, with all bytes in
// hexadecimal; "rest" is the number of bytes behind the request.
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <iostream>
#include <string>
#include <string_view>

#include "base/json.h"
#include "server/request_reader.h"

namespace winnow {
namespace {

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

Json OutcomeOf(std::string_view bytes) {
  RequestReader reader({.max_header_bytes = 1 << 16, .max_body_bytes = 1 << 20});
  std::shared_ptr<HttpRequest> request;
  size_t at = 0;
  while (!reader.error() && !reader.done()) {
    if (reader.header_done() && !request) {
      request = reader.TakeHeader("");
      reader.ReadBody({});
    }
    const size_t consumed = reader.Read(bytes.substr(at));
    at += consumed;
    if (consumed == 0 && !reader.done()) reader.End();
  }
  if (reader.error()) return {{"status", reader.error()->status}};
  if (!request) request = reader.TakeHeader("");
  reader.TakeBody(*request);
  Json headers = Json::array();
  for (const auto& [name, value] : request->headers) headers.push_back({Hex(name), Hex(value)});
  return {{"method", Hex(request->method)},
          {"target", Hex(request->path + (request->query.empty() ? "" : "?" + request->query))},
          {"headers", headers},
          {"body", Hex(request->body)},
          {"rest", bytes.size() - at}};
}

}  // namespace
}  // namespace winnow

int main() {
  std::array<unsigned char, 4> length{};
  while (std::cin.read(reinterpret_cast<char*>(length.data()), length.size())) {
    const uint32_t size = length[0] | length[1] << 8U | length[2] << 16U | static_cast<uint32_t>(length[3]) << 24U;
    std::string bytes(size, '\0');
    if (!std::cin.read(bytes.data(), static_cast<std::streamsize>(size))) return 1;
    std::cout << winnow::OutcomeOf(bytes).dump() << '\n';
  }
  return 0;
}
