#include "server/response_stream.h"

#include <utility>

namespace winnow {

void ResponseStream::Write(std::string_view bytes) {
  std::function<void()> wake;
  {
    const MutexLock lock(mutex_);
    if (ended_ || closed_) return;
    waiting_ += bytes;
    wake = std::exchange(wake_, {});
  }
  if (wake) wake();
}

void ResponseStream::End() {
  std::function<void()> wake;
  {
    const MutexLock lock(mutex_);
    ended_ = true;
    wake = std::exchange(wake_, {});
  }
  if (wake) wake();
}

void ResponseStream::Close() {
  std::function<void()> wake;
  {
    const MutexLock lock(mutex_);
    closed_ = true;
    waiting_.clear();
    wake = std::exchange(wake_, {});
  }
  if (wake) wake();
}

size_t ResponseStream::backlog() const {
  const MutexLock lock(mutex_);
  return waiting_.size();
}

bool ResponseStream::closed() const {
  const MutexLock lock(mutex_);
  return closed_;
}

ResponseStream::Piece ResponseStream::Take() {
  const MutexLock lock(mutex_);
  Piece piece{.bytes = std::exchange(waiting_, {}), .last = closed_ || ended_};
  return piece;
}

void ResponseStream::WhenReady(std::function<void()> wake) {
  {
    const MutexLock lock(mutex_);
    if (waiting_.empty() && !ended_ && !closed_) {
      wake_ = std::move(wake);
      return;
    }
  }
  wake();
}

}  // namespace winnow
