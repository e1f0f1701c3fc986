#include <fmt/format.h>

#include <algorithm>

#include "base/environment.h"
#include "base/files.h"
#include "base/hash.h"
#include "base/interrupt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/suggest.h"
#include "bundle/zip_entry.h"
#include "cli/commands.h"
#include "cli/field_options.h"
#include "cli/output.h"
#include "data/public_sets.h"
#include "net/download.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr char kSources[] = "source";
constexpr char kRecord[] = "source.json";
constexpr uint64_t kMaxMemberBytes = uint64_t{256} << 20;

struct DataGetOptions : CommonOptions {
  std::string name;
  fs::path output_dir;
  std::string mirror;
  bool verify = true;
  bool overwrite = false;
};

void Describe(DataGetOptions& options, OptionTable& table) {
  std::string names;
  for (const PublicSet& set : PublicSets()) names += (names.empty() ? "" : ", ") + set.name;
  table.AddPositional("name", &options.name, "The data set: " + names + "; without it, all are listed")
      .ValueName("NAME");
  table.Group("Output");
  table.Add("output-dir", &options.output_dir, "Directory for the files")
      .ValueName("DIR")
      .Default("the data set's name");
  AddOverwrite(options.overwrite, table, "Replace existing files that this command did not write");
  table.Group("Source");
  table
      .Add("mirror", &options.mirror,
           "Download from URL/NAME/FILE instead of the authors' site; the variable WINNOW_DATA_MIRROR has the same "
           "effect")
      .ValueName("URL")
      .Alias("url");
  table.Add("verify", &options.verify, "Refuse files whose SHA-256 differs from the known one");
  table.Describe(
      "The data set is downloaded from its authors' site, checked, and written as files that 'winnow train' reads. The "
      "downloaded files stay in DIR/source: an interrupted download is resumed, and files that are already there are "
      "not downloaded again. DIR/source.json records the source of each file. Note the licence.");
  table.Example("winnow data get sms-spam", "sms-spam/data.tsv");
  table.Example("winnow data get clinc150 --output-dir intents",
                "train, validation and test parts, and out-of-scope texts");
}

/// The properties of one downloaded file.
struct Arrived {
  std::string address;  // "" where it lay there already
  std::string sha256;
  bool verified = false;
};

class Fetcher {
 public:
  Fetcher(const PublicSet& set, const DataGetOptions& options, fs::path sources)
      : set_(set), options_(options), sources_(std::move(sources)), mirror_(options.mirror) {
    if (mirror_.empty()) mirror_ = EnvironmentVariable("WINNOW_DATA_MIRROR").value_or("");
    while (mirror_.ends_with('/')) mirror_.pop_back();
  }

  /// Takes what lies there if it is right, else downloads it.
  Result<Arrived> Get(const PublicFile& file) const {
    std::error_code ignored;
    if (fs::exists(Path(file), ignored)) {
      Result<Arrived> there = Check(file);
      if (there) {
        LogInfo("{}: already downloaded", Path(file).string());
        return there;
      }
      LogInfo("{}; downloading it again", there.error().message);
    }
    const std::string address = TRY(Download(file));
    Result<Arrived> arrived = Check(file);
    if (!arrived) {
      fs::remove(Path(file), ignored);
      return arrived;
    }
    arrived->address = address;
    return arrived;
  }

 private:
  fs::path Path(const PublicFile& file) const { return sources_ / file.name; }

  /// Unpacks what needs it, and compares digests.
  Result<Arrived> Check(const PublicFile& file) const {
    fs::path path = Path(file);
    if (!file.member.empty()) {
      path = sources_ / file.member;
      TRY(ExtractZipEntry(Path(file), file.member, path, kMaxMemberBytes));
    }
    Arrived arrived{"", TRY(Sha256OfFile(path)), false};
    arrived.verified = arrived.sha256 == file.sha256;
    if (arrived.verified || file.sha256.empty() || !options_.verify) return arrived;
    return Fail(ErrorCode::kNetwork,
                fmt::format("{}: has SHA-256 {}, expected {}", path.string(), arrived.sha256, file.sha256),
                "this is not the known file of that name; --no-verify accepts it nevertheless");
  }

  std::vector<std::string> Addresses(const PublicFile& file) const {
    if (mirror_.empty()) return file.addresses;
    return {mirror_ + "/" + set_.name + "/" + UrlEncodePath(file.name)};
  }

  /// From the first address that gives the file, which is returned.
  Result<std::string> Download(const PublicFile& file) const {
    std::string tried;
    for (const std::string& address : Addresses(file)) {
      const Result<void> got = DownloadFrom(address, file);
      if (got) return address;
      const Error& error = got.error();
      if (error.code != ErrorCode::kNetwork && error.code != ErrorCode::kNotFound) return std::unexpected(error);
      tried += (tried.empty() ? "" : "; ") + error.message + (error.hint.empty() ? "" : " (" + error.hint + ")");
    }
    return Fail(
        ErrorCode::kNetwork, fmt::format("{}: could not be downloaded: {}", file.name, tried),
        fmt::format("try again later (partial downloads are kept), name a mirror with --mirror, or copy {} into "
                    "{} yourself: {}",
                    file.name, sources_.string(), set_.homepage));
  }

