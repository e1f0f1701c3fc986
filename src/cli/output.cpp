#include "cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "base/console.h"
#include "text/utf8.h"

namespace winnow {
namespace {

bool closed = false;

Result<void> OutputError() {
  closed = closed || errno == EPIPE;
  return Fail(ErrorCode::kIo, std::string("cannot write to standard output: ") + std::strerror(errno));
}

/// Not the joiners and variation selectors that scripts and emoji are written with.
bool ChangesTerminal(char32_t c) {
  return (c >= 0x7F && c < 0xA0) || c == 0x61C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

}  // namespace

std::string ForTerminal(std::string_view text) {
  std::string shown;
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x7F) {
      shown += text[i++];
      continue;
    }
    const char32_t c = NextCodePoint(text, i);
    if (ChangesTerminal(c)) {
      shown += fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
    } else {
      AppendUtf8(c, shown);
    }
  }
  return shown;
}

Result<void> Print(std::string_view text) {
  // On a terminal a progress bar is below the output: it is removed first, and drawn again at its next step.
  const bool shown = ::isatty(STDOUT_FILENO) == 1;
  const std::string safe = shown ? ForTerminal(text) : std::string();
  if (shown) text = safe;
  const bool terminal = shown && Console::Stderr().terminal();
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
