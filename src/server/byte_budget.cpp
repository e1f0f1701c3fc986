#include "server/byte_budget.h"

#include <utility>

namespace winnow {

ByteBudget::Share::Share(Share&& other) noexcept
    : budget_(std::move(other.budget_)), client_(std::move(other.client_)), taken_(std::exchange(other.taken_, 0)) {}

ByteBudget::Share& ByteBudget::Share::operator=(Share&& other) noexcept {
  if (this == &other) return *this;
  Release();
  budget_ = std::move(other.budget_);
  client_ = std::move(other.client_);
  taken_ = std::exchange(other.taken_, 0);
  return *this;
}

bool ByteBudget::Share::Grow(uint64_t bytes) {
  if (!budget_ || bytes == 0) return true;
  if (!budget_->Take(client_, bytes)) return false;
  taken_ += bytes;
  return true;
}

void ByteBudget::Share::Release() {
  if (budget_ && taken_ > 0) budget_->GiveBack(client_, taken_);
  taken_ = 0;
}

uint64_t ByteBudget::taken() const {
  const MutexLock lock(mutex_);
  return taken_;
}

bool ByteBudget::Take(const std::string& client, uint64_t bytes) {
  const MutexLock lock(mutex_);
  const auto of_client = clients_.find(client);
  const uint64_t has = of_client == clients_.end() ? 0 : of_client->second;
  const uint64_t free = bytes_ - taken_;
  if (bytes > free || has + bytes > free - bytes) return false;
  if (of_client == clients_.end()) {
    clients_.emplace(client, bytes);
  } else {
    of_client->second += bytes;
  }
  taken_ += bytes;
  return true;
}

void ByteBudget::GiveBack(const std::string& client, uint64_t bytes) {
  const MutexLock lock(mutex_);
  taken_ -= bytes;
  const auto of_client = clients_.find(client);
  if (of_client == clients_.end()) return;
  of_client->second -= bytes;
  if (of_client->second == 0) clients_.erase(of_client);
}

}  // namespace winnow
