#include "server/reply_slot.h"

#include <utility>

namespace winnow {

void ReplySlot::Put(HttpResponse response) {
  std::function<void()> wake;
  {
    const MutexLock lock(mutex_);
    if (response_) return;
    response_ = std::move(response);
    wake = std::move(wake_);
  }
  if (wake) wake();
}

void ReplySlot::WhenReady(std::function<void()> wake) {
  {
    const MutexLock lock(mutex_);
    if (!response_) {
      wake_ = std::move(wake);
      return;
    }
  }
  wake();
}

bool ReplySlot::ready() const {
  const MutexLock lock(mutex_);
  return response_.has_value();
}

HttpResponse ReplySlot::Take() {
  const MutexLock lock(mutex_);
  return std::move(*response_);
}

}  // namespace winnow
