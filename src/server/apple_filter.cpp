#include "server/apple_filter.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/log.h"

namespace winnow {
namespace {

constexpr std::string_view kPromotion = "promotion";
constexpr std::string_view kTransaction = "transaction";

constexpr AppleAction kSubActions[] = {
    {kPromotion, "promotionalOthers"},        {kPromotion, "promotionalOffers"},
    {kPromotion, "promotionalCoupons"},       {kTransaction, "transactionalOthers"},
    {kTransaction, "transactionalFinance"},   {kTransaction, "transactionalOrders"},
    {kTransaction, "transactionalReminders"}, {kTransaction, "transactionalHealth"},
    {kTransaction, "transactionalWeather"},   {kTransaction, "transactionalCarrier"},
    {kTransaction, "transactionalRewards"},   {kTransaction, "transactionalPublicServices"},
};

/// The letters a to z of a text, in lower case.
std::string Letters(std::string_view text) {
  std::string letters;
  for (const char c : text) {
    if (IsAsciiLetter(c)) letters += LowerAscii(c);
  }
  return letters;
}

}  // namespace

AppleAction AppleActionOf(const Verdict& verdict) {
  if (verdict.is_spam) return {.action = "junk"};
  const std::string label = Letters(verdict.other_label);
  if (label == "promotion" || label == "promotions" || label == "promotional") return {.action = kPromotion};
  if (label == "transaction" || label == "transactions" || label == "transactional") return {.action = kTransaction};
  for (const AppleAction& sub : kSubActions) {
    if (label == Letters(sub.sub_action)) return sub;
  }
  return {};
}

Result<void> CheckAppleAppIds(const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    const size_t dot = id.find('.');
    const bool valid = dot != std::string::npos && dot > 0 && dot + 1 < id.size() &&
                       std::ranges::all_of(id, [](char c) { return IsAsciiAlphanumeric(c) || c == '.' || c == '-'; });
    if (valid) continue;
    return Fail(ErrorCode::kInvalidArgument, fmt::format("--apple-app-id {}: not the ID of an app", Printable(id)),
                "specify the team ID, a dot and the bundle ID of the app that contains the extension, such as "
                "A1B2C3D4E5.com.example.filter");
  }
  return {};
}

}  // namespace winnow
