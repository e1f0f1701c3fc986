/// A body of a response that is sent piece by piece, as server-sent events are.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace winnow {

/// Meeting point of who writes the body and the connection that sends it. Thread-safe.
class ResponseStream {
 public:
  /// Appends a piece. Does nothing once the stream has ended or its reader is gone.
  void Write(std::string_view bytes);
  /// Ends the body after what was written.
  void End();
  /// Returns the number of bytes that wait to be sent. A writer waits, or drops the stream, if they become many.
  size_t backlog() const;
  /// Returns true if nobody receives the body any more.
  bool closed() const;

  // For the connection.

  struct Piece {
    std::string bytes;
    bool last = false;  ///< nothing follows
  };
  /// Takes what was written. An empty piece that is not the last: there is nothing yet.
  Piece Take();
  /// Calls `wake` once Take has something: at once, or from the thread that calls Write, End or Close.
  void WhenReady(std::function<void()> wake);
  /// The reader is gone: Take returns an empty last piece.
  void Close();

 private:
  mutable Mutex mutex_;
  std::string waiting_ GUARDED_BY(mutex_);
  bool ended_ GUARDED_BY(mutex_) = false;
  bool closed_ GUARDED_BY(mutex_) = false;
  std::function<void()> wake_ GUARDED_BY(mutex_);
};

}  // namespace winnow
