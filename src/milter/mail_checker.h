/// The check of one message for a milter: asks the server, and decides what happens if there is no verdict.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "client/mail_check_client.h"
#include "milter/failure_log.h"
#include "milter/mail_collector.h"
#include "milter/milter_answer.h"

namespace winnow {

struct MailCheckerOptions {
  MailCheckOptions check = {};
  SpamAction on_spam = SpamAction::kHeader;
  ErrorAction on_error = ErrorAction::kAccept;
};

/// Thread-safe. Connections to the server are kept, one for each message that is being checked at the same time.
class MailChecker {
 public:
  explicit MailChecker(MailCheckerOptions options) : options_(std::move(options)) {}

  /// Returns what happens to the message. Failures are logged once per kind and minute.
  MilterAnswer Check(const MailCollector& mail, const MailDelivery& delivery);

  /// Returns what happens to a message whose check fails for a reason that only the log needs to know.
  MilterAnswer Fail(MailCheckFailure kind, std::string_view message);

 private:
  std::unique_ptr<MailCheckClient> TakeClient();
  void ReturnClient(std::unique_ptr<MailCheckClient> client);

  const MailCheckerOptions options_;
  Mutex mutex_;
  std::vector<std::unique_ptr<MailCheckClient>> idle_ GUARDED_BY(mutex_);
  FailureLog failures_ GUARDED_BY(mutex_);
};

}  // namespace winnow
