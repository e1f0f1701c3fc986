#include "client/server_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/json_strings.h"
#include "base/log.h"
#include "base/suggest.h"
#include "decide/decide.h"

namespace winnow {
namespace {

constexpr size_t kMaxMessageBytes = 500;  // of what a server says
// A server tells nothing while it computes, and a batch of long texts takes a small machine its time.
constexpr std::chrono::minutes kPatience{5};

HttpOptions OptionsOf(const ServerAccess& access) {
  HttpOptions options;
  options.bearer_token = access.api_key;
  options.unix_socket = access.address.unix_socket;
  options.follow_redirects = false;  // the key is for this server
  options.retries = access.retries;
  options.unanswered_retries = access.unanswered_retries;
  options.backoff = access.backoff;
  options.max_backoff = std::chrono::milliseconds(4000);
  options.stall_timeout = kPatience;
  options.max_body_bytes = uint64_t{1} << 30;
  if (access.stopped) options.progress = [stopped = access.stopped](uint64_t, uint64_t) { return !stopped(); };
  return options;
}

/// Nothing for text that is not valid JSON, or that is nested deeper than ParseJsonLeniently allows.
std::optional<Json> Parsed(const std::string& body) {
  Result<Json> json = ParseJsonLeniently(body, JsonOrder::kAsWritten);
  if (!json) return std::nullopt;
  return *std::move(json);
}

/// A member that is a string; or empty.
std::string StringOf(const Json& object, const char* name) {
  const Json* found = object.Find(name);
  return found != nullptr && found->is_string() ? found->str() : "";
}

/// What the server says went wrong; empty where it isn't ours, whose errors are {"error": ...}.
std::string ServerMessage(const HttpAnswer& answer) {
  const auto json = Parsed(answer.body);
  if (!json || !json->is_object()) return "";
  std::string message = Printable(StringOf(*json, "error"));
  if (message.size() > kMaxMessageBytes) message.resize(kMaxMessageBytes);
  return message;
}

std::string Names(std::span<const RemoteModelInfo> models) {
  std::string names;
  for (const RemoteModelInfo& model : models) names += (names.empty() ? "" : ", ") + Printable(model.name);
  return names;
}

/// A text of several segments is a list of them.
Json TextToSend(InputTextView text) {
  if (!text.has_rest()) return text.joined();
  Json segments = Json::array({text.first()});
  while (text.has_rest()) {
    text = text.rest();
    segments.push_back(text.first());
  }
  return segments;
}

}  // namespace

Result<ServerAddress> ServerAddress::Parse(std::string_view url) {
  const auto wrong = [&](std::string_view why) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("--server {}: {}", Printable(url), why),
                "specify an address such as http://127.0.0.1:8080 or unix:///run/winnow.sock");
  };
  constexpr std::string_view kUnix = "unix://";
  if (url.starts_with(kUnix)) {
    url.remove_prefix(kUnix.size());
    if (!url.starts_with('/')) return wrong("a Unix socket requires an absolute path");
    return ServerAddress{fmt::format("unix://{}", url), "http://localhost", std::string(url)};
  }
  std::string text(url);
  const size_t scheme = text.find("://");
  if (scheme == std::string::npos) {
    text = "http://" + text;
  } else if (!text.starts_with("http://") && !text.starts_with("https://")) {
    return wrong("only http, https and unix are supported");
  }
  if (text.find_first_of("?# \t\r\n") != std::string::npos) return wrong("not a valid server address");
  while (text.ends_with('/')) text.pop_back();
  constexpr std::string_view kRoute = "/v1/classify";
  if (text.ends_with(kRoute)) text.resize(text.size() - kRoute.size());
  if (text.ends_with(':') || text.ends_with('/')) return wrong("the host is missing");
  std::string shown = text;
  const size_t host = text.find("://") + 3;
  if (const size_t at = text.rfind('@', text.find('/', host)); at != std::string::npos && at > host) {
    shown.erase(host, at - host + 1);
  }
  return ServerAddress{std::move(shown), std::move(text), ""};
}

