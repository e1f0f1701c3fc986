/// Ctrl-C (SIGINT) and SIGTERM: the first asks long work to stop at its next safe place, the second ends the process.
/// SIGHUP asks what serves to look at its files again.
#pragma once

#include "base/result.h"

namespace winnow {

/// Takes the signals from here on. Called by commands whose work polls, before they make threads; others keep the
/// system's behaviour, which is to end at once.
void HandleInterrupts();

/// Whether to stop. Thread-safe and cheap enough for an inner loop.
bool Interrupted() noexcept;

/// kCancelled when to stop: `TRY(CheckInterrupted());`
Result<void> CheckInterrupted();

/// Takes SIGHUP from here on, which ends the process else. Called before threads are made, HandleInterrupts' excepted.
void HandleReloads();

/// Whether SIGHUP has come since the last call. Thread-safe.
bool TakeReload() noexcept;

}  // namespace winnow
