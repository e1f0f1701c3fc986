
#include "base/parse_number.h"
#include "server/event_streams.h"
#include "server/service.h"

namespace winnow {
namespace {

ApiResult<HttpResponse> Events(const Service& service, const HttpRequest& request) {
  std::optional<int64_t> last;
  if (const std::string_view header = request.Header("last-event-id"); !header.empty()) {
    last = ParseNumber<int64_t>(header).value_or(0);  // another server has sent other IDs, which are not known here
  }
  HttpResponse response{.status = 200, .body = {}, .content_type = "text/event-stream", .headers = {}};
  response.headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}};
  response.stream = service.events->Open(last);
  return response;
}

}  // namespace

std::vector<Route> EventRoutes(const SharedService& service) {
  return {
      {.method = "GET",
       .path = "/v1/events",
       .role = Role::kAdmin,
       .docs =
           {.summary = "Streams what happens: jobs, models, data, review",
            .description =
                "Server-sent events. `job`: an event of a job, with the job's ID in `job` and the event's ID in that job "
                "in `id`. `models`: the models or the default have changed. `data`: a file of the workspace has changed. "
                "`review`: labels were given. `reset`: events were missed, so that everything is to be fetched again. "
                "With Last-Event-ID the stream begins behind that event; the last 10,000 are kept.",
            .tag = "Jobs",
            .headers = ParsedJson(
                R"({"type": "object", "properties": {"Last-Event-ID": {"type": "string", "description": "ID of the last event that the client has"}}})"),
            .answer = {{"type", "string"}},
            .answer_example = "id: 1795939200123\nevent: job\ndata: {\"job\":\"5c1f0a2b9d3e4f60\",\"id\":2,"
                              "\"type\":\"state\",\"state\":\"running\"}\n\n",
            .answer_types = {"text/event-stream"}},
       .handle = Handler(service, Events)}};
}

}  // namespace winnow
