/// Sending a body that is written piece by piece.
#pragma once

#include <functional>
#include <memory>

#include "server/byte_stream.h"
#include "server/response_stream.h"

namespace winnow {

/// Sends the pieces of a body as they come, in chunks (RFC 9112, section 7.1) if `chunked`. `sending` is called with
/// true before each piece is sent, and with false before the wait for the next one. Returns false if the connection
/// broke or the body was closed.
Awaitable<bool> SendPieces(ByteStream& client, std::shared_ptr<ResponseStream> body, bool chunked, Executor executor,
                           std::function<void(bool)> sending);

}  // namespace winnow
