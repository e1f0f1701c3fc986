#include "server/living_models.h"

#include <malloc.h>

#include <utility>

namespace winnow {

LivingModels::LivingModels() : thread_([this] { Destroy(); }) {}

void LivingModels::Finish() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const ServedModel> LivingModels::Add(std::unique_ptr<const ServedModel> model, uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    ++count_;
    bytes_ += bytes;
    // Letting go of a model must not fail for want of memory.
    dying_.reserve(count_);
  }
  return {model.release(), [this, bytes](const ServedModel* last) {
            // Told with the lock held: without it this object may be gone as soon as the model is.
            const std::lock_guard lock(mutex_);
            dying_.push_back({std::unique_ptr<const ServedModel>(last), bytes});
            changed_.notify_all();
          }};
}

uint64_t LivingModels::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

bool LivingModels::WaitUntilAtMost(uint64_t bytes, std::chrono::milliseconds patience) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return bytes_ <= bytes; });
}

void LivingModels::Destroy() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !dying_.empty() || (stopping_ && count_ == 0); });
    if (dying_.empty()) return;
    Dying last = std::move(dying_.back());
    dying_.pop_back();
    lock.unlock();
    last.model.reset();
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
    lock.lock();
    --count_;
    bytes_ -= last.bytes;
    changed_.notify_all();
  }
}

}  // namespace winnow
