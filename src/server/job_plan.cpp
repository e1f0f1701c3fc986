#include "server/job_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/json_strings.h"
#include "base/shared_files.h"
#include "base/suggest.h"
#include "registry/registry.h"
#include "server/json_request.h"
#include "server/workspace_names.h"
#include "workspace/client_words.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

/// Options of the commands that requests may set. None of them names a file or a program.
constexpr auto kTrainOptions = std::to_array<std::string_view>({"base-model",
                                                                "kind",
                                                                "epochs",
                                                                "max-steps",
                                                                "batch-size",
                                                                "lr",
                                                                "lr-scheduler",
                                                                "warmup-ratio",
                                                                "weight-decay",
                                                                "dropout",
                                                                "max-length",
                                                                "long-text",
                                                                "layers",
                                                                "seed",
                                                                "metric",
                                                                "positive-label",
                                                                "template",
                                                                "text-field",
                                                                "label-field",
                                                                "filter",
                                                                "label-map",
                                                                "test-size",
                                                                "validation-size",
                                                                "min-class-texts",
                                                                "augment",
                                                                "class-weights",
                                                                "label-smoothing",
                                                                "early-stopping-patience",
                                                                "fold-disguises",
                                                                "quantize",
                                                                "keep-data",
                                                                "preset",
                                                                "model-version",
                                                                "format",
                                                                "delimiter",
                                                                "quoting",
                                                                "no-header",
                                                                "encoding",
                                                                "problem-type",
                                                                "analyzer",
                                                                "ngrams",
                                                                "C",
                                                                "max-features",
                                                                "calibration",
                                                                "max-fpr",
                                                                "freeze",
                                                                "gradient-checkpointing"});
constexpr auto kEvaluateOptions =
    std::to_array<std::string_view>({"mode", "threshold", "weights", "text-field", "label-field", "filter",
                                     "unknown-labels", "format", "delimiter", "quoting", "no-header", "encoding"});

constexpr auto kCompareOptions = std::to_array<std::string_view>(
    {"mode", "threshold", "weights", "text-field", "label-field", "filter", "unknown-labels", "format", "delimiter",
     "quoting", "no-header", "encoding", "held-out", "test-size", "seed"});

constexpr auto kDoctorOptions =
    std::to_array<std::string_view>({"near", "folds", "suspects", "seed", "text-field", "label-field", "filter",
                                     "template", "format", "delimiter", "quoting", "no-header", "encoding"});
constexpr auto kQuantizeOptions = std::to_array<std::string_view>({"max-drop"});
constexpr auto kRetrainOptions = std::to_array<std::string_view>(
    {"min-new", "min-weight", "max-ratio", "promote", "text-field", "label-field", "format"});

constexpr auto kDriftOptions =
    std::to_array<std::string_view>({"days", "since", "until", "max-texts", "mode", "threshold", "weights", "seed"});

struct Kind {
  std::string_view name;
  std::span<const std::string_view> options;
};
constexpr std::array<Kind, 7> kKinds = {Kind{"train", kTrainOptions},       Kind{"evaluate", kEvaluateOptions},
                                        Kind{"compare", kCompareOptions},   Kind{"doctor", kDoctorOptions},
                                        Kind{"quantize", kQuantizeOptions}, Kind{"retrain", kRetrainOptions},
                                        Kind{"drift", kDriftOptions}};

