#include "cli/classify_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/ascii.h"
#include "base/parse_number.h"
#include "base/streams.h"
#include "cli/field_options.h"
#include "cli/given_options.h"

namespace winnow {
namespace {

/// Refuses options that only a model on this machine can have.
Result<void> RequireNothingLocal(const ClassifyCommandOptions& options) {
  const std::pair<bool, std::string_view> local[] = {{options.weights != Weights::kAuto, "--weights"},
                                                     {options.long_text.has_value(), "--long-text"},
                                                     {options.fold_disguises.has_value(), "--fold-disguises"},
                                                     {options.zero_shot.has_value(), "--zero-shot"},
                                                     {options.multi_label, "--multi-label"}};
  for (const auto& [given, name] : local) {
    if (!given) continue;
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{} cannot be combined with --server", name),
                "the server determines how its models are loaded; omit the option");
  }
  return RequireNoZeroShotDetails(options.zero_shot_details);
}

/// "spam", "spam:1.2.0", "spam@champion"; not what has a space, or a letter beyond ASCII.
bool LooksLikeAModelsName(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) {
    return IsAsciiAlphanumeric(c) || std::string_view("._-:@/").contains(c);
  });
}

void TellModelFromTexts(ClassifyCommandOptions& options) {
  if (!options.bundle) return;
  if (!options.model && LooksLikeAModelsName(*options.bundle)) {
    options.model = *options.bundle;
  } else {
    options.texts.insert(options.texts.begin(), *options.bundle);
  }
  options.bundle.reset();
}

Result<void> CheckLocal(const ClassifyCommandOptions& options) {
  if (!options.bundle) {
    return Fail(ErrorCode::kInvalidArgument, "BUNDLE, the directory of the model, is missing",
                "usage: winnow classify BUNDLE [TEXT...] [options], or with --server URL");
  }
  if (options.model || options.api_key_file) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} requires --server", options.model ? "--model" : "--api-key-file"),
                "add --server URL, or omit the option; a local model is specified by its directory");
  }
  if (options.zero_shot && (options.explain || options.fold_disguises)) {
    return Fail(
        ErrorCode::kInvalidArgument,
        fmt::format("{} cannot be combined with --zero-shot", options.explain ? "--explain" : "--fold-disguises"),
        "the option applies only to a model's own labels; omit it");
  }
  const bool decides = options.threshold || options.mode != Mode::kModerate;
  if (options.zero_shot && decides && !options.multi_label && SplitLabels(*options.zero_shot).size() > 1) {
    const std::string option = options.threshold ? "--threshold" : "--mode";
    return Fail(ErrorCode::kInvalidArgument, option + " with --zero-shot requires --multi-label",
                "omit " + option + ", or add --multi-label; without it, the most probable label is predicted");
  }
  if (options.zero_shot && options.long_text) {
    return Fail(ErrorCode::kInvalidArgument,
                "--long-text cannot be combined with --zero-shot, which reads only the beginning of a text",
                "omit --long-text");
  }
  if (!options.zero_shot) {
    TRY(RequireNoZeroShotDetails(options.zero_shot_details));
    if (options.multi_label) {
      return Fail(ErrorCode::kInvalidArgument, "--multi-label requires --zero-shot",
                  "for a model's own labels, the model determines whether it is multi-label");
    }
  }
  return {};
}

Result<void> CheckShard(const ClassifyCommandOptions& options) {
  if (!options.shard) return {};
  TRY(ParseShard(*options.shard));
  if (options.input && CanBeReadTwice(*options.input)) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "--shard requires --input FILE, because the file is read twice: standard input and pipes cannot be used",
              "specify the file that all jobs read, or omit --shard");
}

bool IsMailFile(const std::filesystem::path& path) {
  const std::string extension = LowerAscii(path.extension().string());
  return extension == ".eml" || extension == ".mbox";
}

/// Refuses mail, whose lines are no texts, unless its format is specified.
Result<void> CheckInput(const ClassifyCommandOptions& options) {
  if (!options.input || !options.format.format.empty() || !IsMailFile(*options.input)) return {};
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("--input {}: messages of mail must be decoded before they are classified", options.input->string()),
      fmt::format("winnow data import {} --output mails.jsonl, then specify --input mails.jsonl",
                  options.input->string()));
}

}  // namespace

