/// A milter: a process that a mail server (Postfix, Sendmail) asks about each message while it is being received. It
/// collects the message and its envelope, has a server of ours check it, and adds headers, quarantines or rejects it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "base/result.h"
#include "milter/mail_checker.h"

namespace winnow {

struct MilterOptions {
  std::string listen;          ///< address that ParseMilterAddress accepts
  size_t max_bytes = 8 << 20;  ///< larger messages are delivered without a check
  MailCheckerOptions checker = {};
};

/// Runs the milter until SIGTERM, SIGINT or SIGHUP arrives; then finishes the checks in progress. `listening` is called
/// once mail servers can connect. Must be called once per process, by its first thread before there are other threads:
/// libmilter has one global state and handles signals itself. Errors: kIo if the milter cannot listen at its address,
/// or libmilter fails.
Result<void> RunMilter(const MilterOptions& options, const std::function<void()>& listening);

}  // namespace winnow
