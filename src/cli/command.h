/// Commands: each is a name, an option table, and a function that runs on the filled struct. A command's file reads:
///
///     struct CountOptions : CommonOptions { std::vector<std::filesystem::path> data; };
///
///     void Describe(CountOptions& options, OptionTable& table) {
///       table.AddPositional("data", &options.data, "Files to count").Required();
///     }
///
///     Result<void> Run(const CountOptions& options) { ... return Print(...); }
///
///     Command CountCommand() { return MakeCommand<CountOptions>("count", "Counts texts.", Describe, Run); }
///
/// The function of a command is also listed in commands.cpp.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "base/options.h"
#include "base/result.h"
#include "winnow/classifier.h"

namespace winnow {

/// The options that every command has.
struct CommonOptions {
  bool json = false;
  int threads = 0;  // 0: all cores that the process may use
  bool quiet = false;
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  std::optional<std::filesystem::path> config;
  bool help = false;
  bool verify = true;                     // of commands with AddTrustOptions
  std::optional<std::string> public_key;  // the key or its file
};

void AddCommonOptions(CommonOptions& options, OptionTable& table);

/// Adds --verify and --public-key, or one of them: what a bundle must prove before it is loaded (bundle/load_check.h).
void AddTrustOptions(CommonOptions& options, OptionTable& table);
void AddVerifyOption(CommonOptions& options, OptionTable& table);
void AddPublicKeyOption(CommonOptions& options, OptionTable& table);

/// Adds --weights: which of a bundle's weights predict.
void AddWeightsOption(Weights& weights, OptionTable& table);

/// Adds --mode: the decision thresholds to use.
void AddModeOption(Mode& mode, OptionTable& table);

/// Adds --threshold: a decision threshold in place of that of --mode, which must have been added too.
void AddThresholdOption(std::optional<double>& threshold, OptionTable& table);

/// Returns the options of decisions by a mode or, if it is given, by a threshold. Errors: kInvalidArgument for a
/// threshold that is not between 0 and 1.
Result<ClassifyOptions> DecideBy(Mode mode, std::optional<double> threshold);

/// Adds --long-text for an existing model; empty: the model's own mode.
void AddLongTextOption(std::optional<LongText>& long_text, OptionTable& table);

/// Adds --fold-disguises for an existing model; empty: the model's own setting.
void AddFoldDisguisesOption(std::optional<bool>& fold_disguises, OptionTable& table);

/// One run of a command: its options, and the table that fills them.
class Invocation {
 public:
  virtual ~Invocation() = default;
  virtual OptionTable& table() = 0;
  virtual const CommonOptions& common() const = 0;
  virtual Result<void> Run() = 0;
};

struct Command {
  std::string name;  // "train"; of two words where there is a family: "data inspect"
  std::string summary;
  std::function<std::unique_ptr<Invocation>()> begin;
};

template <typename Options>
Command MakeCommand(std::string name, std::string summary, void (*describe)(Options&, OptionTable&),
                    Result<void> (*run)(const Options&)) {
  class Typed final : public Invocation {
   public:
    Typed(const std::string& name, const std::string& summary, void (*describe)(Options&, OptionTable&),
          Result<void> (*run)(const Options&))
        : table_(name, summary), run_(run) {
      describe(options_, table_);
      AddCommonOptions(options_, table_);
    }
    OptionTable& table() override { return table_; }
    const CommonOptions& common() const override { return options_; }
    Result<void> Run() override { return run_(options_); }

   private:
    Options options_;
    OptionTable table_;
    Result<void> (*run_)(const Options&);
  };
  Command command{std::move(name), std::move(summary), nullptr};
  command.begin = [name = command.name, summary = command.summary, describe, run]() -> std::unique_ptr<Invocation> {
    return std::make_unique<Typed>(name, summary, describe, run);
  };
  return command;
}

}  // namespace winnow