  Result<void> DownloadFrom(const std::string& address, const PublicFile& file) const {
    ProgressBar bar(file.name, 0);
    DownloadOptions download;
    if (options_.verify && file.member.empty()) download.sha256 = file.sha256;
    download.http.progress = [&](uint64_t done, uint64_t total) {
      bar.SetTotal(static_cast<int64_t>(total));
      bar.Set(static_cast<int64_t>(done));
      return !Interrupted();
    };
    TRY(HttpDownload(address, Path(file), download));
    bar.Finish();
    return {};
  }

  const PublicSet& set_;
  const DataGetOptions& options_;
  fs::path sources_;
  std::string mirror_;
};

/// The set that an earlier run put there, or "".
std::string RecordedName(const fs::path& output) {
  const Result<std::string> text = ReadFile(output / kRecord);
  const Result<Json> json = text ? ParseJson(*text, kRecord) : Json();
  return json && json->is_object() && json->contains("name") && (*json)["name"].is_string()
             ? (*json)["name"].get<std::string>()
             : "";
}

/// Files of somebody else's are not written over.
Result<void> Prepare(const PublicSet& set, const DataGetOptions& options, const fs::path& output) {
  std::error_code error;
  const bool ours = RecordedName(output) == set.name;
  for (const PublicPart& part : set.parts) {
    if (ours || options.overwrite || !fs::exists(output / part.file, error)) continue;
    return Fail(ErrorCode::kExists,
                (output / part.file).string() + ": exists already, and this command did not write it",
                "name another --output-dir, or pass --overwrite");
  }
  fs::create_directories(output / kSources, error);
  if (error) {
    return Fail(ErrorCode::kIo, fmt::format("{}: can't make it: {}", (output / kSources).string(), error.message()));
  }
  return {};
}

Json Described(const PublicSet& set) {
  return {{"name", set.name},
          {"title", set.title},
          {"homepage", set.homepage},
          {"licence", set.licence},
          {"citation", set.citation}};
}

Result<void> List(const DataGetOptions& options) {
  std::string text;
  Json json = Json::array();
  for (const PublicSet& set : PublicSets()) {
    text += fmt::format("{:<15}{}\n{:15}{}; {}\n", set.name, set.title, "", set.licence, set.homepage);
    json.push_back(Described(set));
  }
  return Print(options.json ? json.dump(2) + "\n" : text);
}

std::string TrainCommandLine(const PublicSet& set, const fs::path& output) {
  std::string told = set.train_options;
  for (size_t at; (at = told.find("{dir}")) != std::string::npos;) told.replace(at, 5, output.string());
  return fmt::format("winnow train {}{}{} --output-dir {}-model", (output / set.parts[0].file).string(),
                     told.empty() ? "" : " ", told, set.name);
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
  const fs::path output = options.output_dir.empty() ? fs::path(set->name) : options.output_dir;
  TRY(Prepare(*set, options, output));
  LogInfo("{}", set->title);
  LogInfo("source: {}", set->homepage);
  LogInfo("licence: {}", set->licence);
  LogInfo("cite: {}", set->citation);

  Json json = Described(*set);
  json["directory"] = output.string();
  const Fetcher fetcher(*set, options, output / kSources);
  for (const PublicFile& file : set->files) {
    const Result<Arrived> got = fetcher.Get(file);
    if (!got) {
      // Directories that hold nothing go again.
      std::error_code ignored;
      fs::remove(output / kSources, ignored);
      fs::remove(output, ignored);
      return std::unexpected(got.error());
    }
    const Arrived& arrived = *got;
    if (!arrived.verified) {
      LogWarning("{}: SHA-256 {} was not verified{}", file.name, arrived.sha256,
                 file.sha256.empty() ? ": the expected one is not known" : ": it differs from the known one");
    }
    json["files"].push_back({{"name", file.name},
                             {"addresses", file.addresses},
                             {"sha256", arrived.sha256},
                             {"verified", arrived.verified}});
    if (!arrived.address.empty()) json["files"].back()["fetched_from"] = arrived.address;
    if (!file.member.empty()) json["files"].back()["sha256_of"] = file.member;
  }

  const std::vector<PublicPart> parts = TRY(set->convert(*set, output / kSources, output));
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string file = (output / parts[i].file).string();
    if (parts[i].rows != set->parts[i].rows) {
      LogWarning("{}: {} rows, but the authors report {}", file, parts[i].rows, set->parts[i].rows);
    }
    json["parts"].push_back({{"file", file}, {"rows", parts[i].rows}, {"expected_rows", set->parts[i].rows}});
    text += fmt::format("{}  {} rows\n", file, FormatCount(static_cast<int64_t>(parts[i].rows)));
  }
  TRY(WriteFileAtomically(output / kRecord, json.dump(2) + "\n"));
  json["train"] = TrainCommandLine(*set, output);
  return Print(options.json ? json.dump(2) + "\n" : text + "to train on it: " + TrainCommandLine(*set, output) + "\n");
}

}  // namespace

Command DataGetCommand() {
  return MakeCommand<DataGetOptions>("data get", "Downloads a public data set, ready for training.", Describe, Run);
}

}  // namespace winnow
