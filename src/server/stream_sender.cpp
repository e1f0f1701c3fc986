#include "server/stream_sender.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

#include "server/await_ready.h"

namespace winnow {

Awaitable<bool> SendPieces(ByteStream& client, std::shared_ptr<ResponseStream> body, bool chunked, Executor executor,
                           std::function<void(bool)> sending) {
  bool sent = true;
  for (bool last = false; !last && sent;) {
    ResponseStream::Piece piece = body->Take();
    last = piece.last;
    if (piece.bytes.empty() && !last) {
      sending(false);
      co_await AwaitReady(body, executor);
      continue;
    }
    sending(true);
    std::string bytes;
    if (!chunked) {
      bytes = std::move(piece.bytes);
    } else {
      if (!piece.bytes.empty()) bytes = fmt::format("{:x}\r\n{}\r\n", piece.bytes.size(), piece.bytes);
      if (last) bytes += "0\r\n\r\n";
    }
    const std::array<asio::const_buffer, 2> buffers = {asio::buffer(bytes), asio::const_buffer()};
    if (const boost::system::error_code error = co_await client.Write(buffers); error) sent = false;
  }
  co_return sent && !body->closed();
}

}  // namespace winnow
