#include "server/openai_error.h"

namespace winnow {
namespace {

/// Codes that clients of OpenAI's API compare with.
Json CodeOf(int status, std::string_view error_type) {
  if (status == 401) return "invalid_api_key";
  if (status == 404 && error_type == "NotFound") return "model_not_found";
  if (status == 429) return "rate_limit_exceeded";
  return nullptr;
}

std::string_view TypeOf(int status) {
  if (status == 401) return "authentication_error";
  if (status == 403) return "permission_error";
  if (status == 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}

Json ParamOf(int status, std::string_view error_type, std::string_view message) {
  if (status == 404 && error_type == "NotFound") return "model";
  if (!message.starts_with('\'')) return nullptr;
  const size_t end = message.find('\'', 1);
  return end == std::string_view::npos ? Json() : Json(message.substr(1, end - 1));
}

}  // namespace

Json OpenAiError(int status, std::string_view error_type, std::string_view message) {
  return {{"error",
           {{"message", message},
            {"type", TypeOf(status)},
            {"param", ParamOf(status, error_type, message)},
            {"code", CodeOf(status, error_type)}}}};
}

void FitErrorForm(const Route* route, HttpResponse& response) {
  if (route == nullptr || route->error_form != ErrorForm::kOpenAi || response.status < 400) return;
  const Result<Json> body = ParseJson(response.body, "error");
  if (!body) return;
  const Json& error = (*body)["error"];
  if (!error.is_string()) return;
  response.body = OpenAiError(response.status, body->value("error_type", ""), error.str()).dump();
}

}  // namespace winnow
