#include "cli/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace winnow {
namespace {

Result<void> OutputError() {
  return Fail(ErrorCode::kIo, std::string("cannot write to standard output: ") + std::strerror(errno));
}

}  // namespace

Result<void> Print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) return OutputError();
  return {};
}

Result<void> FlushOutput() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) return OutputError();
  return {};
}

}  // namespace winnow
