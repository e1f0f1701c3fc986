/// Waiting, on a connection's thread, for what another thread makes.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>
#include <new>
#include <thread>
#include <utility>

#include "server/byte_stream.h"

namespace winnow {

/// Has a function run by the executor. A connection that is not told of its response would stay for ever, so if there
/// is no memory for the message, this waits until there is some.
template <class Function>
void PostSurely(const Executor& executor, const Function& function) {
  for (;;) {
    try {
      return asio::post(executor, function);
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }
}

/// Waits until a ReplySlot or a ResponseStream is ready, and goes on on the executor.
template <class Source>
Awaitable<void> AwaitReady(std::shared_ptr<Source> source, Executor executor) {
  // Named, since this compiler moves temporaries of a co_await wrongly.
  auto wait = asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(
      [source, executor](auto handler) {
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        source->WhenReady([shared, executor] { PostSurely(executor, [shared] { std::move (*shared)(); }); });
      },
      asio::use_awaitable_t<Executor>());
  co_await std::move(wait);
}

}  // namespace winnow
