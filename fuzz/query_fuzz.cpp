// Any text as what requests have beside their body: queries, Last-Event-ID, cookies, names of models and files.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bundle/model_name.h"
#include "bundle/model_version.h"
#include "server/api_keys.h"
#include "server/data_request.h"
#include "server/query_parameters.h"
#include "server/run_stream.h"
#include "server/session.h"
#include "workspace/file_name.h"

namespace {

const winnow::Json& Schema() {
  static const winnow::Json schema = winnow::ReadingQuery(winnow::ParsedJson(
      R"({"user": {"type": "string"}, "limit": {"type": "integer"}, "from": {"type": "number"}, "all": {"type": "boolean"}})"));
  return schema;
}

void ReadQuery(std::string_view text) {
  winnow::HttpRequest request;
  request.query = text;
  request.headers = {{"if-match", std::string(text)}};
  const auto query = winnow::QueryParameters::Read(request, Schema());
  if (!query) {
    if (query.error().status != 422) std::abort();
    return;
  }
  if (const auto limit = query->Integer("limit", 7, -5, 1000); limit && (*limit < -5 || *limit > 1000)) std::abort();
  if (const auto number = query->Number("from"); number && *number && !std::isfinite(**number)) std::abort();
  static_cast<void>(query->Flag("all"));
  static_cast<void>(winnow::VersionIn(request, *query));
  static_cast<void>(winnow::ReadReadingRequest(request, Schema()));
}

void ReadCookie(std::string_view text) {
  static const winnow::ApiKeys kKeys =
      winnow::ApiKeys::Parse("anna admin sha256:" + std::string(32, '0') + ":" + std::string(64, '0') + "\n", "fuzz")
          .value();
  static const winnow::Sessions kSessions(winnow::Secret(std::string(64, 's')));
  static const auto kNow = std::chrono::system_clock::now();
  const std::string_view cookie = winnow::SessionCookieIn(text);
  if (cookie.find(';') != std::string_view::npos) std::abort();
  // Nobody can make a cookie without the secret.
  if (kSessions.Find(cookie, kKeys, kNow) != nullptr || kSessions.Find(text, kKeys, kNow) != nullptr) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReadQuery(text);
  ReadCookie(text);
  if (const auto place = winnow::ParseRunPlace(text); place && place->event < 0) std::abort();
  static_cast<void>(winnow::ParseModelSpec(text));
  static_cast<void>(winnow::ParseModelAlias(text));
  if (winnow::CheckDataFileName(text) &&
      (text.empty() || text.front() == '.' || text.find('/') != std::string_view::npos))
    std::abort();
  if (winnow::IsApiKeySecret(text) && text.find_first_of(" \n\t") != std::string_view::npos) std::abort();
  if (const auto day = winnow::ParseDay(text); day && winnow::ParseDay(winnow::DayText(*day)) != day) std::abort();
  return 0;
}
