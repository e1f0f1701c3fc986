/// Commands as functions, for bindings to other languages: from the arguments of a command to the document that its
/// --json prints. Functions neither print nor install signal handlers; their lines and their progress go to an
/// observer, which can also cancel them. Environment variables with options (WINNOW_...) are not read.
///
/// Errors are those of the command; kUnsupported for options that only the command line has.
#pragma once

#include <span>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "cli/command.h"
#include "pipeline/training_observer.h"

namespace winnow {

/// `winnow train`: returns the document of training_info.json.
Result<Json> TrainDocument(std::span<const std::string> arguments, TrainingObserver& observer);
/// `winnow evaluate`, except for --folds, --robustness and --out-of-scope.
Result<Json> EvaluateDocument(std::span<const std::string> arguments, TrainingObserver& observer);
/// `winnow calibrate`.
Result<Json> CalibrateDocument(std::span<const std::string> arguments, TrainingObserver& observer);
/// `winnow quantize`.
Result<Json> QuantizeDocument(std::span<const std::string> arguments, TrainingObserver& observer);

/// Refuses options that concern the whole process or print something else than a document.
Result<void> CheckDocumentOptions(const CommonOptions& options, ParseOutcome outcome);

/// Parses `arguments` with the options that `describe` binds, and returns what `run` makes of them.
template <typename Options>
Result<Json> DocumentOf(const char* command, std::span<const std::string> arguments, TrainingObserver& observer,
                        void (*describe)(Options&, OptionTable&),
                        Result<Json> (*run)(const Options&, TrainingObserver&)) {
  Options options;
  OptionTable table(command, "");
  describe(options, table);
  AddCommonOptions(options, table);
  const auto no_environment = [](const std::string&) { return std::optional<std::string>(); };
  const ParseOutcome outcome =
      TRY(table.Parse(arguments, {.environment = no_environment, .preset_directories = std::nullopt}));
  TRY(CheckDocumentOptions(options, outcome));
  return run(options, observer);
}

}  // namespace winnow
