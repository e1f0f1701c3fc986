#include "review/review_pool.h"

#include <fmt/format.h>

#include <cstring>
#include <set>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/json_strings.h"
#include "base/lines.h"
#include "base/mutex.h"
#include "text/duplicate_key.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

/// The labels of the rows of a data file; none if it has no labels and none were asked for.
Result<std::map<size_t, std::string>> LabelsByRow(const fs::path& data, const ReadOptions& options) {
  std::map<size_t, std::string> labels;
  ReadOptions single = options;
  single.problem_type = ProblemType::kSingle;
  ReadReport report;
  const fs::path files[] = {data};
  const Result<Dataset> dataset = ReadDataset(files, single, report);
  if (!dataset) {
    if (!options.label_field.empty()) return std::unexpected(dataset.error());
    return labels;
  }
  for (const Example& example : dataset->examples) {
    if (!example.labels.empty()) labels[example.row] = dataset->labels.names[static_cast<size_t>(example.labels[0])];
  }
  return labels;
}

Json TextJson(const PoolText& text) {
  Json json = {{"text", text.text}, {"row", text.row}};
  if (text.given) json["given"] = *text.given;
  return json;
}

Result<PoolText> TextOf(const Json& json) {
  const JsonObject object = TRY(JsonObject::Of(json, "text"));
  PoolText text{.text = TRY(object.String("text")).value_or("")};
  text.given = TRY(object.String("given"));
  text.row = static_cast<size_t>(TRY(object.Integer("row")).value_or(0));
  return text;
}

std::unexpected<Error> BadSetting(std::string_view key, std::string_view expected) {
  return Fail(ErrorCode::kInvalidData, fmt::format("{}: '{}' must {}", kReviewFile, key, expected));
}

/// The names in a list; none if there is no list.
Result<std::vector<std::string>> NamesOf(const Json* list, std::string_view key) {
  if (list == nullptr || list->is_null()) return std::vector<std::string>();
  std::optional<std::vector<std::string>> names = StringsOf(*list);
  if (!names) return BadSetting(key, "be a list of strings");
  return *std::move(names);
}

}  // namespace

Json ReviewSettings::ToJson() const {
  Json words = Json::object();
  for (const auto& [label, list] : seeds) words[label] = Json(list);
  Json json = {{"set", set},
               {"data", data},
               {"labels", Json(labels)},
               {"features", features},
               {"encoder", encoder},
               {"model", model},
               {"challenger", challenger},
               {"seeds", words},
               {"created", created},
               {"seed", static_cast<int64_t>(seed)}};
  if (!removed.empty()) json["removed"] = Json(removed);
  return json;
}

Result<ReviewSettings> ReviewSettings::FromJson(const Json& json) {
  const JsonObject object = TRY(JsonObject::Of(json, kReviewFile));
  ReviewSettings settings;
  settings.set = TRY(object.String("set")).value_or("");
  settings.data = TRY(object.String("data")).value_or("");
  settings.labels = TRY(NamesOf(json.Find("labels"), "labels"));
  settings.features = TRY(object.String("features")).value_or("auto");
  settings.encoder = TRY(object.String("encoder")).value_or("");
  settings.model = TRY(object.String("model")).value_or("");
  settings.challenger = TRY(object.String("challenger")).value_or("");
  settings.created = TRY(object.Integer("created")).value_or(0);
  constexpr int64_t kEndOfTime = 253'402'300'799;  // of the year 9999
  if (settings.created < 0 || settings.created > kEndOfTime) return BadSetting("created", "be seconds since 1970");
  settings.seed = static_cast<uint64_t>(TRY(object.Integer("seed")).value_or(42));
  if (const Json* seeds = json.Find("seeds"); seeds != nullptr) {
    if (!seeds->is_object()) return BadSetting("seeds", "be an object of lists of strings");
    for (const auto& [label, words] : std::as_const(*seeds).items())
      settings.seeds[label] = TRY(NamesOf(&words, "seeds"));
  }
  if (const Json* removed = json.Find("removed"); removed != nullptr) {
    if (!removed->is_array()) return BadSetting("removed", "be a list of ascending numbers");
    for (const Json& number : *removed) {
      const auto last = settings.removed.empty() ? int64_t{-1} : static_cast<int64_t>(settings.removed.back());
      if (!number.is_number_integer() || number.get<int64_t>() <= last)
        return BadSetting("removed", "be a list of ascending numbers");
      settings.removed.push_back(static_cast<size_t>(number.get<int64_t>()));
    }
  }
  return settings;
}

Result<std::vector<PoolText>> ReadPoolTexts(const fs::path& data, const ReadOptions& options) {
  std::vector<PoolText> texts;
  std::unordered_set<std::string> seen;
  ReadReport report;
  ReadOptions unlabelled = options;
  unlabelled.label_field.clear();
  TRY(ForEachText(data, unlabelled, report, [&](std::string_view text, size_t row) -> Result<void> {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return {};
    if (!seen.insert(DuplicateKey(text)).second) return {};
    if (texts.size() == kMostPoolTexts) {
      return Fail(ErrorCode::kInvalidData,
                  fmt::format("a review has at most {} texts; draw a sample of the file first", kMostPoolTexts));
    }
    texts.push_back({.text = std::string(text), .given = {}, .row = row});
    return {};
  }));
  if (texts.empty()) return Fail(ErrorCode::kInvalidData, "the file has no texts");
  const std::map<size_t, std::string> labels = TRY(LabelsByRow(data, options));
  for (PoolText& text : texts) {
    if (const auto label = labels.find(text.row); label != labels.end()) text.given = label->second;
  }
  return texts;
}

