#include <fmt/format.h>

#include <chrono>

#include "decide/decide.h"
#include "feedback/feedback_state.h"
#include "server/ask_store.h"
#include "server/message_check.h"
#include "server/record_feedback.h"
#include "server/rspamd_reply.h"
#include "server/rspamd_request.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr char kRspamdTag[] = "rspamd's protocol";
constexpr char kKeyHeader[] = "Password";

/// Mails of this size that were made to take long (links, parts, alternatives) took 0.7 ms to decode.
constexpr size_t kLongToDecode = 4 << 10;

ApiResult<void> Check(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  RspamdRequest read = TRY(ReadRspamdRequest(*request));
  read.message.subject = UnmarkedSubject(service->filter->rspamd().subject, read.message.subject);
  MessageCheck check{.message = std::move(read.message)};
  if (const Result<Mode> mode = ParseMode(request->Header("settings-id"))) {
    check.requested = {.mode = *mode, .origin = FilterMode::Origin::kRequest};
  }
  CheckMessage(service, request, reply, std::move(check),
               [request, id = std::move(read.message_id), options = service->filter->rspamd()](
                   const FilterMessage& message, const Verdict& verdict) {
                 const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - request->arrived;
                 return JsonResponse(RspamdReply(message, id, verdict, options, seconds.count()));
               });
  return {};
}

/// What rspamd answers to a message that it has learned before, by which clients recognize that nothing is wrong.
HttpResponse LearnedBefore(const std::string& message_id, bool is_spam) {
  HttpResponse response =
      JsonResponse({{"error", fmt::format("<{}> has been already learned as {}, ignore it",
                                          message_id.empty() ? "undef" : message_id, is_spam ? "spam" : "ham")}});
  response.status = 208;
  return response;
}

ApiResult<void> Learn(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
                      bool is_spam) {
  RspamdRequest read = TRY(ReadRspamdRequest(*request));
  read.message.subject = UnmarkedSubject(service->filter->rspamd().subject, read.message.subject);
  FeedbackCall call{.text = TextForModel(read.message, nullptr).joined(),
                    .sender = read.message.sender,
                    .user = read.message.user,
                    .key = "rspamd/" + RandomKey(),
                    .is_spam = is_spam,
                    .skip_repeated = true};
  if (IsBlank(call.text)) return Reject("the message has no text that could be learned");
  // What nobody in particular says has no effect on messages, unless an administrator says it.
  if (call.user.empty() && request->role == Role::kAdmin) call.type = kAdminFeedback;
  AskStoreFor(kFeedbackPatience, service, request, reply,
              [service, is_spam, id = std::move(read.message_id), call = std::move(call)]() -> ApiResult<HttpResponse> {
                const RecordedFeedback recorded = TRY(RecordFeedback(*service->filter, call));
                return recorded.repeated ? LearnedBefore(id, is_spam) : JsonResponse({{"success", true}});
              });
  return {};
}

ApiResult<void> LearnSpam(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  return Learn(service, request, reply, /*is_spam=*/true);
}

ApiResult<void> LearnHam(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  return Learn(service, request, reply, /*is_spam=*/false);
}

ApiResult<HttpResponse> Ping(const Service&, const HttpRequest&) {
  return HttpResponse{.status = 200, .body = "pong\r\n", .content_type = "text/plain", .headers = {}};
}

constexpr char kExampleMail[] =
    "From: Joe <joe@example.com>\r\nTo: anna@example.net\r\nSubject: You have won\r\n\r\nClaim your prize of $1000 now.\r\n";

/// The header fields of a request. Other fields of the protocol, such as IP, Helo, Hostname, Queue-Id, Pass and Flags,
/// have no effect.
const Json& HeaderSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "properties": {
      "Deliver-To": {"type": "string", "description": "The user whose message it is"},
      "Rcpt": {"type": "string", "description": "Recipient of the envelope; may be repeated. The first one is the user without Deliver-To"},
      "User": {"type": "string", "description": "The user without Deliver-To and Rcpt"},
      "From": {"type": "string", "description": "Sender of the envelope; used if the message has no From"},
      "Subject": {"type": "string", "description": "Subject, if the message has none"},
      "Settings-ID": {"type": "string", "description": "strict, moderate or lenient: decision thresholds in place of the user's preferences; others have no effect"},
      "Raw": {"type": "string", "description": "yes: the body is a text, not a mail"},
      "Password": {"type": "string", "description": "The API key, in place of Authorization"}}})");
  return schema;
}

Route RspamdRoute(std::string path, Role role, RouteDocs docs, HttpHandler handle) {
  docs.tag = kRspamdTag;
  docs.headers = HeaderSchema();
  docs.request = {{"type", "string"}, {"description", "The message: RFC 5322, MIME"}};
  docs.request_type = "message/rfc822";
  docs.example = kExampleMail;
  return {.method = "POST",
          .path = std::move(path),
          .role = role,
          .docs = std::move(docs),
          .handle = std::move(handle),
          .handed_over_bytes = kLongToDecode,
          .any_content_type = true,
          .key_header = kKeyHeader};
}

