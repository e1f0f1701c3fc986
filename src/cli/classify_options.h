/// The options of `winnow classify`: their table, and the check of their combinations.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/options.h"
#include "base/result.h"
#include "cli/command.h"
#include "cli/zero_shot_options.h"
#include "data/dataset.h"
#include "winnow/classifier.h"

namespace winnow {

/// One of `count` parts of a file that jobs classify side by side.
struct Shard {
  size_t index = 1;  ///< counted from 1
  size_t count = 1;

  /// Returns the range [begin, end) of the texts of this part, of which the file has `texts`: consecutive ones.
  std::pair<size_t, size_t> RangeOf(size_t texts) const;
};

/// Parses "I/N". Errors: kInvalidArgument unless 1 <= I <= N.
Result<Shard> ParseShard(std::string_view text);

struct ClassifyCommandOptions : CommonOptions {
  const OptionTable* table = nullptr;  // that fills the struct
  std::optional<std::string> bundle;
  std::vector<std::string> texts;
  std::optional<std::filesystem::path> input;
  std::optional<std::filesystem::path> output;
  std::string text_field;
  FormatOptions format;
  bool skip_bad_rows = false;
  std::optional<std::string> shard;
  Mode mode = Mode::kModerate;
  std::optional<double> threshold;
  Weights weights = Weights::kAuto;
  std::optional<LongText> long_text;
  std::optional<int> top_k;
  int batch_size = 256;
  bool explain = false;
  std::optional<bool> fold_disguises;
  std::optional<std::string> zero_shot;
  ZeroShotDetails zero_shot_details;
  bool multi_label = false;
  std::optional<std::string> server;
  std::optional<std::string> model;
  std::optional<std::filesystem::path> api_key_file;
};

/// How predictions are written.
enum class PredictionFormat { kText, kJsonLines, kCsv, kTsv };

/// Returns the format of the options: a table if the name of --output ends in .csv or .tsv and --json is not specified,
/// otherwise JSON lines in a file and with --json.
PredictionFormat FormatOf(const ClassifyCommandOptions& options);

void DescribeClassify(ClassifyCommandOptions& options, OptionTable& table);

/// With --server, tells the model's name from the texts: a first argument of one word is moved from `bundle` to
/// `model`, any other to `texts`. Errors: kInvalidArgument for options that cannot be combined, and for mail as
/// --input.
Result<void> CompleteClassifyOptions(ClassifyCommandOptions& options);

/// Returns a warning for each option that the user gave and that has no effect on these texts, or on a server.
std::vector<std::string> ClassifyOptionsWithoutEffect(const ClassifyCommandOptions& options);

/// Returns a warning for each text that is the name of a file, whose contents were probably meant.
std::vector<std::string> TextsThatNameFiles(std::span<const std::string> texts);

}  // namespace winnow