std::vector<std::string> TextsThatNameFiles(std::span<const std::string> texts) {
  constexpr size_t kLongestPath = 4096;
  std::vector<std::string> warnings;
  for (const std::string& text : texts) {
    std::error_code ignored;
    if (text.size() > kLongestPath || !std::filesystem::is_regular_file(text, ignored)) continue;
    warnings.push_back(
        IsMailFile(text)
            ? fmt::format("'{}' is the name of a file; to classify the messages in it, run 'winnow data "
                          "import {} --output mails.jsonl' and specify --input mails.jsonl",
                          text, text)
            : fmt::format("'{}' is the name of a file; to classify its contents, specify --input {}", text, text));
  }
  return warnings;
}

std::vector<std::string> ClassifyOptionsWithoutEffect(const ClassifyCommandOptions& options) {
  constexpr std::string_view kOnTexts = "on texts of the command line";
  return OptionEffects(options.table)
      .Check(options.texts.empty(), kFormatOptionNames, kOnTexts)
      .Check(options.texts.empty(), {"skip-bad-rows"}, kOnTexts)
      .Check(!options.server, {"verify", "public-key"}, "with --server, which loads its own models")
      .warnings();
}

std::pair<size_t, size_t> Shard::RangeOf(size_t texts) const {
  // The first texts % count parts have one text more.
  const auto begin = [&](size_t part) { return part * (texts / count) + std::min(part, texts % count); };
  return {begin(index - 1), begin(index)};
}

Result<Shard> ParseShard(std::string_view text) {
  const size_t slash = std::min(text.find('/'), text.size());
  const Shard shard{.index = ParseNumber<size_t>(text.substr(0, slash)).value_or(0),
                    .count = slash == text.size() ? 0 : ParseNumber<size_t>(text.substr(slash + 1)).value_or(0)};
  if (shard.index >= 1 && shard.index <= shard.count) {
    return shard;
  }
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("--shard '{}': expected I/N, the number of this part and of all parts", text),
              "parts are counted from 1: --shard 1/8 to --shard 8/8");
}

PredictionFormat FormatOf(const ClassifyCommandOptions& options) {
  const std::string extension = options.output && !options.json ? options.output->extension().string() : "";
  if (extension == ".csv") return PredictionFormat::kCsv;
  if (extension == ".tsv") return PredictionFormat::kTsv;
  return options.output || options.json ? PredictionFormat::kJsonLines : PredictionFormat::kText;
}

