/// One HTTP/1.1 request, read from the bytes of a connection as they arrive. The only user of the HTTP library's parser
/// (Boost.Beast) is request_reader.cpp.
///
///     RequestReader reader(limits);
///     while (!reader.header_done() && !reader.error()) buffer.consume(reader.Read(buffer));
///     const std::shared_ptr<HttpRequest> request = reader.TakeHeader(address);
///     reader.ReadBody(memory);   // or DiscardBody
///     while (!reader.done() && !reader.error()) buffer.consume(reader.Read(buffer));
///     reader.TakeBody(*request);
///
/// What a request is (its headers, address, key, encoding) is settled by its header. Fields behind a chunked body
/// (trailers) are read and dropped (RFC 9110, section 6.5.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "server/api_error.h"
#include "server/byte_budget.h"
#include "server/http.h"

namespace winnow {

struct RequestLimits {
  uint32_t max_header_bytes = 16 << 10;  ///< maximum size of the header, including the request line
  uint64_t max_body_bytes = 8 << 20;     ///< maximum size of the body as it is transferred
};

/// Returns an id for a request that has none: 16 random hexadecimal digits.
std::string NewRequestId();

/// The error of a request whose body does not fit into the memory that all requests may take together.
ApiError OutOfMemory();

/// Reads one request. Not thread-safe.
class RequestReader {
 public:
  explicit RequestReader(const RequestLimits& limits);
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;
  ~RequestReader();

  /// Reads from the bytes that have arrived and were not consumed yet, and returns how many of them are consumed now.
  /// Reads the header first, and goes on only after ReadBody or DiscardBody. Bytes behind the request are not consumed.
  size_t Read(std::string_view bytes);
  /// Takes note of the end of the connection: no more bytes will arrive.
  void End();

  bool begun() const;        ///< true once a byte has been seen
  bool header_done() const;  ///< true once the header is complete and valid
  /// Returns true if the header is valid, but error() says that the body is too large by it. TakeHeader may be called.
  bool refuses_body() const;
  bool done() const;  ///< true once the whole request has been read
  /// Why the request cannot be read; the connection must be closed then.
  const std::optional<ApiError>& error() const;

  // After the header:
  bool keep_alive() const;        ///< true if the client wants the connection to stay open
  bool expects_continue() const;  ///< true if the client waits for status 100 before it sends the body
  bool is_version_1_0() const;
  std::optional<uint64_t> body_bytes() const;  ///< size of the body, if the header tells it

  /// Returns the request without its body. `peer` is the address of the other end of the connection.
  std::shared_ptr<HttpRequest> TakeHeader(const std::string& peer) const;

  /// Has the body read; its bytes are taken from `memory`. A body that finds no more memory is error 503.
  void ReadBody(ByteBudget::Share memory);
  /// Has the body read and dropped.
  void DiscardBody();
  /// Moves the body, and the memory that it has taken, into the request.
  void TakeBody(HttpRequest& request);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace winnow
