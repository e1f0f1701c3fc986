#include "server/byte_stream.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace winnow {

namespace {

using boost::system::error_code;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<Executor>());

class PlainStream : public ByteStream {
 public:
  explicit PlainStream(StreamSocket socket) : socket_(std::move(socket)) {}

  Awaitable<error_code> Handshake() override { co_return error_code(); }
  Awaitable<error_code> ReadSome(asio::mutable_buffer buffer, size_t& count) override {
    const auto [error, bytes] = co_await socket_.async_read_some(asio::mutable_buffers_1(buffer), kAwait);
    count = bytes;
    co_return error;
  }
  Awaitable<error_code> Write(std::array<asio::const_buffer, 2> buffers) override {
    const auto [error, bytes] = co_await asio::async_write(socket_, buffers, kAwait);
    co_return error;
  }
  Awaitable<error_code> EndEncryption() override { co_return error_code(); }
  StreamSocket& socket() override { return socket_; }

 private:
  StreamSocket socket_;
};

class TlsStream : public ByteStream {
 public:
  TlsStream(StreamSocket socket, std::shared_ptr<asio::ssl::context> context)
      : context_(std::move(context)), stream_(std::move(socket), *context_) {}

  Awaitable<error_code> Handshake() override {
    const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, kAwait);
    co_return error;
  }
  Awaitable<error_code> ReadSome(asio::mutable_buffer buffer, size_t& count) override {
    const auto [error, bytes] = co_await stream_.async_read_some(asio::mutable_buffers_1(buffer), kAwait);
    count = bytes;
    co_return error;
  }
  Awaitable<error_code> Write(std::array<asio::const_buffer, 2> buffers) override {
    const auto [error, bytes] = co_await asio::async_write(stream_, buffers, kAwait);
    co_return error;
  }
  Awaitable<error_code> EndEncryption() override {
    const auto [error] = co_await stream_.async_shutdown(kAwait);
    co_return error;
  }
  StreamSocket& socket() override { return stream_.next_layer(); }

 private:
  const std::shared_ptr<asio::ssl::context> context_;  // may be replaced meanwhile for new connections
  asio::ssl::stream<StreamSocket> stream_;
};

}  // namespace

std::unique_ptr<ByteStream> PlainByteStream(StreamSocket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

std::unique_ptr<ByteStream> TlsByteStream(StreamSocket socket, std::shared_ptr<asio::ssl::context> context) {
  return std::make_unique<TlsStream>(std::move(socket), std::move(context));
}

}  // namespace winnow
