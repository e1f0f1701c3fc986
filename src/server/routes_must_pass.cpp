/// The must-pass list: what the filter says now about messages whose verdict is settled.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "filter/filter_model.h"
#include "server/audit.h"
#include "server/filter_request.h"
#include "server/must_pass_file.h"
#include "server/service.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr char kMustPassTag[] = "Filter";

using SharedFile = std::shared_ptr<MustPassFile>;

ApiError FileError(const Error& error) {
  if (error.code == ErrorCode::kNotFound) return {.status = 404, .type = "NotFound", .message = error.message};
  if (error.code == ErrorCode::kInvalidArgument) return {.message = error.message};
  return {.status = 503, .type = "Unavailable", .message = error.message};
}

Json CaseJson(const MustPassCase& expected) {
  const FilterMessage& message = expected.message;
  const auto optional = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  return {{"id", MustPassId(expected)},           {"text", message.subject.empty() ? message.text : message.body},
          {"subject", optional(message.subject)}, {"sender", optional(message.sender)},
          {"note", optional(expected.note)},      {"isSpam", expected.spam}};
}

/// The messages on their way to their verdicts.
struct Checks {
  std::vector<MustPassCase> cases;
  std::vector<FilterProgress> progress;  // of each case
  std::vector<Verdict> verdicts;         // likewise
  std::vector<size_t> asked;             // the cases that the model decides
};

HttpResponse ListResponse(const Checks& checks) {
  Json messages = Json::array();
  size_t right = 0;
  for (size_t i = 0; i < checks.cases.size(); ++i) {
    Json json = CaseJson(checks.cases[i]);
    Json verdict = VerdictJson(checks.verdicts[i]);
    verdict.erase("id");  // of no message of the history
    const bool is_right = checks.verdicts[i].is_spam == checks.cases[i].spam;
    right += is_right ? 1 : 0;
    json["verdict"] = std::move(verdict);
    json["right"] = is_right;
    messages.push_back(std::move(json));
  }
  return JsonResponse({{"messages", std::move(messages)}, {"right", right}, {"total", checks.cases.size()}});
}

/// Asks the model about the messages that no step before it decides.
void Classify(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
              const std::shared_ptr<Checks>& checks, const ApiResult<ModelSet::Model>& model) {
  const SpamFilter& filter = service->filter->filter();
  if (!model || !CheckFilterModel((*model)->classifier())) {
    for (const size_t i : checks->asked) checks->verdicts[i] = filter.FallBack(checks->progress[i]);
    return reply(ListResponse(*checks));
  }
  ServedModel::Request texts;
  for (const size_t i : checks->asked)
    texts.texts.push_back(TextForModel(checks->cases[i].message, (*model)->classifier().text_template()));
  texts.options = checks->progress[checks->asked.front()].options();
  SetOrigin(*service, *request, texts);
  texts.defer = {};
  (*model)->Classify(std::move(texts), [service, reply, checks, model = *model](
                                           const ApiResult<std::vector<ClassifiedText>>& results, const ServedTimes&) {
    if (!results) return reply(results.error().Response());
    for (size_t k = 0; k < checks->asked.size(); ++k) {
      const size_t i = checks->asked[k];
      checks->verdicts[i] = service->filter->filter().Decide(std::move(checks->progress[i]),
                                                             AnswerOf(model->classifier(), (*results)[k]));
    }
    reply(ListResponse(*checks));
  });
}

void CheckTexts(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
                const MustPassFile& file) {
  Result<std::vector<MustPassCase>> cases = file.Read();
  if (!cases) return reply(FileError(cases.error()).Response());
  const auto checks = std::make_shared<Checks>();
  checks->cases = *std::move(cases);
  for (const MustPassCase& each : checks->cases) {
    // Reputation is left out: the list tells what the filter thinks of the messages themselves.
    checks->progress.push_back(service->filter->filter().Begin(each.message, {}));
    const FilterProgress& progress = checks->progress.back();
    if (!progress.decided) checks->asked.push_back(checks->verdicts.size());
    checks->verdicts.push_back(progress.decided.value_or(Verdict()));
  }
  if (checks->asked.empty()) return reply(ListResponse(*checks));
  service->models->Use("", [service, request, reply, checks](const ApiResult<ModelSet::Model>& model) {
    Classify(service, request, reply, checks, model);
  });
}

const Json& CaseSchema() {
  static const Json schema =
      ParsedJson(R"({"type": "object", "additionalProperties": false, "required": ["text", "isSpam"], "properties": {
    "text": {"type": "string", "description": "Text of the message; of a mail with a subject: its body"},
    "isSpam": {"type": "boolean", "description": "The verdict that the filter must give"},
    "subject": {"type": ["string", "null"], "description": "Subject of a mail"},
    "sender": {"type": ["string", "null"], "description": "Sender of the message"},
    "note": {"type": ["string", "null"], "description": "Why the message is on the list"}}})");
  return schema;
}

ApiResult<MustPassCase> ReadCase(const HttpRequest& request, const ServiceLimits& limits) {
  const Json body = TRY(ParseBody(request, limits, CaseSchema()));
  const Json* const text = FindField(body, "text");
  if (text == nullptr) return Reject("'text' must be the text of a message");
  if (FindField(body, "isSpam") == nullptr) return Reject("'isSpam' must be true or false");
  MustPassCase expected;
  expected.message.text = TRY(TextOf(*text, "text", limits));
  expected.message.subject = TRY(NameOr(body, "subject"));
  expected.message.sender = TRY(NameOr(body, "sender"));
  expected.note = TRY(NameOr(body, "note"));
  expected.spam = TRY(FlagOr(body, "isSpam", false));
  if (IsBlank(expected.message.text)) return Reject("'text' must not be empty");
  // As ReadMustPass has it.
  if (!expected.message.subject.empty()) std::swap(expected.message.text, expected.message.body);
  return expected;
}

