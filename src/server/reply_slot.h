/// A reply that one thread makes and another waits for.
#pragma once

#include <functional>
#include <mutex>
#include <optional>

#include "server/http.h"

namespace winnow {

/// Where a reply and the connection that waits for it meet. The first reply counts. Thread-safe.
class ReplySlot {
 public:
  void Put(HttpResponse response);
  /// Calls `wake` once there is a response: at once, or from the thread that puts it.
  void WhenReady(std::move_only_function<void()> wake);
  bool ready() const;
  HttpResponse Take();

 private:
  mutable std::mutex mutex_;
  std::optional<HttpResponse> response_;
  std::move_only_function<void()> wake_;
};

}  // namespace winnow
