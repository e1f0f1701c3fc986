/// A reply that one thread makes and another one waits for.
#pragma once

#include <functional>
#include <optional>

#include "base/mutex.h"
#include "server/http.h"

namespace winnow {

/// Meeting point of a reply and the connection that waits for it. The first reply counts. Thread-safe.
class ReplySlot {
 public:
  void Put(HttpResponse response);
  /// Calls `wake` once there is a response: at once, or from the thread that calls Put.
  void WhenReady(std::function<void()> wake);
  bool ready() const;
  HttpResponse Take();

 private:
  mutable Mutex mutex_;
  std::optional<HttpResponse> response_ GUARDED_BY(mutex_);
  std::function<void()> wake_ GUARDED_BY(mutex_);
};

}  // namespace winnow
