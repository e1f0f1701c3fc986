#include "cli/classify_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "cli/field_options.h"

namespace winnow {
namespace {

/// What only a model on this machine can be told.
Result<void> RequireNothingLocal(const ClassifyCommandOptions& options) {
  const std::pair<bool, std::string_view> local[] = {{options.weights != Weights::kAuto, "--weights"},
                                                     {options.long_text.has_value(), "--long-text"},
                                                     {options.fold_disguises.has_value(), "--fold-disguises"},
                                                     {options.zero_shot.has_value(), "--zero-shot"},
                                                     {options.multi_label, "--multi-label"}};
  for (const auto& [given, name] : local) {
    if (!given) continue;
    return Fail(ErrorCode::kInvalidArgument, fmt::format("{} has no part in --server", name),
                "the server's models answer as they were loaded there: leave it out");
  }
  return RequireNoZeroShotDetails(options.zero_shot_details);
}

/// "spam", "spam:1.2.0", "spam@champion"; not what has a space, or a letter beyond ASCII.
bool LooksLikeAModelsName(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-:@/").contains(c);
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
    return Fail(ErrorCode::kInvalidArgument, "BUNDLE is missing",
                "usage: winnow classify BUNDLE [TEXT...] [options], or with --server URL");
  }
  if (options.model || options.api_key_file) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} says something only with --server", options.model ? "--model" : "--api-key-file"),
                "a model on this machine is named by its directory");
  }
  if (options.zero_shot && (options.explain || options.fold_disguises)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("{} has no part in --zero-shot", options.explain ? "--explain" : "--fold-disguises"),
                "it is about a model's own labels: leave it out");
  }
  if (options.zero_shot && options.long_text) {
    return Fail(ErrorCode::kInvalidArgument, "--long-text has no part in --zero-shot, which reads a text's beginning",
                "leave it out");
  }
  if (!options.zero_shot) {
    TRY(RequireNoZeroShotDetails(options.zero_shot_details));
    if (options.multi_label) {
      return Fail(ErrorCode::kInvalidArgument, "--multi-label says something only with --zero-shot",
                  "a model itself knows whether any number of its labels may apply");
    }
  }
  return {};
}

}  // namespace

void DescribeClassify(ClassifyCommandOptions& options, OptionTable& table) {
  table
      .AddPositional("bundle", &options.bundle,
                     "The model's directory; with --server its name there, which may be left out")
      .ValueName("BUNDLE");
  table.AddPositional(
      "text", &options.texts,
      "Texts to classify; without any and without --input they are read from standard input, one a line");
  table.Group("Input and output");
  table
      .Add("input", &options.input,
           "Texts to classify: a line each, or CSV, TSV, JSONL, gzip of each; - is standard input")
      .ValueName("FILE");
  table.Add("output", &options.output, "Where the answers go, as JSON lines; it appears once it is whole")
      .ValueName("FILE");
  AddTextField(options.text_field, table);
  table.Add("top-k", &options.top_k, "Show the K most probable labels; 0 shows all").AtLeast(0);
  table.Add("explain", &options.explain,
            "Show what each word does to the score: it is left out, and the text classified again, so a text takes the "
            "time of as many as it has words, up to 200");
  table.Add("batch-size", &options.batch_size, "Texts that are computed together, or sent to a server together")
      .AtLeast(1);
  table.Group("Decision");
  table.AddChoice("mode", &options.mode,
                  {{"strict", Mode::kStrict}, {"moderate", Mode::kModerate}, {"lenient", Mode::kLenient}},
                  "Which of the model's thresholds decides");
  AddWeightsOption(options.weights, table);
  AddLongTextOption(options.long_text, table);
  AddFoldDisguisesOption(options.fold_disguises, table);
  table.Group("On a server");
  table
      .Add(
          "server", &options.server,
          "Ask a 'winnow serve' instead of a model on this machine: http://HOST:PORT, https://..., unix:///PATH. A "
          "first argument of one word is the model's name there; any other is a text, and the server's default answers")
      .ValueName("URL");
  table
      .Add("model", &options.model,
           "With --server: the model's name there, NAME, NAME:VERSION or NAME@ALIAS; all "
           "arguments are texts then")
      .ValueName("NAME");
  table
      .Add("api-key-file", &options.api_key_file,
           "With --server: the file of the API key; otherwise WINNOW_API_KEY holds it, where the server wants one")
      .ValueName("FILE");
  table.Group("Without training");
  table
      .Add("zero-shot", &options.zero_shot,
           "Choose among these labels, divided by commas, instead of the model's own: BUNDLE is a model for natural "
           "language inference, which judges a hypothesis about each label")
      .ValueName("LABELS");
  table.Add("multi-label", &options.multi_label, "With --zero-shot: judge each label by itself; any number may apply");
  AddZeroShotDetails(options.zero_shot_details, table);
  table.Example("winnow classify spam 'You won a prize'", "one text");
  table.Example("winnow classify spam --input messages.txt --output answers.jsonl", "a file, a text a line");
  table.Example("winnow classify spam 'You won a prize' --explain", "which words it was");
  table.Example("winnow classify nli 'The fix is ready' --zero-shot 'spam,work,private'",
                "labels that no model was trained for");
  table.Example("winnow classify --server http://127.0.0.1:8080 'You won a prize'", "a server's default model");
  table.Example("winnow classify spam --server http://127.0.0.1:8080 --input messages.txt",
                "another one of the server's");
}

Result<void> SettleClassify(ClassifyCommandOptions& options) {
  TRY(options.server ? RequireNothingLocal(options) : CheckLocal(options));
  if (options.server) TellModelFromTexts(options);
  if (options.texts.empty() || !options.input) return {};
  return Fail(ErrorCode::kInvalidArgument, "texts on the command line and --input are two sources", "give one of them");
}

}  // namespace winnow
