#include "base/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/log.h"
#include "base/parse_number.h"

namespace winnow {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kRedrawEvery = milliseconds(100);
// Off a terminal (a log file, CI): a line for each tenth, but not more often than the first, and at the latest the
// second.
constexpr auto kLineNoSoonerThan = seconds(1);
constexpr auto kLineNoLaterThan = seconds(10);
constexpr int kLogWidth = 120;
constexpr double kShareForEstimate = 0.02;
constexpr auto kTimeForEstimate = seconds(60);

std::atomic<bool> shown = true;

}  // namespace

void SetProgressShown(bool value) { shown = value; }

ProgressBar::ProgressBar(std::string label, int64_t total, ProgressUnit unit)
    : ProgressBar(std::move(label), total, Console::Stderr(), std::chrono::steady_clock::now, unit) {}

ProgressBar::ProgressBar(std::string label, int64_t total, Console& console, Clock clock, ProgressUnit unit)
    : label_(std::move(label)),
      unit_(unit),
      console_(shown ? &console : nullptr),
      json_(CurrentLogFormat() == LogFormat::kJson),
      redrawn_(console.terminal() && !json_),
      clock_(std::move(clock)),
      begin_(clock_()),
      total_(total),
      next_draw_(begin_.time_since_epoch().count()),
      last_line_(begin_) {
  if (console_ != nullptr && redrawn_) MaybeDraw(true);
}

ProgressBar::~ProgressBar() {
  if (console_ != nullptr && !finished_) console_->SetStatus("");
}

void ProgressBar::Advance(int64_t steps) {
  done_.fetch_add(steps, std::memory_order_relaxed);
  MaybeDraw(false);
}

void ProgressBar::Set(int64_t done) {
  done_.store(done, std::memory_order_relaxed);
  MaybeDraw(false);
}

void ProgressBar::StartAt(int64_t done) {
  first_.store(done, std::memory_order_relaxed);
  Set(done);
}

double ProgressBar::OwnPart() const {
  const int64_t first = first_.load(std::memory_order_relaxed);
  const auto own = static_cast<double>(total_.load(std::memory_order_relaxed) - first);
  const auto done = static_cast<double>(done_.load(std::memory_order_relaxed) - first);
  return own > 0 ? std::clamp(done / own, 0.0, 1.0) : 0;
}

void ProgressBar::SetTotal(int64_t total) { total_.store(total, std::memory_order_relaxed); }

void ProgressBar::SetField(std::string_view name, std::string value) {
  const MutexLock lock(mutex_);
  for (auto& [known, old] : fields_) {
    if (known == name) {
      old = std::move(value);
      return;
    }
  }
  fields_.emplace_back(name, std::move(value));
}

void ProgressBar::MaybeDraw(bool first) {
  if (console_ == nullptr) return;
  const Time now = clock_();
  Time::rep due = next_draw_.load(std::memory_order_relaxed);
  if (now.time_since_epoch().count() < due) return;
  const auto next = std::chrono::duration_cast<Time::duration>(kRedrawEvery) + now.time_since_epoch();
  if (!next_draw_.compare_exchange_strong(due, next.count(), std::memory_order_relaxed))
    return;  // another thread draws
  const MutexLock lock(mutex_);
  if (finished_) return;
  if (redrawn_) {
    console_->SetStatus(LineLocked(console_->width(), now, Look::kBar));
    return;
  }
  const int64_t total = total_.load(std::memory_order_relaxed);
  const int64_t tenth = total > 0 ? done_.load(std::memory_order_relaxed) * 10 / total : 0;
  const auto since = now - last_line_;
  // A program that reads the lines shows them as they come.
  const bool due_line = (json_ && since >= kLineNoSoonerThan) ||
                        (tenth >= next_tenth_ && tenth < 10 && since >= kLineNoSoonerThan) || since >= kLineNoLaterThan;
  if (first || !due_line) return;
  next_tenth_ = tenth + 1;
  last_line_ = now;
  console_->Print(json_ ? JsonLocked(now) : LineLocked(kLogWidth, now, Look::kLog));
}

void ProgressBar::Finish() {
  const MutexLock lock(mutex_);
  if (std::exchange(finished_, true) || console_ == nullptr) return;
  console_->SetStatus("");
  console_->Print(json_ ? JsonLocked(clock_())
                        : LineLocked(console_->terminal() ? console_->width() : kLogWidth, clock_(), Look::kLast));
}