namespace {

void AddInputAndOutput(ClassifyCommandOptions& options, OptionTable& table) {
  table
      .AddPositional("bundle", &options.bundle,
                     "Directory of the model; with --server, the optional name of a model on the server")
      .ValueName("BUNDLE");
  table.AddPositional("text", &options.texts,
                      "Texts to classify; without texts and --input they are read from standard input, one per line");
  table.Group("Input and output");
  table
      .Add("input", &options.input,
           "Texts to classify: one per line, or a CSV, TSV or JSONL file, optionally gzip-compressed; - is "
           "standard input")
      .ValueName("FILE");
  table
      .Add("output", &options.output,
           "File for the predictions: a table if its name ends in .csv or .tsv, otherwise JSON lines; it is created "
           "once all predictions are complete. - is standard output")
      .ValueName("FILE")
      .Short('o');
  AddTextField(options.text_field, table);
  AddFormatOptions(options.format, table);
  table.Add("skip-bad-rows", &options.skip_bad_rows,
            "Leave out rows of --input that cannot be read, and report them, instead of refusing the file");
  table
      .Add(
          "shard", &options.shard,
          "Classify only part I of N equal parts of --input, for jobs that run side by side; the outputs of all parts, "
          "one after the other, are the output for the whole file")
      .ValueName("I/N");
  table
      .Add("top-k", &options.top_k,
           "Number of most probable labels to show with their probabilities; 0 shows all. A table as --output contains "
           "only the decision")
      .AtLeast(0)
      .Default("all in JSON, only the decision in text output");
  table.Add("explain", &options.explain,
            "Show the effect of each word on the log-odds of a label: of two labels the positive one, otherwise the "
            "decided one. A transformer classifies the text once more per word, with that word removed, at most 200 "
            "times; in longer texts, neighbouring words are removed together");
  table.Add("batch-size", &options.batch_size, "Number of texts per forward pass, or per request to the server")
      .AtLeast(1);
}

void AddDecision(ClassifyCommandOptions& options, OptionTable& table) {
  table.Group("Decision");
  AddModeOption(options.mode, table);
  AddThresholdOption(options.threshold, table);
  AddWeightsOption(options.weights, table);
  AddLongTextOption(options.long_text, table);
  AddFoldDisguisesOption(options.fold_disguises, table);
}

void AddServer(ClassifyCommandOptions& options, OptionTable& table) {
  table.Group("Server");
  table
      .Add("server", &options.server,
           "Send the texts to a Winnow server ('winnow serve') at http://HOST:PORT, https://HOST:PORT or "
           "unix:///PATH. If the "
           "first argument is one word, it is the name of a model on the server; otherwise it is a text, and "
           "the server's default model is used")
      .ValueName("URL");
  table
      .Add("model", &options.model,
           "Name of the model on the server: NAME, NAME:VERSION or NAME@ALIAS; all arguments are then texts. "
           "Requires --server")
      .ValueName("NAME");
  table
      .Add("api-key-file", &options.api_key_file,
           "File that contains the API key for the server; without it, the key is read from WINNOW_API_KEY. "
           "Requires --server")
      .ValueName("FILE");
}

void AddZeroShot(ClassifyCommandOptions& options, OptionTable& table) {
  table.Group("Zero-shot classification");
  table
      .Add("zero-shot", &options.zero_shot,
           "Candidate labels, separated by commas, in place of the model's own labels. BUNDLE is then a natural "
           "language inference model, which judges a hypothesis about each label: a directory, or a name that 'winnow "
           "pull' accepts")
      .ValueName("LABELS");
  table.Add("multi-label", &options.multi_label,
            "Judge each label independently, so that any number may apply. Requires --zero-shot");
  AddZeroShotDetails(options.zero_shot_details, table);
}

}  // namespace

void DescribeClassify(ClassifyCommandOptions& options, OptionTable& table) {
  options.table = &table;
  AddInputAndOutput(options, table);
  AddDecision(options, table);
  AddServer(options, table);
  AddZeroShot(options, table);
  AddTrustOptions(options, table);
  table.Example("winnow classify spam 'You won a prize'", "one text");
  table.Example("winnow classify spam --input messages.txt --output predictions.jsonl",
                "a file with one text per line");
  table.Example("winnow classify spam --input messages.txt --shard 3/8 --output part-3.jsonl",
                "the third of eight jobs");
  table.Example("winnow classify spam --input messages.txt --threshold .9",
                "flag only texts whose probability of spam is at least 90 %");
  table.Example("winnow classify spam 'You won a prize' --explain", "the effect of each word");
  table.Example("winnow classify deberta-small-nli 'The fix is ready' --zero-shot 'spam,work,private'",
                "labels that the model was not trained on");
  table.Example("winnow classify --server http://127.0.0.1:8080 'You won a prize'", "the default model of a server");
  table.Example("winnow classify spam --server http://127.0.0.1:8080 --input messages.txt",
                "another model of the server");
}

Result<void> CompleteClassifyOptions(ClassifyCommandOptions& options) {
  if (options.output == "-") {
    options.output.reset();
    options.json = true;  // as a file without the name of a table
  }
  TRY(DecideBy(options.mode, options.threshold));
  TRY(options.server ? RequireNothingLocal(options) : CheckLocal(options));
  if (options.server) TellModelFromTexts(options);
  TRY(CheckInput(options));
  const PredictionFormat format = FormatOf(options);
  if (options.explain && (format == PredictionFormat::kCsv || format == PredictionFormat::kTsv)) {
    return Fail(ErrorCode::kInvalidArgument, "--explain cannot be combined with a table as --output",
                "specify --output FILE.jsonl");
  }
  if (options.texts.empty() || !options.input) return CheckShard(options);
  return Fail(ErrorCode::kInvalidArgument, "texts on the command line cannot be combined with --input",
              "specify the texts in one of these ways");
}

}  // namespace winnow