Route ListMustPassRoute(const SharedService& service, const SharedFile& file) {
  Route route{.method = "GET", .path = "/v1/must-pass", .role = Role::kAdmin};
  route.handle = [service, file](const SharedRequest& request, const HttpReply& reply) {
    const bool posted = service->filter->calls().Post(
        request->caller, [service, file, request, reply] { CheckTexts(service, request, reply, *file); });
    if (!posted) reply(TooManyRequests("Overloaded", "too many requests wait", std::chrono::seconds(1)).Response());
  };
  route.docs = {.summary = "Checks the messages of the must-pass list",
                .description =
                    "The list is WORKSPACE/rules/must_pass.jsonl. Rules, corrections and the default model decide, "
                    "in the server's default mode and without the reputation of senders.",
                .tag = kMustPassTag,
                .answer = ParsedJson(R"({"type": "object", "required": ["messages", "right", "total"], "properties": {
    "messages": {"type": "array", "description": "The messages", "items": {"type": "object", "required": ["id", "text", "subject", "sender", "note", "isSpam", "verdict", "right"], "properties": {
      "id": {"type": "string", "description": "Identifier on the list"},
      "text": {"type": "string", "description": "Text of the message; of a mail with a subject: its body"},
      "subject": {"type": ["string", "null"], "description": "Subject of a mail"},
      "sender": {"type": ["string", "null"], "description": "Sender of the message"},
      "note": {"type": ["string", "null"], "description": "Why the message is on the list"},
      "isSpam": {"type": "boolean", "description": "The verdict that the filter must give"},
      "verdict": {"type": "object", "description": "The verdict that it gives"},
      "right": {"type": "boolean", "description": "Whether these agree"}}}},
    "right": {"type": "integer", "description": "Number of messages with the right verdict"},
    "total": {"type": "integer", "description": "Number of messages"}}})"),
                .answer_example = ParsedJson(R"({"right": 1, "total": 1, "messages": [{"id": "0f1e2d3c4b5a6978",
      "text": "Your verification code is 482913.", "subject": null, "sender": null, "note": "code", "isSpam": false, "right": true,
      "verdict": {"isSpam": false, "confidence": 0.99, "score": 0.01, "modelVersion": "1.0.0", "source": "classifier", "symbols": [],
        "mode": "moderate", "modeFrom": "default", "threshold": 0.5}}]})"),
                .errors = {503}};
  return route;
}

Route PutRoute(const SharedService& service, const SharedFile& file) {
  Route route{.method = "PUT", .path = "/v1/must-pass", .role = Role::kAdmin};
  route.handle = [service, file](const SharedRequest& request, const HttpReply& reply) {
    const ApiResult<MustPassCase> read = ReadCase(*request, service->limits);
    if (!read) return reply(read.error().Response());
    AskStore(service, request, reply, [service, request, file, expected = *read]() -> ApiResult<HttpResponse> {
      const Result<bool> added = file->Put(expected);
      if (!added) return std::unexpected(FileError(added.error()));
      Audit(*service, *request, "must_pass.set", MustPassId(expected), CaseJson(expected));
      return JsonResponse({{"id", MustPassId(expected)}, {"added", *added}});
    });
  };
  route.docs = {
      .summary = "Adds a message to the must-pass list",
      .description = "A message is on the list once: a second request for it replaces its verdict and its note.",
      .tag = kMustPassTag,
      .request = CaseSchema(),
      .answer = ParsedJson(R"({"type": "object", "properties": {
    "id": {"type": "string", "description": "Identifier on the list"},
    "added": {"type": "boolean", "description": "Whether the message is new on the list"}}})"),
      .example = {{"text", "Your verification code is 482913."}, {"isSpam", false}, {"note", "code"}},
      .answer_example = {{"id", "0f1e2d3c4b5a6978"}, {"added", true}},
      .errors = {503}};
  return route;
}

Route DeleteRoute(const SharedService& service, const SharedFile& file) {
  Route route{.method = "DELETE", .path = "/v1/must-pass/{id}", .role = Role::kAdmin};
  route.handle = [service, file](const SharedRequest& request, const HttpReply& reply) {
    AskStore(service, request, reply, [service, request, file]() -> ApiResult<HttpResponse> {
      const Result<MustPassCase> removed = file->Remove(request->parameters.front());
      if (!removed) return std::unexpected(FileError(removed.error()));
      Json json = CaseJson(*removed);
      Audit(*service, *request, "must_pass.delete", request->parameters.front(), json);
      return JsonResponse({{"removed", std::move(json)}});
    });
  };
  route.docs = {
      .summary = "Removes a message from the must-pass list",
      .description = "The response has the message, so that PUT /v1/must-pass can add it again.",
      .tag = kMustPassTag,
      .answer = ParsedJson(
          R"({"type": "object", "properties": {"removed": {"type": "object", "description": "The message"}}})"),
      .answer_example =
          ParsedJson(R"({"removed": {"id": "0f1e2d3c4b5a6978", "text": "Your verification code is 482913.",
      "subject": null, "sender": null, "note": "code", "isSpam": false}})"),
      .errors = {404, 503}};
  return route;
}

}  // namespace

std::vector<Route> MustPassRoutes(const SharedService& service) {
  if (service->workspace.empty()) return {};
  const auto file = std::make_shared<MustPassFile>(service->workspace / "rules" / "must_pass.jsonl");
  std::vector<Route> routes;
  for (const auto& route : {ListMustPassRoute, PutRoute, DeleteRoute}) routes.push_back(route(service, file));
  return routes;
}

}  // namespace winnow