std::string ProgressBar::Line(int width) const {
  const MutexLock lock(mutex_);
  return LineLocked(width, clock_(), Look::kBar);
}

std::string ProgressBar::Fields(size_t count) const {
  std::string text;
  for (size_t i = 0; i < count; ++i) {
    const auto& [name, value] = fields_[i];
    text += name.empty() ? "  " : "  " + name + " ";
    text += value;
  }
  return text;
}

std::string ProgressBar::JsonLocked(Time now) const {
  Json line;
  line["time"] = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  line["level"] = "progress";
  line["message"] = label_;
  line["done"] = done_.load(std::memory_order_relaxed);
  if (const int64_t total = total_.load(std::memory_order_relaxed); total > 0) line["total"] = total;
  const double elapsed = std::chrono::duration<double>(now - begin_).count();
  line["seconds"] = elapsed;
  if (const double part = OwnPart(); part > 0) line["remaining_seconds"] = elapsed * (1 - part) / part;
  for (const auto& [name, value] : fields_) {
    const std::string key = name.empty() ? "rate" : name;
    const std::optional<double> number = ParseNumber<double>(value);
    line[key] = number ? Json(*number) : Json(value);
  }
  return line.dump();
}

std::string ProgressBar::LineLocked(int width, Time now, Look look) const {
  const size_t columns = static_cast<size_t>(std::max(width, 1));
  const int64_t total = total_.load(std::memory_order_relaxed);
  const int64_t done = done_.load(std::memory_order_relaxed);
  const auto elapsed = std::chrono::duration_cast<seconds>(now - begin_);
  const double part = total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0) : 0;

  std::string count = FormatCount(done);
  if (total > 0) count = fmt::format("{:3.0f} %  {}/{}", 100 * part, FormatCount(done), FormatCount(total));
  if (unit_ == ProgressUnit::kPercent) count = fmt::format("{:3.0f} %", 100 * part);
  std::string time = FormatDuration(elapsed);
  // The first steps are slower than later ones, so that an estimate by them would be far too long.
  const double own = OwnPart();
  if (look != Look::kLast && own > 0 && (own >= kShareForEstimate || elapsed >= kTimeForEstimate)) {
    const auto left = std::chrono::duration<double>(now - begin_) * (1 - own) / own;
    time = FormatDuration(std::chrono::round<seconds>(left)) + " left";
  }

  // What doesn't fit goes: first fields, from the last; then the time; then all but the label.
  size_t fields = fields_.size();
  const auto text = [&](const std::string& bar) REQUIRES(mutex_) {
    return fmt::format("{}  {}{}{}  {}", label_, bar, count, Fields(fields), time);
  };
  while (fields > 0 && text("").size() > columns) --fields;
  std::string line = text("");
  if (line.size() > columns) line = label_ + "  " + count;
  if (line.size() > columns) return label_.substr(0, columns);
  if (look != Look::kBar || total <= 0 || fields < fields_.size()) return line;

  constexpr size_t kNarrowest = 10, kWidest = 30, kAround = 4;  // "[", "]" and two spaces
  if (line.size() + kNarrowest + kAround > columns) return line;
  const size_t cells = std::min(kWidest, columns - line.size() - kAround);
  const auto filled = static_cast<size_t>(part * static_cast<double>(cells));
  std::string bar(cells, ' ');
  std::fill_n(bar.begin(), filled, '=');
  if (filled < cells && done > 0) bar[filled] = '>';
  return text("[" + bar + "]  ");
}

std::string FormatDuration(std::chrono::seconds duration) {
  const int64_t all = std::max<int64_t>(duration.count(), 0);
  const int64_t hours = all / 3600, minutes = all / 60 % 60, rest = all % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, rest) : fmt::format("{}:{:02}", minutes, rest);
}

std::string FormatCount(int64_t count) {
  std::string digits = fmt::format("{}", count);
  const size_t sign = count < 0 ? 1 : 0;
  for (size_t i = digits.size(); i > sign + 3; i -= 3) digits.insert(i - 3, 1, ',');
  return digits;
}

}  // namespace winnow
