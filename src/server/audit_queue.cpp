#include "server/audit_queue.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/log.h"
#include "store/store_deadline.h"

namespace winnow {
namespace {

std::string Described(const AuditEntry& entry) {
  return fmt::format("change by {}: {} {} {}", entry.actor, entry.action, entry.subject, entry.details);
}

}  // namespace

Result<void> AuditQueue::Append(const AuditEntry& entry) const {
  const std::shared_ptr<Store> store = store_();
  if (store == nullptr) return Fail(ErrorCode::kNetwork, "the store is not available");
  return store->AppendAudit(entry);
}

void AuditQueue::Add(AuditEntry entry) {
  if (entry.event_key.empty()) entry.event_key = RandomKey();  // so that another attempt does not store it twice
  const MutexLock lock(mutex_);
  if (waiting_.size() < most_waiting_) {
    waiting_.push_back({std::move(entry)});
  } else {
    LogWarning("{} is not in the audit log, because too many changes wait for the store", Described(entry));
  }
}

void AuditQueue::WriteWaiting() {
  // What a store that hangs does not take stays in the queue.
  const StoreDeadline deadline(StoreDeadline::Clock::now() + std::chrono::seconds(5));
  while (true) {
    AuditEntry entry;
    {
      const MutexLock lock(mutex_);
      if (waiting_.empty()) return;
      entry = waiting_.front().entry;
    }
    const Result<void> appended = Append(entry);
    if (!appended && IsOutage(appended.error())) return ReportWaiting();
    if (!appended) LogWarning("{} is not in the audit log: {}", Described(entry), appended.error().message);
    const MutexLock lock(mutex_);
    // Another caller may have written it meanwhile.
    if (!waiting_.empty() && waiting_.front().entry.event_key == entry.event_key) waiting_.pop_front();
  }
}

void AuditQueue::ReportWaiting() {
  const MutexLock lock(mutex_);
  for (auto waiting = waiting_.rbegin(); waiting != waiting_.rend() && !waiting->reported; ++waiting) {
    LogWarning("{} waits for the store, and is not in the audit log yet", Described(waiting->entry));
    waiting->reported = true;
  }
}

size_t AuditQueue::waiting() const {
  const MutexLock lock(mutex_);
  return waiting_.size();
}

}  // namespace winnow
