#include "server/filter_request.h"

#include <fmt/format.h>

#include "base/log.h"
#include "server/ask_store.h"
#include "server/json_request.h"

namespace winnow {
namespace {

constexpr size_t kLongestName = 1024;

}  // namespace

ApiResult<void> CheckName(const std::string& value, const char* name) {
  if (value.size() > kLongestName) {
    return Reject(fmt::format("'{}' has {} bytes; at most {} are allowed", name, value.size(), kLongestName));
  }
  if (value.find('\0') != std::string::npos) return Reject(fmt::format("'{}' contains a zero byte", name));
  return {};
}

ApiResult<std::string> NameOr(const Json& object, const char* name) {
  std::string value = TRY(StringOr(object, name, ""));
  TRY(CheckName(value, name));
  return value;
}

ApiResult<std::string> NameInPath(const HttpRequest& request, size_t parameter, const char* name) {
  const std::string& value = request.parameters.at(parameter);
  TRY(CheckName(value, name));
  return value;
}

ApiError StoreError(const Error& error) {
  if (error.code == ErrorCode::kExists) {
    return {.status = 409,
            .type = "Conflict",
            .message = "the Idempotency-Key was used for other feedback; send a new key"};
  }
  if (error.code == ErrorCode::kInvalidArgument || error.code == ErrorCode::kInvalidData) {
    return {.message = error.message};
  }
  LogWarning("a request failed in the store: {}", error.message);
  return OutOfReach("the store is not available; try again later");
}

AuditEntry AuditOf(const HttpRequest& request, std::string action, std::string subject, const Json& details) {
  return {.actor = request.key.empty() ? "address:" + request.client : "key:" + request.key,
          .action = std::move(action),
          .subject = std::move(subject),
          .details = details.dump()};
}

}  // namespace winnow