RouteDocs CheckDocs() {
  return {
      .summary = "Decides whether a mail is spam, as rspamd does",
      .description =
          "For rspamc, mail servers and other clients of rspamd. The score is 6 plus the log-odds by which the message is "
          "above its decision threshold; from 6 on it is spam, and the action is `add header`. The scores of the symbols "
          "add up to it. `winnow` is the verdict as in POST /v1/messages/check.",
      .answer = ParsedJson(R"({
        "type": "object", "required": ["is_skipped", "score", "required_score", "action", "thresholds", "symbols", "messages", "message-id", "time_real", "scan_time", "milter", "winnow"],
        "properties": {
          "is_skipped": {"const": false, "description": "Always false"},
          "score": {"type": "number", "description": "Score; spam from 6 on"},
          "required_score": {"type": "number", "description": "Score from which the message is to be rejected; 6 if none is"},
          "action": {"enum": ["no action", "add header", "rewrite subject", "reject"], "description": "What the mail server is to do"},
          "subject": {"type": "string", "description": "New subject, for the action rewrite subject"},
          "thresholds": {"type": "object", "description": "Scores from which actions are taken"},
          "symbols": {"type": "object", "description": "By name: name, score (what it adds), metric_score (score of the rule), description"},
          "messages": {"type": "object", "description": "Always empty"},
          "message-id": {"type": "string", "description": "Message-ID of the mail, or undef"},
          "time_real": {"type": "number", "description": "Seconds that the check took"},
          "scan_time": {"type": "number", "description": "The same as time_real"},
          "milter": {"type": "object", "description": "add_headers and remove_headers: header fields for the mail server to add and remove"},
          "winnow": {"type": "object", "description": "The verdict as in POST /v1/messages/check"}}})"),
      .answer_example = ParsedJson(R"({"is_skipped": false, "score": 9.07, "required_score": 6, "action": "add header",
        "thresholds": {"add header": 6},
        "symbols": {"PRIZE_WON": {"name": "PRIZE_WON", "score": 1, "metric_score": 2, "description": "the recipient has won or was selected"},
                    "CLASSIFIER": {"name": "CLASSIFIER", "score": 2.07, "metric_score": 2.07, "description": "the model's log-odds of spam"},
                    "WINNOW_THRESHOLD": {"name": "WINNOW_THRESHOLD", "score": 6, "metric_score": 6, "description": "moves the decision threshold to a score of 6"}},
        "messages": {}, "message-id": "undef", "time_real": 0.0007, "scan_time": 0.0007,
        "milter": {"add_headers": {"X-Spam-Flag": {"value": "YES", "order": 0},
                                   "X-Spam-Level": {"value": "*********", "order": 0},
                                   "X-Spam-Status": {"value": "Yes, score=9.07 required=6.00", "order": 0}},
                   "remove_headers": {"X-Spam": 0, "X-Spam-Flag": 0, "X-Spam-Level": 0, "X-Spam-Status": 0}},
        "winnow": {"id": "5f0c1d9a3b7e4c2f8a6d0e1b9c7a5f3d", "isSpam": true, "confidence": 0.9556, "score": 0.9556,
                   "modelVersion": "1.0.0", "source": "classifier",
                   "symbols": [{"name": "PRIZE_WON", "score": 2}, {"name": "CLASSIFIER", "score": 2.07}],
                   "mode": "moderate", "modeFrom": "default", "threshold": 0.5}})")};
}

RouteDocs LearnDocs(const std::string& label) {
  return {
      .summary = fmt::format("Reports a mail as {}, as with rspamd", label),
      .description =
          "Feedback of the user, which acts at once on near-duplicates. Without a user, it is that of an administrator "
          "if the client has the role admin, and counts for all users. The response is sent when the feedback is "
          "durable. If the user has said the same about the mail before, the status is 208, and `error` says so.",
      .answer = ParsedJson(R"({"type": "object", "required": ["success"], "properties": {
            "success": {"const": true, "description": "Always true"}}})"),
      .answer_example = {{"success", true}},
      .errors = {208}};
}

}  // namespace

std::vector<Route> RspamdRoutes(const SharedService& service) {
  std::vector<Route> routes;
  routes.push_back(RspamdRoute("/checkv2", Role::kClassify, CheckDocs(), Handler(service, Check)));
  routes.push_back({.method = "GET",
                    .path = "/ping",
                    .role = Role::kPublic,
                    .docs = {.summary = "Reports whether the server is running, as rspamd does",
                             .tag = kRspamdTag,
                             .answer = {{"type", "string"}},
                             .answer_example = "pong\r\n",
                             .answer_types = {"text/plain"}},
                    .handle = Handler(service, Ping)});
  if (!service->filter->has_store()) return routes;
  routes.push_back(RspamdRoute("/learnspam", Role::kFeedback, LearnDocs("spam"), Handler(service, LearnSpam)));
  routes.push_back(RspamdRoute("/learnham", Role::kFeedback, LearnDocs("ham"), Handler(service, LearnHam)));
  return routes;
}

}  // namespace winnow