Result<void> CreateReview(const fs::path& directory, const ReviewSettings& settings,
                          const std::vector<PoolText>& texts) {
  // Two of one name would write to one directory `made`.
  static Mutex creating;
  const MutexLock lock(creating);
  std::error_code error;
  if (fs::exists(directory, error)) {
    return Fail(ErrorCode::kExists, fmt::format("there is a review '{}' already", settings.set));
  }
  const fs::path made = directory.parent_path() / ("." + directory.filename().string() + ".new");
  fs::remove_all(made, error);
  fs::create_directories(made, error);
  if (error) return Fail(ErrorCode::kIo, made.string() + ": " + error.message());
  const auto write = [&]() -> Result<void> {
    TRY(WriteFileAtomically(made / kPoolFile, [&](const FileSink& sink) -> Result<void> {
      for (const PoolText& text : texts) {
        const std::string line = DumpJsonLine(TextJson(text)) + "\n";
        TRY(sink(std::as_bytes(std::span(line))));
      }
      return {};
    }));
    TRY(WriteFileAtomically(made / kReviewFile, settings.ToJson().dump(2) + "\n"));
    fs::rename(made, directory, error);
    if (error == std::errc::directory_not_empty || error == std::errc::file_exists) {
      return Fail(ErrorCode::kExists, fmt::format("there is a review '{}' already", settings.set));
    }
    if (error) return Fail(ErrorCode::kIo, directory.string() + ": " + error.message());
    SyncDirectory(directory.parent_path());
    return {};
  };
  const Result<void> written = write();
  std::error_code ignored;
  if (!written) fs::remove_all(made, ignored);
  return written;
}

std::vector<std::string_view> ReviewPool::views() const {
  std::vector<std::string_view> all;
  all.reserve(texts.size());
  for (const PoolText& text : texts) all.push_back(text.text);
  return all;
}

Result<ReviewPool> ReadReview(const fs::path& directory) {
  ReviewPool pool;
  const Json settings = TRY(ParseJson(TRY(ReadFile(directory / kReviewFile)), kReviewFile));
  pool.settings = TRY(ReviewSettings::FromJson(settings));
  const std::string text = TRY(ReadFile(directory / kPoolFile));
  for (std::string_view rest = text; !rest.empty();) {
    pool.texts.push_back(TRY(TextOf(TRY(ParseJson(TakeLine(rest), kPoolFile)))));
  }
  if (pool.texts.empty()) return Fail(ErrorCode::kInvalidData, directory.string() + ": the review has no texts");
  // They are numbers among all texts that the pool once had, and ascend.
  const std::vector<size_t>& removed = pool.settings.removed;
  if (!removed.empty() && removed.back() >= pool.texts.size() + removed.size())
    return BadSetting("removed", "be numbers of texts of the review");
  pool.digest = Sha256(text);
  return pool;
}

namespace {

constexpr char kMagic[] = "WNNUMB01";

/// 8 bytes of magic, rows and columns, 64 digits of the source, 64 of the body, the body.
struct Header {
  char magic[8];
  uint64_t rows, columns;
  char source[64], body[64];
};

std::string_view BytesOf(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

}  // namespace

std::optional<TextFeatures> ReadNumbers(const fs::path& file, std::string_view source) {
  const Result<std::string> text = ReadFile(file);
  Header header;
  if (!text || text->size() < sizeof(header)) return std::nullopt;
  std::memcpy(&header, text->data(), sizeof(header));
  const std::string_view body = std::string_view(*text).substr(sizeof(header));
  const bool right = std::string_view(header.magic, 8) == kMagic && header.columns > 0 && header.columns < 1 << 20 &&
                     header.rows < 1 << 30 && body.size() == header.rows * header.columns * sizeof(float) &&
                     std::string_view(header.source, 64) == Sha256(std::string(source)) &&
                     std::string_view(header.body, 64) == Sha256(body);
  if (!right) return std::nullopt;
  TextFeatures numbers{.columns = header.columns, .values = std::vector<float>(header.rows * header.columns)};
  std::memcpy(numbers.values.data(), body.data(), body.size());
  return numbers;
}

Result<void> WriteNumbers(const fs::path& file, std::string_view source, const TextFeatures& numbers) {
  const std::string_view body = BytesOf(numbers.values);
  Header header{};
  std::memcpy(header.magic, kMagic, 8);
  header.columns = numbers.columns;
  header.rows = numbers.columns == 0 ? 0 : numbers.values.size() / numbers.columns;
  const std::string of_source = Sha256(source), of_body = Sha256(body);
  std::memcpy(header.source, of_source.data(), 64);
  std::memcpy(header.body, of_body.data(), 64);
  return WriteFileAtomically(file, [&](const FileSink& sink) -> Result<void> {
    TRY(sink(std::as_bytes(std::span(&header, 1))));
    return sink(std::as_bytes(std::span(body)));
  });
}

}  // namespace winnow
