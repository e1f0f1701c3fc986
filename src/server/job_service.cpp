#include "server/job_service.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

#include "registry/registry.h"
#include "server/json_request.h"
#include "workspace/file_name.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

/// Options of the commands that requests may set. None of them names a file or a program.
constexpr auto kTrainOptions = std::to_array<std::string_view>({"base-model",      "kind",
                                                                "epochs",          "max-steps",
                                                                "batch-size",      "lr",
                                                                "lr-scheduler",    "warmup-ratio",
                                                                "weight-decay",    "dropout",
                                                                "max-length",      "long-text",
                                                                "layers",          "seed",
                                                                "metric",          "positive-label",
                                                                "template",        "text-field",
                                                                "label-field",     "filter",
                                                                "label-map",       "test-size",
                                                                "validation-size", "min-class-texts",
                                                                "augment",         "class-weights",
                                                                "label-smoothing", "early-stopping-patience",
                                                                "fold-disguises",  "quantize",
                                                                "keep-data",       "preset",
                                                                "model-version",   "format",
                                                                "delimiter",       "quoting",
                                                                "no-header",       "encoding",
                                                                "problem-type"});
constexpr auto kEvaluateOptions =
    std::to_array<std::string_view>({"mode", "threshold", "weights", "text-field", "label-field", "filter",
                                     "unknown-labels", "format", "delimiter", "quoting", "no-header", "encoding"});

struct Kind {
  std::string_view name;
  std::span<const std::string_view> options;
};
constexpr std::array<Kind, 3> kKinds = {Kind{"train", kTrainOptions}, Kind{"evaluate", kEvaluateOptions},
                                        Kind{"compare", kEvaluateOptions}};

/// Returns the path of a file or directory of the workspace that a request names (FindInDirectory).
ApiResult<fs::path> FindIn(const fs::path& directory, const std::string& name, const char* what) {
  const Result<fs::path> found = FindInDirectory(directory, name, what);
  if (found) return *found;
  if (found.error().code == ErrorCode::kNotFound) return Reject(404, "NotFound", found.error().message);
  return Reject(found.error().message);
}

ApiResult<std::vector<std::string>> NamesIn(const Json& request, const char* field) {
  const Json* const names = Field(request, field);
  if (names == nullptr) return std::vector<std::string>();
  if (names->is_string()) return std::vector{names->str()};
  if (!names->is_array()) return Reject(fmt::format("'{}' must be a name or a list of names", field));
  std::vector<std::string> list;
  for (const Json& name : *names) {
    if (!name.is_string()) return Reject(fmt::format("'{}' must be a name or a list of names", field));
    list.push_back(name.str());
  }
  return list;
}

std::string NumberText(const Json& number) {
  return number.is_number_integer() ? number.dump() : fmt::format("{}", number.get<double>());
}

/// Appends an option as the command line has it: true is --name, false --no-name.
ApiResult<void> AddOption(const std::string& name, const Json& value, std::vector<std::string>& arguments) {
  if (value.is_boolean()) {
    arguments.push_back((value.get<bool>() ? "--" : "--no-") + name);
    return {};
  }
  if (value.is_array()) {
    for (const Json& each : value) {
      if (each.is_array() || each.is_boolean()) return Reject(fmt::format("option '{}' must be a list of texts", name));
      TRY(AddOption(name, each, arguments));
    }
    return {};
  }
  if (value.is_null()) return {};
  if (!value.is_string() && !value.is_number()) {
    return Reject(fmt::format("option '{}' must be a text, a number, a truth value or a list of them", name));
  }
  // In one word, so that no value is taken for an option.
  arguments.push_back(fmt::format("--{}={}", name, value.is_string() ? value.str() : NumberText(value)));
  return {};
}

/// A base model is a model of the workspace, or one that has a name in public: no other directory of the machine.
ApiResult<void> AddBaseModel(const fs::path& models, const Json& value, std::vector<std::string>& arguments) {
  if (!value.is_string()) return Reject("option 'base-model' must be a name");
  const std::string& name = value.str();
  if (const ApiResult<fs::path> found = FindIn(models, name, "model")) {
    arguments.push_back("--base-model=" + found->string());
    return {};
  }
  std::error_code ignored;
  const bool is_path = name.empty() || name.find_first_of("/.~") == 0 || name.find("..") != std::string::npos ||
                       fs::exists(name, ignored);
  if (is_path) return Reject("option 'base-model' must name a model of the workspace, or a public one such as minilm");
  arguments.push_back("--base-model=" + name);
  return {};
}

ApiResult<void> AddOptions(const Json& request, const Kind& kind, const fs::path& models,
                           std::vector<std::string>& arguments) {
  const Json* const options = Field(request, "options");
  if (options == nullptr) return {};
  if (!options->is_object()) return Reject("'options' must be an object");
  for (const auto& [name, value] : options->items()) {
    if (std::ranges::find(kind.options, name) == kind.options.end()) {
      return Reject(fmt::format("option '{}' cannot be set for a job of the kind '{}'; possible are {}", name,
                                kind.name, fmt::join(kind.options, ", ")));
    }
    TRY(name == "base-model" ? AddBaseModel(models, value, arguments) : AddOption(name, value, arguments));
  }
  return {};
}

}  // namespace

