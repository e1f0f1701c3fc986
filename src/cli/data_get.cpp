#include <fmt/format.h>

#include "base/environment.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/shell.h"
#include "base/suggest.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/field_options.h"
#include "cli/output.h"
#include "data/fetch_public_set.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

struct DataGetOptions : CommonOptions {
  std::string name;
  FetchOptions fetch;
};

void Describe(DataGetOptions& options, OptionTable& table) {
  std::string names;
  for (const PublicSet& set : PublicSets()) names += (names.empty() ? "" : ", ") + set.name;
  table.AddPositional("name", &options.name, "The data set: " + names + "; without it, all are listed")
      .ValueName("NAME");
  table.Group("Output");
  table.Add("output-dir", &options.fetch.output_dir, "Directory for the files")
      .ValueName("DIR")
      .Default("the data set's name")
      .Short('o');
  AddOverwrite(options.fetch.overwrite, table, "Replace existing files that this command did not write");
  table.Group("Source");
  table
      .Add("mirror", &options.fetch.mirror,
           "Download from URL/NAME/FILE instead of the authors' site; the environment variable WINNOW_DATA_MIRROR has "
           "the same effect")
      .ValueName("URL")
      .Alias("url");
  table.Add("verify", &options.fetch.verify, "Refuse downloaded files whose SHA-256 differs from the expected value");
  table.Describe(
      "The data set is downloaded from its authors' site, checked, and written as files that 'winnow train' reads. "
      "The downloaded files stay in DIR/source: an interrupted download is resumed, and files that are already there "
      "are not downloaded again. DIR/source.json records the source of each file. Check that the licence of the data "
      "set, which is printed, permits your use.");
  table.Example("winnow data get sms-spam", "sms-spam/data.tsv");
  table.Example("winnow data get clinc150 --output-dir intents",
                "train, validation and test parts, and out-of-scope texts");
}

Result<void> List(const DataGetOptions& options) {
  std::string text;
  Json json = Json::array();
  for (const PublicSet& set : PublicSets()) {
    text += fmt::format("{:<15}{}\n{:15}{}; {}\n", set.name, set.title, "", set.licence, set.homepage);
    json.push_back(PublicSetJson(set));
  }
  return Print(options.json ? json.dump(2) + "\n" : text);
}

std::string TrainCommandLine(const PublicSet& set, const fs::path& output) {
  constexpr std::string_view kDirectory = "{dir}";
  const std::string directory = ShellLine({output.string()});
  std::string options = set.train_options;
  for (size_t at = 0; (at = options.find(kDirectory, at)) != std::string::npos; at += directory.size()) {
    options.replace(at, kDirectory.size(), directory);
  }
  return fmt::format("winnow train {}{}{} --output-dir {}-model", ShellLine({(output / set.parts[0].file).string()}),
                     options.empty() ? "" : " ", options, set.name);
}

Result<void> Run(const DataGetOptions& options) {
  if (options.name.empty()) return List(options);
  const PublicSet* set = FindPublicSet(options.name);
  if (set == nullptr) {
    std::vector<std::string> names;
    for (const PublicSet& each : PublicSets()) names.push_back(each.name);
    return Fail(ErrorCode::kInvalidArgument, fmt::format("unknown data set '{}'", options.name),
                DidYouMean(options.name, names, "'winnow data get' lists them"));
  }
  HandleInterrupts();
  ConsoleObserver observer;
  FetchOptions fetch = options.fetch;
  if (fetch.output_dir.empty()) fetch.output_dir = set->name;
  if (fetch.mirror.empty()) fetch.mirror = EnvironmentVariable("WINNOW_DATA_MIRROR").value_or("");
  fetch.note = [&](const std::string& line) { observer.Note(line); };
  fetch.warn = [&](const std::string& line) { observer.Warn(line); };
  fetch.progress = [&](std::string_view file, uint64_t done, uint64_t total) {
    observer.OnProgress(file, static_cast<int64_t>(done), static_cast<int64_t>(total));
    return !observer.Cancelled();
  };
  FetchedSet fetched = TRY(FetchPublicSet(*set, fetch));
  observer.FinishWork();
  const std::string train = TrainCommandLine(*set, fetch.output_dir);
  if (options.json) {
    fetched.record["train"] = train;
    return Print(fetched.record.dump(2) + "\n");
  }
  std::string text;
  for (const PublicPart& part : fetched.parts) {
    text += fmt::format("{}  {} rows\n", (fetch.output_dir / part.file).string(),
                        FormatCount(static_cast<int64_t>(part.rows)));
  }
  return Print(text + "to train on it: " + train + "\n");
}

}  // namespace

Command DataGetCommand() {
  return MakeCommand<DataGetOptions>("data get", "Downloads a public data set, ready for training.", Describe, Run);
}

}  // namespace winnow
