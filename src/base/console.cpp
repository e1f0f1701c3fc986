#include "base/console.h"

#include <unistd.h>

#include <cerrno>

#include "base/environment.h"
#include "base/line_writer.h"
#include "base/mutex.h"

namespace winnow {
namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";

void Write(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

struct Console::State {
  Mutex mutex;
  std::string status GUARDED_BY(mutex);
  std::unique_ptr<LineWriter> background GUARDED_BY(mutex);
};

Console& Console::Stderr() {
  // Never destroyed: a static object's destructor may still log.
  static Console& console = *new Console(STDERR_FILENO, IsTerminal(STDERR_FILENO));
  return console;
}

Console::Console(int fd, bool terminal) : fd_(fd), terminal_(terminal), state_(std::make_unique<State>()) {}
Console::~Console() = default;

int Console::width() const {
  constexpr int kUsualWidth = 80;
  return TerminalWidth(fd_, kUsualWidth) - 1;  // the last column would wrap on some terminals
}

void Console::WriteInBackground() {
  if (terminal_) return;
  const MutexLock lock(state_->mutex);
  if (!state_->background) state_->background = std::make_unique<LineWriter>(fd_, /*owned=*/false);
}

void Console::WriteInForeground() {
  const MutexLock lock(state_->mutex);
  state_->background.reset();
}

void Console::Print(std::string_view line) {
  const MutexLock lock(state_->mutex);
  if (state_->background) return state_->background->Write(std::string(line));
  std::string text;  // one write a line, so that lines of several processes don't mix
  if (!state_->status.empty()) text += kEraseLine;
  text += line;
  text += '\n';
  text += state_->status;
  Write(fd_, text);
}

void Console::SetStatus(std::string_view line) {
  if (!terminal_) return;
  const MutexLock lock(state_->mutex);
  if (line.empty() && state_->status.empty()) return;
  state_->status = line;
  Write(fd_, std::string(kEraseLine) + state_->status);
}

}  // namespace winnow
