#include "cli/output.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/console.h"

namespace winnow {
namespace {

bool closed = false;

Result<void> OutputError() {
  closed = closed || errno == EPIPE;
  return Fail(ErrorCode::kIo, std::string("cannot write to standard output: ") + std::strerror(errno));
}

}  // namespace

Result<void> Print(std::string_view text) {
  // On a terminal a progress bar is below the output: it is removed first, and drawn again at its next step.
  const bool terminal = ::isatty(STDOUT_FILENO) == 1 && Console::Stderr().terminal();
  if (terminal) Console::Stderr().SetStatus("");
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) return OutputError();
  return terminal ? FlushOutput() : Result<void>();
}

bool OutputWasClosed() { return closed; }

Result<void> FlushOutput() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return OutputError();
  return {};
}

}  // namespace winnow
