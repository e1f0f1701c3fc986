#include "store/time_text.h"

#include <fmt/format.h>

#include <charconv>

#include "base/ascii.h"

namespace winnow {
namespace {

/// Removes `digits` digits from the front of the text.
std::optional<int> TakeNumber(std::string_view& text, size_t digits) {
  int number = 0;
  if (text.size() < digits) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
  if (error != std::errc() || end != text.data() + digits || number < 0) return std::nullopt;
  text.remove_prefix(digits);
  return number;
}

bool Take(std::string_view& text, std::string_view any) {
  if (text.empty() || any.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

int TakeFraction(std::string_view& text) {
  int milliseconds = 0, place = 100;
  while (!text.empty() && IsAsciiDigit(text.front())) {
    milliseconds += (text.front() - '0') * place;
    place /= 10;
    text.remove_prefix(1);
  }
  return milliseconds;
}

}  // namespace

StoreTime StoreNow() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

std::string TimeText(StoreTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::optional<StoreTime> ParseTimeText(std::string_view text) {
  const auto year = TakeNumber(text, 4);
  if (!year || !Take(text, "-")) return std::nullopt;
  const auto month = TakeNumber(text, 2);
  if (!month || !Take(text, "-")) return std::nullopt;
  const auto day = TakeNumber(text, 2);
  if (!day || !Take(text, "T ")) return std::nullopt;
  const auto hour = TakeNumber(text, 2);
  if (!hour || !Take(text, ":")) return std::nullopt;
  const auto minute = TakeNumber(text, 2);
  if (!minute || !Take(text, ":")) return std::nullopt;
  const auto second = TakeNumber(text, 2);
  if (!second) return std::nullopt;
  const int milliseconds = Take(text, ".") ? TakeFraction(text) : 0;
  if (text != "Z" && text != "+00") return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + std::chrono::milliseconds(milliseconds);
}

}  // namespace winnow
