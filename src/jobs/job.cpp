#include "jobs/job.h"

#include <algorithm>
#include <array>

#include "base/json_or_null.h"
#include "base/json_strings.h"

namespace winnow {
namespace {

constexpr std::array<std::string_view, 6> kNames = {"queued", "running",   "succeeded",
                                                    "failed", "cancelled", "interrupted"};

Json ListJson(const std::vector<std::string>& texts) {
  Json list = Json::array();
  for (const std::string& text : texts) list.push_back(text);
  return list;
}

std::vector<std::string> TextsOf(const Json& object, std::string_view key) {
  const Json* list = object.Find(key);
  return list == nullptr ? std::vector<std::string>() : StringsAmong(*list);
}

std::string TextOf(const Json& object, std::string_view key) {
  const Json* text = object.Find(key);
  return text != nullptr && text->is_string() ? text->str() : "";
}

double NumberOf(const Json& object, std::string_view key) {
  const Json* number = object.Find(key);
  return number != nullptr && number->is_number() ? number->get<double>() : 0;
}

int64_t IntegerOf(const Json& object, std::string_view key) {
  const Json* number = object.Find(key);
  return number != nullptr && number->is_number() ? number->get<int64_t>() : 0;
}

}  // namespace

std::string_view NameOf(JobState state) { return kNames[static_cast<size_t>(state)]; }

std::optional<JobState> ParseJobState(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  return found == kNames.end() ? std::nullopt : std::optional(static_cast<JobState>(found - kNames.begin()));
}

bool HasEnded(JobState state) { return state != JobState::kQueued && state != JobState::kRunning; }

Json JobJson(const Job& job) {
  Json json = {{"id", job.id},
               {"kind", job.plan.kind},
               {"title", job.plan.title},
               {"arguments", ListJson(job.plan.arguments)},
               {"owner", job.plan.owner},
               {"resume_arguments", ListJson(job.plan.resume_arguments)},
               {"keep_result", job.plan.keep_result},
               {"state", NameOf(job.state)},
               {"created", job.created},
               {"started", job.started},
               {"ended", job.ended},
               {"error", job.error},
               {"runs", job.runs},
               {"process", job.process},
               {"process_start", job.process_start}};
  json["exit_code"] = OrNull(job.exit_code);
  return json;
}

Result<Job> JobOfJson(const Json& json) {
  if (!json.is_object()) return Fail(ErrorCode::kInvalidData, "the record of a job is not a JSON object");
  Job job;
  job.id = TextOf(json, "id");
  job.plan = {.kind = TextOf(json, "kind"),
              .arguments = TextsOf(json, "arguments"),
              .title = TextOf(json, "title"),
              .owner = TextOf(json, "owner"),
              .resume_arguments = TextsOf(json, "resume_arguments")};
  const std::optional<JobState> state = ParseJobState(TextOf(json, "state"));
  const Json* const keep = json.Find("keep_result");
  job.plan.keep_result = keep != nullptr && keep->is_boolean() && keep->get<bool>();
  if (job.id.empty() || job.plan.arguments.empty() || !state) {
    return Fail(ErrorCode::kInvalidData, "the record of a job has no valid 'id', 'arguments' or 'state'");
  }
  job.state = *state;
  job.created = NumberOf(json, "created");
  job.started = NumberOf(json, "started");
  job.ended = NumberOf(json, "ended");
  job.error = TextOf(json, "error");
  job.runs = IntegerOf(json, "runs");
  job.process = IntegerOf(json, "process");
  job.process_start = IntegerOf(json, "process_start");
  if (const Json* code = json.Find("exit_code"); code != nullptr && code->is_number()) {
    job.exit_code = code->get<int>();
  }
  return job;
}

}  // namespace winnow