bool ServerAddress::IsOpen() const {
  if (!unix_socket.empty() || shown.starts_with("https:")) return false;
  const std::string_view host = std::string_view(shown).substr(std::string_view("http://").size());
  return !host.starts_with("127.") && !host.starts_with("[::1]") && host.substr(0, host.find(':')) != "localhost";
}

ServerClient::ServerClient(const ServerAccess& access)
    : address_(access.address), has_key_(!access.api_key.empty()), client_(OptionsOf(access)) {}

Error ServerClient::Unlike(std::string_view problem) const {
  return {ErrorCode::kNetwork, fmt::format("{} {}", address_.shown, problem),
          "check that this is the address of a Winnow server ('winnow serve'), such as http://127.0.0.1:8080"};
}

Error ServerClient::Unanswered(Error error) const {
  if (error.code != ErrorCode::kNetwork || error.hint.find("certificate") != std::string::npos) return error;
  // After the url, which the address says in fewer words.
  const size_t reason = error.message.find(": ");
  error.message = fmt::format("{}: no response: {}", address_.shown,
                              error.message.substr(reason == std::string::npos ? 0 : reason + 2));
  error.hint = "check that the server is running at this address; 'winnow serve MODEL' starts one";
  return error;
}

Error ServerClient::Refused(const HttpAnswer& answer, size_t texts) const {
  const std::string said = ServerMessage(answer);
  const auto with = [&](ErrorCode code, std::string_view otherwise, std::string hint) {
    return Error{code,
                 fmt::format("{}: {} (status {})", address_.shown, said.empty() ? otherwise : said, answer.status),
                 std::move(hint)};
  };
  switch (answer.status) {
    case 401:
      return has_key_
                 ? with(ErrorCode::kInvalidArgument, "the API key is not accepted",
                        "the key may be mistyped, revoked or expired; the operator of the server can create a new one")
                 : with(ErrorCode::kInvalidArgument, "an API key is required",
                        "set WINNOW_API_KEY, or specify a file that contains the key with --api-key-file");
    case 403:
      return with(ErrorCode::kInvalidArgument, "access denied",
                  has_key_ ? "the API key requires the role 'classify'"
                           : "an API key may be required: set WINNOW_API_KEY, or specify a file with --api-key-file");
    case 404:
      if (said.empty()) return Unlike("has no /v1/classify (status 404)");
      return with(ErrorCode::kNotFound, "", "omit --model to use the default model of the server");
    case 413:
      return with(ErrorCode::kInvalidArgument, "the request is too large",
                  texts > 1 ? "use a smaller --batch-size, or shorten the longest text"
                            : "the server does not accept texts of this length; shorten the text");
    case 422:
      return with(ErrorCode::kInvalidArgument, "the request was rejected", "");
    case 429:
      return with(ErrorCode::kNetwork, "too many requests", "the server is busy; try again later");
    default:
      break;
  }
  if (answer.status >= 300 && answer.status < 400) {
    const std::string target = Printable(answer.LastHeader("location").value_or("another address"));
    return {ErrorCode::kNetwork, fmt::format("{} redirects to {}", address_.shown, target),
            "use that address for --server"};
  }
  if (answer.status >= 500) {
    if (said.empty() && answer.status < 502)
      return Unlike(fmt::format("cannot serve requests (status {})", answer.status));
    return with(ErrorCode::kNetwork, "the server failed",
                answer.status == 503 ? "the server may be starting or stopping; see its log and GET /models"
                                     : "see the log of the server");
  }
  if (said.empty()) return Unlike(fmt::format("responds with status {}", answer.status));
  return with(ErrorCode::kNetwork, "", "");
}