ApiResult<std::vector<std::string>> NamesIn(const Json& request, const char* field) {
  const Json* const names = FindField(request, field);
  if (names == nullptr) return std::vector<std::string>();
  if (names->is_string()) return std::vector{names->str()};
  std::optional<std::vector<std::string>> list = StringsOf(*names);
  if (!list) return Reject(fmt::format("'{}' must be a name or a list of names", field));
  return *std::move(list);
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
  if (const ApiResult<fs::path> found = FindInWorkspace(models, name, "model")) {
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

/// The command also takes a file, which a request may not name.
ApiResult<void> AddClassWeights(const Json& value, std::vector<std::string>& arguments) {
  const std::string word = value.is_string() ? value.str() : "";
  if (!value.is_null() && word != "auto" && word != "balanced" && word != "none") {
    return Reject("option 'class-weights' must be auto, balanced or none");
  }
  return AddOption("class-weights", value, arguments);
}

/// A preset is one that the program has: as an option of the command it may also be a file of the machine, whose
/// options name further files.
ApiResult<void> AddPreset(const Json& value, std::vector<std::string>& arguments) {
  if (value.is_null()) return {};
  if (!value.is_string()) return Reject("option 'preset' must be a name");
  std::vector<std::string> known;
  for (const std::string& file : SharedFileNames("presets")) known.push_back(fs::path(file).stem().string());
  if (std::ranges::find(known, value.str()) == known.end()) {
    return Reject(fmt::format("option 'preset': there is no preset '{}'; {}", value.str(),
                              DidYouMean(value.str(), known, fmt::format("there are {}", fmt::join(known, ", ")))));
  }
  arguments.push_back("--preset=" + value.str());
  return {};
}

ApiResult<void> TakeOption(const std::string& name, const Json& value, const fs::path& models,
                           std::vector<std::string>& arguments) {
  if (name == "base-model") return AddBaseModel(models, value, arguments);
  if (name == "class-weights") return AddClassWeights(value, arguments);
  return name == "preset" ? AddPreset(value, arguments) : AddOption(name, value, arguments);
}

ApiResult<void> AddOptions(const Json& request, const Kind& kind, const fs::path& models,
                           std::vector<std::string>& arguments) {
  const Json* const options = FindField(request, "options");
  if (options == nullptr) return {};
  if (!options->is_object()) return Reject("'options' must be an object");
  for (const auto& [spelt, value] : options->items()) {
    std::string name = spelt;
    std::ranges::replace(name, '_', '-');  // as on the command line
    if (std::ranges::find(kind.options, name) == kind.options.end()) {
      const std::vector<std::string> possible(kind.options.begin(), kind.options.end());
      return Reject(fmt::format("option '{}' cannot be set for a job of the kind '{}'; {}", name, kind.name,
                                DidYouMean(name, possible, fmt::format("possible are {}", fmt::join(possible, ", ")))));
    }
    TRY(TakeOption(name, value, models, arguments));
  }
  return {};
}

/// A request, as far as all kinds of jobs have it.
struct Request {
  std::vector<std::string> data;
  std::string model;
  std::vector<std::string> models;
};

/// Adds the paths of the data files.
ApiResult<void> AddData(const JobPlaces& places, const Request& request, const char* option, JobPlan& plan) {
  for (const std::string& name : request.data) {
    plan.arguments.push_back(option + TRY(FindInWorkspace(places.data, name, "data file")).string());
  }
  return {};
}

ApiResult<void> PlanTraining(const JobPlaces& places, const Request& request, JobPlan& plan) {
  if (const Result<void> valid = CheckRegistryName(request.model, "name of a model"); !valid) {
    return Reject(OneLine(valid.error()));
  }
  TRY(AddData(places, request, "", plan));
  plan.arguments.push_back("--output-dir=" + (places.models / request.model).string());
  plan.resume_arguments = {"--resume"};
  plan.title = fmt::format("train {} on {}", request.model, fmt::join(request.data, ", "));
  return {};
}

ApiResult<void> PlanEvaluation(const JobPlaces& places, const Request& request, JobPlan& plan) {
  plan.arguments.push_back(TRY(FindInWorkspace(places.models, request.model, "model")).string());
  TRY(AddData(places, request, "", plan));
  plan.title = fmt::format("evaluate {} on {}", request.model, fmt::join(request.data, ", "));
  return {};
}

ApiResult<void> PlanComparison(const JobPlaces& places, const Request& request, JobPlan& plan) {
  if (request.data.size() != 1) return Reject("a comparison reads one file: 'data' must be a name");
  TRY(AddData(places, request, "", plan));
  for (const std::string& each : request.models) {
    plan.arguments.push_back(TRY(FindInWorkspace(places.models, each, "model")).string());
  }
  if (request.models.empty()) plan.arguments.push_back("--models=" + places.models.string());
  const std::string names = fmt::format("{}", fmt::join(request.models, ", "));
  plan.title = fmt::format("compare {} on {}", names.empty() ? "all models" : names, request.data.front());
  return {};
}

ApiResult<void> PlanDoctor(const JobPlaces& places, const Request& request, JobPlan& plan) {
  plan.arguments = {"data", "doctor"};
  TRY(AddData(places, request, "", plan));
  plan.title = fmt::format("check {}", fmt::join(request.data, ", "));
  return {};
}

ApiResult<void> PlanQuantization(const JobPlaces& places, const Request& request, JobPlan& plan) {
  plan.arguments.push_back(TRY(FindInWorkspace(places.models, request.model, "model")).string());
  TRY(AddData(places, request, "--data=", plan));
  plan.title = "quantize " + request.model;
  return {};
}

ApiResult<void> PlanRetraining(const JobPlaces& places, const Request& request, JobPlan& plan) {
  if (!places.retrains) {
    return Reject("this server cannot retrain: start it with --registry and with --filter and --store");
  }
  if (const Result<void> valid = CheckRegistryName(request.model, "name of a model"); !valid) {
    return Reject(OneLine(valid.error()));
  }
  plan.arguments.push_back(request.model);
  TRY(AddData(places, request, "--data=", plan));
  plan.arguments.push_back("--work-dir=" + (places.workspace / "retrain" / request.model).string());
  if (!plan.owner.empty()) plan.arguments.push_back("--actor=" + plan.owner);
  plan.title = "retrain " + request.model;
  return {};
}

/// The messages of the store are compared, whose address the job has from the server.
ApiResult<void> PlanDrift(const JobPlaces& places, const Request& request, JobPlan& plan) {
  if (!request.data.empty()) return Reject("'data' must be left out: drift is that of the messages in the store");
  plan.arguments.push_back(TRY(FindInWorkspace(places.models, request.model, "model")).string());
  plan.title = "measure the drift of " + request.model;
  return {};
}

using Planner = ApiResult<void> (*)(const JobPlaces&, const Request&, JobPlan&);
constexpr std::array<Planner, kKinds.size()> kPlanners = {PlanTraining,     PlanEvaluation, PlanComparison, PlanDoctor,
                                                          PlanQuantization, PlanRetraining, PlanDrift};

bool NeedsData(std::string_view kind) { return kind != "quantize" && kind != "drift"; }
bool HasModel(std::string_view kind) { return kind != "compare" && kind != "doctor"; }

ApiResult<Request> ReadRequest(const Json& body, const std::string& kind) {
  Request request{.data = TRY(NamesIn(body, "data")),
                  .model = TRY(StringOr(body, "model", "")),
                  .models = TRY(NamesIn(body, "models"))};
  if (request.data.empty() && NeedsData(kind)) return Reject("'data' must name at least one file of the workspace");
  if (HasModel(kind) && request.model.empty()) return Reject("'model' must be a model's name");
  if (!HasModel(kind) && !request.model.empty()) {
    return Reject(kind == "compare" ? "a comparison has 'models' instead of 'model'"
                                    : "a check of data has no 'model'");
  }
  if (kind != "compare" && !request.models.empty()) return Reject("'models' is for comparisons");
  return request;
}

}  // namespace

const Json& JobRequestSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["kind"], "properties": {
      "kind": {"enum": ["train", "evaluate", "compare", "doctor", "quantize", "retrain", "drift"], "description": "doctor: looks for duplicates and label errors; retrain: with the feedback of the store, a model of the registry; drift: compares the messages of the store with the reference texts of the model"},
      "data": {"type": ["string", "array"], "items": {"type": "string"}, "description": "Name of a file of WORKSPACE/data, or several; quantize and drift do without; retrain: those of the first training"},
      "model": {"type": ["string", "null"], "description": "Name of a model of WORKSPACE/models: the one to train, which need not exist, to evaluate, to quantize, or whose drift is measured. retrain: of the registry"},
      "models": {"type": ["array", "null"], "items": {"type": "string"}, "description": "Names of the models to compare; left out: all of WORKSPACE/models"},
      "options": {"type": ["object", "null"], "description": "Options of the command by their names, without the two hyphens: {\"epochs\": 5, \"base-model\": \"minilm\"}"}}})");
  return schema;
}

ApiResult<JobPlan> MakeJobPlan(const JobPlaces& places, const Json& body, const std::string& owner) {
  const std::string name = TRY(StringOr(body, "kind", ""));
  const auto kind = std::ranges::find(kKinds, name, &Kind::name);
  if (kind == kKinds.end()) {
    return Reject("'kind' must be train, evaluate, compare, doctor, quantize, retrain or drift");
  }
  const Request request = TRY(ReadRequest(body, name));
  JobPlan plan{.kind = name, .arguments = {name}, .owner = owner};
  TRY(kPlanners[static_cast<size_t>(kind - kKinds.begin())](places, request, plan));
  TRY(AddOptions(body, *kind, places.models, plan.arguments));
  return plan;
}

}  // namespace winnow
