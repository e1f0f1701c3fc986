// Options that several commands have.
#include <fmt/format.h>

#include "cli/command.h"

namespace winnow {

void AddWeightsOption(Weights& weights, OptionTable& table) {
  table.AddChoice("weights", &weights, {{"auto", Weights::kAuto}, {"float", Weights::kFloat}, {"int8", Weights::kInt8}},
                  "Weights to use; auto: INT8 if the model has them, else float");
}

void AddPublicKeyOption(CommonOptions& options, OptionTable& table) {
  table
      .Add("public-key", &options.public_key,
           "Public key of minisign, or its .pub file: winnow.json of a model must be signed with it (in "
           "winnow.json.minisig), and must list every file that is read")
      .ValueName("KEY|FILE");
}

void AddVerifyOption(CommonOptions& options, OptionTable& table) {
  table.Add(
      "verify", &options.verify,
      "Check that the files of a model that are read have the digests in its winnow.json; use --no-verify to load "
      "a model whose files were edited");
}

void AddTrustOptions(CommonOptions& options, OptionTable& table) {
  table.Group("Integrity");
  AddVerifyOption(options, table);
  AddPublicKeyOption(options, table);
}

void AddModeOption(Mode& mode, OptionTable& table) {
  table.AddChoice("mode", &mode,
                  {{"strict", Mode::kStrict}, {"moderate", Mode::kModerate}, {"lenient", Mode::kLenient}},
                  "Decision thresholds to use: strict flags the most texts as the positive label, lenient the fewest");
}

void AddThresholdOption(std::optional<double>& threshold, OptionTable& table) {
  table
      .Add("threshold", &threshold,
           "Decision threshold between 0 and 1 in place of that of the mode: the positive label (multi-label: each "
           "label) is assigned if its probability p is at least X; with more than two labels, if p / (p + the "
           "probability of the next label) is. A lower threshold flags more texts")
      .InsteadOf("mode");
}

Result<ClassifyOptions> DecideBy(Mode mode, std::optional<double> threshold) {
  ClassifyOptions options = {.mode = mode};
  if (!threshold) return options;
  options.threshold = static_cast<float>(*threshold);
  if (*options.threshold > 0 && *options.threshold < 1) return options;
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("--threshold {:g}: must be more than 0 and less than 1", *threshold));
}

void AddLongTextOption(std::optional<LongText>& long_text, OptionTable& table) {
  table
      .AddChoice(
          "long-text", &long_text,
          {{"head", LongText::kHead}, {"head+tail", LongText::kHeadTail}, {"windows", LongText::kWindows}},
          "How a text that exceeds the maximum length is read: its first tokens, its first and last tokens, or all "
          "of it in overlapping windows; the window with the highest score of the positive label decides (without a "
          "positive label: the mean of all windows; multi-label: the highest score of each label)")
      .Default("as the model was trained");
}

void AddFoldDisguisesOption(std::optional<bool>& fold_disguises, OptionTable& table) {
  table
      .AddChoice(
          "fold-disguises", &fold_disguises, {{"on", true}, {"off", false}},
          "Normalize obfuscated texts before they are read: invisible characters, spaced letters, look-alike letters "
          "of other scripts, digits in place of letters")
      .Default("as the model was trained");
}

void AddCommonOptions(CommonOptions& options, OptionTable& table) {
  table.Group("General");
  table.Add("json", &options.json, "Print machine-readable results: one JSON document, or JSON lines");
  table.Add("threads", &options.threads, "Number of threads; 0: all cores that the process may use").AtLeast(0);
  table.AddConfig("config", &options.config, "A TOML file of options, one per line: name = value");
  table.Add("quiet", &options.quiet, "Show no progress; print only warnings and errors").Short('q');
  table.AddChoice("log-level", &options.log_level,
                  {{"debug", LogLevel::kDebug},
                   {"info", LogLevel::kInfo},
                   {"warning", LogLevel::kWarning},
                   {"error", LogLevel::kError}},
                  "Log verbosity on standard error");
  table.AddChoice("log-format", &options.log_format, {{"text", LogFormat::kText}, {"json", LogFormat::kJson}},
                  "Format of log lines");
  table.AddHelp("help", &options.help, "Show this help");
}

}  // namespace winnow
