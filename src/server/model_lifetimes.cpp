#include "server/model_lifetimes.h"

#include <malloc.h>

#include <utility>

namespace winnow {

ModelLifetimes::ModelLifetimes() : thread_([this] { Destroy(); }) {}

void ModelLifetimes::Finish() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const ServedModel> ModelLifetimes::Add(std::unique_ptr<const ServedModel> model, uint64_t bytes) {
  {
    const MutexLock lock(mutex_);
    ++count_;
    bytes_ += bytes;
    // Letting go of a model must not fail for want of memory.
    released_.reserve(count_);
  }
  return {model.release(), [this, bytes](const ServedModel* last) {
            // Told with the lock held: without it this object may be gone as soon as the model is.
            const MutexLock lock(mutex_);
            released_.push_back({std::unique_ptr<const ServedModel>(last), bytes});
            changed_.NotifyAll();
          }};
}

uint64_t ModelLifetimes::bytes() const {
  const MutexLock lock(mutex_);
  return bytes_;
}

bool ModelLifetimes::WaitUntilAtMost(uint64_t bytes, std::chrono::milliseconds patience) const {
  const auto end = std::chrono::steady_clock::now() + patience;
  const MutexLock lock(mutex_);
  while (bytes_ > bytes) {
    if (!changed_.WaitUntil(mutex_, end)) return bytes_ <= bytes;
  }
  return true;
}

void ModelLifetimes::Destroy() {
  for (;;) {
    Released last;
    {
      const MutexLock lock(mutex_);
      while (released_.empty() && !(stopping_ && count_ == 0)) changed_.Wait(mutex_);
      if (released_.empty()) return;
      last = std::move(released_.back());
      released_.pop_back();
    }
    last.model.reset();
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
    const MutexLock lock(mutex_);
    --count_;
    bytes_ -= last.bytes;
    changed_.NotifyAll();
  }
}

}  // namespace winnow