Result<std::vector<RemoteModelInfo>> ServerClient::Models() {
  Result<HttpAnswer> answer = client_.Get(address_.base + "/models");
  if (!answer) return std::unexpected(Unanswered(std::move(answer).error()));
  if (answer->status == 401 || answer->status >= 500) return std::unexpected(Refused(*answer, 0));
  std::vector<RemoteModelInfo> models;
  if (!answer->ok()) return models;
  const auto json = Parsed(answer->body);
  if (!json || !json->is_object() || !json->contains("models") || !(*json)["models"].is_array()) {
    return std::unexpected(Unlike("does not list models in the format of winnow serve"));
  }
  for (const Json& each : (*json)["models"]) {
    if (!each.is_object()) continue;
    RemoteModelInfo& model = models.emplace_back();
    model.name = StringOf(each, "name");
    model.version = StringOf(each, "version");
    model.text_template = StringOf(each, "text_template");
    if (const Json* const found = each.Find("default"); found != nullptr) model.is_default = *found == true;
    if (const Json* const aliases = each.Find("aliases"); aliases != nullptr) model.aliases = StringsAmong(*aliases);
  }
  return models;
}

Result<std::vector<Json>> ServerClient::Classify(const ClassifyRequest& request, std::span<const InputTextView> texts) {
  Json body = {{"texts", Json::array()}};
  if (request.threshold) {
    body["threshold"] = *request.threshold;
  } else if (request.mode != Mode::kModerate) {
    body["mode"] = ModeName(request.mode);
  }
  for (const InputTextView& text : texts) body["texts"].push_back(TextToSend(text));
  if (!request.model.empty()) body["model"] = request.model;
  if (request.top_k > 0) body["top_k"] = request.top_k;
  if (request.explain) body["explain"] = true;
  Result<HttpAnswer> answer = client_.Post(address_.base + "/v1/classify", body.dump(), "application/json");
  if (!answer) return std::unexpected(Unanswered(std::move(answer).error()));
  if (!answer->ok()) return std::unexpected(Refused(*answer, texts.size()));
  auto json = Parsed(answer->body);
  if (!json || !json->is_object() || !json->contains("results") || !(*json)["results"].is_array()) {
    return std::unexpected(Unlike("does not respond in the format of winnow serve"));
  }
  Json& results = (*json)["results"];
  if (results.size() != texts.size()) {
    return std::unexpected(Unlike(fmt::format("returns {} predictions for {} texts", results.size(), texts.size())));
  }
  std::vector<Json> answers;
  for (Json& result : results) {
    if (!result.is_object()) return std::unexpected(Unlike("does not respond in the format of winnow serve"));
    if (request.explain && !result.contains("explanation")) {
      return Fail(ErrorCode::kUnsupported, fmt::format("{} does not support explanations", address_.shown),
                  "omit --explain, or use the model's directory without --server");
    }
    if (request.threshold && !result.contains("threshold")) {
      return Fail(ErrorCode::kUnsupported, fmt::format("{} does not support decision thresholds", address_.shown),
                  "omit --threshold, or use the model's directory without --server");
    }
    answers.push_back(std::move(result));
  }
  return answers;
}

Result<const RemoteModelInfo*> FindModel(std::span<const RemoteModelInfo> models, std::string_view wanted,
                                         const ServerAddress& address) {
  if (models.empty()) return nullptr;
  if (wanted.empty()) {
    const auto found = std::ranges::find(models, true, &RemoteModelInfo::is_default);
    return found == models.end() ? &models.front() : &*found;
  }
  const std::string_view name = wanted.substr(0, wanted.find_first_of(":@"));
  const RemoteModelInfo* of_that_name = nullptr;
  for (const RemoteModelInfo& model : models) {
    if (wanted == model.name + ":" + model.version || wanted == model.name) return &model;
    for (const std::string& alias : model.aliases) {
      if (wanted == alias || wanted == model.name + "@" + alias) return &model;
    }
    if (name == model.name && of_that_name == nullptr) of_that_name = &model;
  }
  if (of_that_name != nullptr) return of_that_name;  // of a version or alias that the server itself may know
  std::vector<std::string> names;
  for (const RemoteModelInfo& model : models) names.push_back(model.name);
  return Fail(
      ErrorCode::kNotFound,
      fmt::format("{} has no model '{}'; it has {}", address.shown, Printable(wanted), Names(models)),
      DidYouMean(name, names,
                 "specify one of these with --model; without it, a first argument of one word is the name of a model"));
}

}  // namespace winnow
