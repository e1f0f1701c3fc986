/// Ctrl-C (SIGINT) and SIGTERM: the first asks long-running work to stop at its next safe point, the second ends the
/// process. SIGHUP asks a server to read its files again.
#pragma once

#include "base/result.h"

namespace winnow {

/// Installs the handlers of SIGINT and SIGTERM. Called by commands whose work polls Interrupted, before they create
/// threads; other commands keep the system's behaviour, which is to end at once.
void HandleInterrupts();

/// Returns true if the user asked the process to stop. Thread-safe and cheap enough for an inner loop.
bool Interrupted() noexcept;

/// Returns kCancelled if the user asked the process to stop: `TRY(CheckInterrupted());`
Result<void> CheckInterrupted();

/// Installs the handler of SIGHUP, which otherwise ends the process. Called before threads are created, other than the
/// thread of HandleInterrupts.
void HandleReloads();

/// Returns true if SIGHUP has arrived since the last call. Thread-safe.
bool TakeReload() noexcept;

}  // namespace winnow
