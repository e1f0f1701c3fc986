#include "artifacts/s3_time.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/ascii.h"

namespace winnow {
namespace {

using std::chrono::days;
using std::chrono::floor;

/// Takes `digits` decimal digits from the front of `text`.
std::optional<int> TakeNumber(std::string_view& text, size_t digits) {
  int value = 0;
  if (text.size() < digits || text.front() < '0') return std::nullopt;
  const char* const begin = text.data();
  const auto [end, error] = std::from_chars(begin, begin + digits, value);
  if (error != std::errc() || end != begin + digits) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

bool Take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

struct Fields {
  std::optional<int> year, month, day, hour, minute, second;
};

std::optional<S3Time> FromFields(const Fields& fields) {
  if (!fields.year || !fields.month || !fields.day || !fields.hour || !fields.minute || !fields.second)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*fields.year),
                                         std::chrono::month(static_cast<unsigned>(*fields.month)),
                                         std::chrono::day(static_cast<unsigned>(*fields.day))};
  if (!date.ok() || *fields.hour > 23 || *fields.minute > 59 || *fields.second > 60) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*fields.hour) + std::chrono::minutes(*fields.minute) +
         std::chrono::seconds(*fields.second);
}

bool TakeClock(std::string_view& text, Fields& fields) {
  fields.hour = TakeNumber(text, 2);
  if (!Take(text, ":")) return false;
  fields.minute = TakeNumber(text, 2);
  if (!Take(text, ":")) return false;
  fields.second = TakeNumber(text, 2);
  return true;
}

}  // namespace

std::string AmzDate(S3Time time) {
  const auto day = floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(floor<std::chrono::seconds>(time - day));
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::optional<S3Time> ParseIsoTime(std::string_view text) {
  Fields fields;
  fields.year = TakeNumber(text, 4);
  if (!Take(text, "-")) return std::nullopt;
  fields.month = TakeNumber(text, 2);
  if (!Take(text, "-")) return std::nullopt;
  fields.day = TakeNumber(text, 2);
  if (!Take(text, "T") || !TakeClock(text, fields)) return std::nullopt;
  int milliseconds = 0;
  if (Take(text, ".")) {
    size_t digits = 0;
    for (; !text.empty() && IsAsciiDigit(text.front()); text.remove_prefix(1), ++digits) {
      if (digits < 3) milliseconds = milliseconds * 10 + (text.front() - '0');
    }
    for (; digits < 3; ++digits) milliseconds *= 10;
  }
  if (text != "Z" && text != "+00:00") return std::nullopt;
  const std::optional<S3Time> time = FromFields(fields);
  if (!time) return std::nullopt;
  return *time + std::chrono::milliseconds(milliseconds);
}

std::optional<S3Time> ParseHttpDate(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const size_t comma = text.find(", ");
  if (comma != 3) return std::nullopt;
  text.remove_prefix(comma + 2);
  Fields fields;
  fields.day = TakeNumber(text, 2);
  if (!Take(text, " ")) return std::nullopt;
  for (size_t i = 0; i < kMonths.size(); ++i) {
    if (text.starts_with(kMonths[i])) fields.month = static_cast<int>(i) + 1;
  }
  if (!fields.month) return std::nullopt;
  text.remove_prefix(3);
  if (!Take(text, " ")) return std::nullopt;
  fields.year = TakeNumber(text, 4);
  if (!Take(text, " ") || !TakeClock(text, fields) || text != " GMT") return std::nullopt;
  return FromFields(fields);
}

}  // namespace winnow