const Json& JobRequestSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["kind", "data"], "properties": {
      "kind": {"enum": ["train", "evaluate", "compare"]},
      "data": {"type": ["string", "array"], "items": {"type": "string"}, "description": "Name of a file of WORKSPACE/data, or several"},
      "model": {"type": ["string", "null"], "description": "Name of a model of WORKSPACE/models: the one to train, which need not exist, or to evaluate"},
      "models": {"type": ["array", "null"], "items": {"type": "string"}, "description": "Names of the models to compare; left out: all of WORKSPACE/models"},
      "options": {"type": ["object", "null"], "description": "Options of the command by their names, without the two hyphens: {\"epochs\": 5, \"base-model\": \"minilm\"}"}}})");
  return schema;
}

Result<std::shared_ptr<JobService>> JobService::Open(const JobServiceOptions& options,
                                                     std::function<void()> models_changed) {
  std::shared_ptr<JobService> service(new JobService());
  service->data_ = options.workspace / "data";
  service->models_ = options.workspace / "models";
  std::error_code error;
  for (const fs::path& directory : {service->data_, service->models_}) {
    fs::create_directories(directory, error);
    if (error) return Fail(ErrorCode::kIo, directory.string() + ": " + error.message());
  }
  const fs::path jobs = options.workspace / "jobs";
  service->runner_ = TRY(JobRunner::Open({.directory = jobs,
                                          .program = options.program,
                                          .end_arguments = {"--json", "--log-format=json"},
                                          .max_running = options.max_running,
                                          .memory_bytes = options.memory_bytes,
                                          .time_limit = options.time_limit}));
  JobRunner* const runner = service->runner_.get();
  service->listening_ =
      runner->Listen([runner, changed = std::move(models_changed)](const std::string& id, const JobEvent& event) {
        const Json* const state = event.data.Find("state");
        if (state == nullptr || state->str() != NameOf(JobState::kSucceeded)) return;
        const std::optional<Job> job = runner->Find(id);
        if (job && job->plan.kind == "train" && changed) changed();
      });
  service->streams_ = std::make_unique<JobStreams>(*runner, jobs);
  return service;
}

ApiResult<JobPlan> JobService::PlanOf(const Json& request, const std::string& owner) const {
  const std::string name = TRY(StringOr(request, "kind", ""));
  const auto kind = std::ranges::find(kKinds, name, &Kind::name);
  if (kind == kKinds.end()) return Reject("'kind' must be train, evaluate or compare");
  const std::vector<std::string> data = TRY(NamesIn(request, "data"));
  if (data.empty()) return Reject("'data' must name at least one file of the workspace");
  const std::string model = TRY(StringOr(request, "model", ""));
  std::vector<std::string> models = TRY(NamesIn(request, "models"));
  if ((name == "compare") == !model.empty()) {
    return Reject(name == "compare" ? "a comparison has 'models' instead of 'model'"
                                    : "'model' must be a model's name");
  }
  if (name != "compare" && !models.empty()) return Reject("'models' is for comparisons");
  JobPlan plan{.kind = name, .arguments = {name}, .owner = owner};
  std::vector<std::string> files;
  for (const std::string& file : data) files.push_back(TRY(FindIn(data_, file, "data file")).string());
  if (name == "train") {
    if (const Result<void> valid = CheckRegistryName(model, "name of a model"); !valid)
      return Reject(valid.error().message);
    plan.arguments.insert(plan.arguments.end(), files.begin(), files.end());
    plan.arguments.push_back("--output-dir=" + (models_ / model).string());
    plan.resume_arguments = {"--resume"};
    plan.title = fmt::format("train {} on {}", model, fmt::join(data, ", "));
  } else if (name == "evaluate") {
    plan.arguments.push_back(TRY(FindIn(models_, model, "model")).string());
    plan.arguments.insert(plan.arguments.end(), files.begin(), files.end());
    plan.title = fmt::format("evaluate {} on {}", model, fmt::join(data, ", "));
  } else {
    if (files.size() != 1) return Reject("a comparison reads one file: 'data' must be a name");
    plan.arguments.push_back(files.front());
    for (const std::string& each : models) plan.arguments.push_back(TRY(FindIn(models_, each, "model")).string());
    if (models.empty()) plan.arguments.push_back("--models=" + models_.string());
    plan.title = fmt::format("compare {} on {}",
                             models.empty() ? "all models" : fmt::format("{}", fmt::join(models, ", ")), data.front());
  }
  TRY(AddOptions(request, *kind, models_, plan.arguments));
  return plan;
}

void JobService::Close() {
  listening_.reset();
  runner_->Stop();
  streams_.reset();
}

}  // namespace winnow
