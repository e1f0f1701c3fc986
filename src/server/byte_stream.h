/// The bytes of one connection, plain or encrypted. Only http_connection.cpp and byte_stream.cpp include this.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <memory>

namespace winnow {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
using StreamSocket = asio::basic_stream_socket<asio::generic::stream_protocol, Executor>;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;

/// A stream of bytes over a socket. One read and one write may be under way at a time. Not thread-safe: all calls come
/// from the thread that runs the socket's executor. Cancelling the socket ends what is under way with an error.
class ByteStream {
 public:
  ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  virtual ~ByteStream() = default;

  /// Agrees on keys with the client. Does nothing on a plain stream.
  virtual Awaitable<boost::system::error_code> Handshake() = 0;

  /// Waits for bytes and reads them into `buffer`; sets `count` to their number. Error asio::error::eof: the client has
  /// closed its sending side.
  virtual Awaitable<boost::system::error_code> ReadSome(asio::mutable_buffer buffer, size_t& count) = 0;

  /// Writes all bytes of the two buffers, which must outlive the call.
  virtual Awaitable<boost::system::error_code> Write(std::array<asio::const_buffer, 2> buffers) = 0;

  /// Tells the client that nothing more is written, as TLS demands it. Does nothing on a plain stream.
  virtual Awaitable<boost::system::error_code> EndEncryption() = 0;

  virtual StreamSocket& socket() = 0;
};

std::unique_ptr<ByteStream> PlainByteStream(StreamSocket socket);

/// The server's side of TLS.
std::unique_ptr<ByteStream> TlsByteStream(StreamSocket socket, std::shared_ptr<asio::ssl::context> context);

}  // namespace winnow
