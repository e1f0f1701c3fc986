#include "milter/mail_checker.h"

#include <utility>

#include "base/log.h"

namespace winnow {

std::unique_ptr<MailCheckClient> MailChecker::TakeClient() {
  {
    const MutexLock lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<MailCheckClient> client = std::move(idle_.back());
      idle_.pop_back();
      return client;
    }
  }
  return std::make_unique<MailCheckClient>(options_.check);
}

void MailChecker::ReturnClient(std::unique_ptr<MailCheckClient> client) {
  constexpr size_t kMostIdle = 64;
  const MutexLock lock(mutex_);
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(client));
}

MilterAnswer MailChecker::Fail(MailCheckFailure kind, std::string_view message) {
  std::optional<std::string> line;
  {
    const MutexLock lock(mutex_);
    line = failures_.Failed(static_cast<int>(kind), message);
  }
  if (line) {
    LogWarning("{}; messages that cannot be checked are {}", *line,
               options_.on_error == ErrorAction::kAccept ? "delivered without a check" : "deferred with status 451");
  }
  return AnswerForFailure(options_.on_error);
}

MilterAnswer MailChecker::Check(const MailCollector& mail, const MailDelivery& delivery) {
  if (mail.too_large()) return AnswerForLarge(mail.size());
  std::unique_ptr<MailCheckClient> client = TakeClient();
  const std::expected<MailVerdict, MailCheckError> verdict = client->Check(mail.mail(), delivery);
  ReturnClient(std::move(client));
  if (verdict) {
    LogDebug("{}: {} (score {:.2f}, {} bytes)", Printable(delivery.queue_id), verdict->is_spam ? "spam" : "ham",
             verdict->score, mail.size());
    return AnswerFor(*verdict, options_.on_spam);
  }
  if (verdict.error().kind == MailCheckFailure::kTooLarge) return AnswerForLarge(mail.size());
  return Fail(verdict.error().kind, verdict.error().message);
}

}  // namespace winnow
