#include <span>

#include "base/json.h"
#include "bundle/load_check.h"
#include "bundle/manifest.h"
#include "classify/text_encoder.h"
#include "cli/commands.h"
#include "cli/field_options.h"
#include "cli/given_options.h"
#include "cli/output.h"
#include "cli/text_report.h"
#include "data/dataset.h"
#include "linear/linear_model.h"
#include "tokenize/tokenizer.h"

namespace winnow {
namespace {

struct TokenizeOptions : CommonOptions {
  const OptionTable* table = nullptr;  // that fills the struct
  std::filesystem::path directory;
  std::vector<std::string> texts;
  std::optional<std::filesystem::path> input;
  ReadOptions reading;
  bool skip_bad_rows = false;
  int max_length = 1 << 20;
  bool special = false;
};

void Describe(TokenizeOptions& options, OptionTable& table) {
  options.table = &table;
  table.AddPositional("directory", &options.directory, "Directory of a model or a tokenizer")
      .ValueName("DIR")
      .Required();
  table.AddPositional("text", &options.texts,
                      "Texts; without TEXT and --input they are read from standard input, one per line");
  table.Group("Input");
  table
      .Add("input", &options.input,
           "File of texts: one per line, or CSV, TSV, JSONL, also gzipped; - is standard input")
      .ValueName("FILE");
  AddTextField(options.reading.text_field, table);
  AddFormatOptions(options.reading.format, table);
  table.Add("skip-bad-rows", &options.skip_bad_rows,
            "Leave out rows of --input that cannot be read, and report them, instead of refusing the file");
  table.Group("Tokens");
  table.Add("max-length", &options.max_length, "Maximum number of tokens per text, [CLS] and [SEP] included")
      .AtLeast(0);
  table.Add("special", &options.special,
            "Read special tokens in a text, such as [MASK], as tokens instead of plain text");
  AddTrustOptions(options, table);
  table.Describe(
      "Prints one JSON line per text: token ids, their pieces, and the byte range of each token in the text. If the text "
      "template of the model makes several segments of a row, the line has the text in place of the byte ranges: the "
      "segments, divided by the character U+001E.");
  table.Example("winnow tokenize spam 'You won a prize'", "how a model divides a text");
}

Json PiecesOf(const TextEncoder& encoder, std::span<const int32_t> ids) {
  Json tokens = Json::array();
  for (const int32_t id : ids) tokens.push_back(encoder.tokenizer().TokenText(id));
  return tokens;
}

Result<void> PrintTokens(const TextEncoder& encoder, const TokenizeOptions& options, std::string_view text) {
  std::vector<int32_t> ids;
  std::vector<TokenSpan> spans;
  encoder.EncodeWithSpans(text, {.max_length = options.max_length, .parse_special_tokens = options.special}, ids,
                          spans);
  Json offsets = Json::array();
  for (const TokenSpan& span : spans) offsets.push_back({span.begin, span.end});
  const Json line = {{"ids", ids}, {"tokens", PiecesOf(encoder, ids)}, {"offsets", offsets}};
  return Print(line.dump() + "\n");
}

/// Prints the tokens of the segments that a template has made, as the model reads them.
Result<void> PrintSegments(const TextEncoder& encoder, InputTextView text) {
  TokenizedTexts read;
  encoder.Encode({&text, 1}, read);
  const Json line = {
      {"ids", read.windows.ids}, {"tokens", PiecesOf(encoder, read.windows.ids)}, {"text", text.joined()}};
  return Print(line.dump() + "\n");
}

Result<void> Run(const TokenizeOptions& options) {
  std::error_code ignored;
  if (std::filesystem::exists(options.directory / kLinearFile, ignored)) {
    return Fail(ErrorCode::kUnsupported, options.directory.string() + ": a linear model has features, not tokens",
                "winnow classify --explain shows the effect of each word");
  }
  TRY(CheckFiles(options.directory, {}));
  const Tokenizer tokenizer = TRY(Tokenizer::Load(options.directory));
  Manifest manifest;  // of a tokenizer alone: one that changes nothing
  if (std::filesystem::exists(options.directory / kManifestFile, ignored)) {
    manifest = TRY(ReadManifest(options.directory));
  }
  const TextEncoder encoder(tokenizer, {.max_length = options.max_length, .fold_disguises = manifest.fold_disguises});
  OptionEffects(options.table).Check(options.texts.empty(), kFormatOptionNames, "on texts of the command line").Log();
  for (const std::string& text : options.texts) TRY(PrintTokens(encoder, options, text));
  if (!options.texts.empty()) return {};
  ReadOptions reading = options.reading;
  reading.template_text = manifest.text_template;
  ReadReport report;
  TRY(ForEachText(
      options.input.value_or("-"), reading, report,
      [&](std::string_view joined, size_t) {
        const InputTextView text = InputTextView::OfJoined(joined);
        return text.has_rest() ? PrintSegments(encoder, text) : PrintTokens(encoder, options, joined);
      },
      options.skip_bad_rows ? BadRows::kSkip : BadRows::kRefuse));
  LogTextReportOfAnswers(report);
  return {};
}

}  // namespace

Command TokenizeCommand() {
  return MakeCommand<TokenizeOptions>("tokenize", "Shows the tokens that a model reads in a text.", Describe, Run);
}

}  // namespace winnow
