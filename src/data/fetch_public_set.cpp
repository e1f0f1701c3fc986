#include "data/fetch_public_set.h"

#include <fmt/format.h>

#include <utility>

#include "base/files.h"
#include "base/hash.h"
#include "base/percent_encoding.h"
#include "net/download.h"
#include "net/zip_entry.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr char kSources[] = "source";
constexpr char kRecord[] = "source.json";
constexpr uint64_t kMaxMemberBytes = uint64_t{256} << 20;

/// A file that is in the directory of sources.
struct SourceFile {
  std::string address;  // empty if it was downloaded before
  std::string sha256;
  bool verified = false;
};

/// Downloads the files of a set.
class Fetcher {
 public:
  Fetcher(const PublicSet& set, const FetchOptions& options, fs::path sources)
      : set_(set), options_(options), sources_(std::move(sources)), mirror_(options.mirror) {
    while (mirror_.ends_with('/')) mirror_.pop_back();
  }

  /// Uses the file that was downloaded before if it is right, and downloads it otherwise.
  Result<SourceFile> Get(const PublicFile& file) const {
    std::error_code ignored;
    if (fs::exists(Path(file), ignored)) {
      Result<SourceFile> there = Check(file);
      if (there) {
        options_.note(Path(file).string() + ": already downloaded");
        return there;
      }
      options_.note(there.error().message + "; downloading it again");
    }
    const std::string address = TRY(Download(file));
    Result<SourceFile> arrived = Check(file);
    if (!arrived) {
      fs::remove(Path(file), ignored);
      return arrived;
    }
    arrived->address = address;
    return arrived;
  }

 private:
  fs::path Path(const PublicFile& file) const { return sources_ / file.name; }

  /// Unpacks the entry that is used of an archive, and compares digests.
  Result<SourceFile> Check(const PublicFile& file) const {
    fs::path path = Path(file);
    if (!file.member.empty()) {
      path = sources_ / file.member;
      TRY(ExtractZipEntry(Path(file), file.member, path, kMaxMemberBytes));
    }
    SourceFile arrived{"", TRY(Sha256OfFile(path)), false};
    arrived.verified = arrived.sha256 == file.sha256;
    if (arrived.verified || file.sha256.empty() || !options_.verify) return arrived;
    return Fail(ErrorCode::kNetwork,
                fmt::format("{}: has SHA-256 {}, expected {}", path.string(), arrived.sha256, file.sha256),
                "the downloaded file is not the expected one; pass --no-verify to use it nevertheless");
  }

  std::vector<std::string> Addresses(const PublicFile& file) const {
    if (mirror_.empty()) return file.addresses;
    return {mirror_ + "/" + set_.name + "/" + PercentEncoded(file.name, "/")};
  }

  /// Downloads from the first address that provides the file, and returns that address.
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
        fmt::format("try again later (partial downloads are kept), specify a mirror with --mirror, or copy {} into "
                    "{} yourself: {}",
                    file.name, sources_.string(), set_.homepage));
  }

  Result<void> DownloadFrom(const std::string& address, const PublicFile& file) const {
    DownloadOptions download;
    if (options_.verify && file.member.empty()) download.sha256 = file.sha256;
    download.http.progress = [&](uint64_t done, uint64_t total) { return options_.progress(file.name, done, total); };
    TRY(HttpDownload(address, Path(file), download));
    return {};
  }

  const PublicSet& set_;
  const FetchOptions& options_;
  fs::path sources_;
  std::string mirror_;
};

/// Returns the name of the set that an earlier fetch has recorded in a directory, or nothing.
std::string RecordedName(const fs::path& output) {
  const Result<std::string> text = ReadFile(output / kRecord);
  const Result<Json> json = text ? ParseJson(*text, kRecord) : Json();
  return json && json->is_object() && json->contains("name") && (*json)["name"].is_string()
             ? (*json)["name"].get<std::string>()
             : "";
}

/// Makes the directories. Files that no earlier fetch has written are not replaced.
Result<void> Prepare(const PublicSet& set, const FetchOptions& options) {
  std::error_code error;
  const bool ours = RecordedName(options.output_dir) == set.name;
  for (const PublicPart& part : set.parts) {
    if (ours || options.overwrite || !fs::exists(options.output_dir / part.file, error)) continue;
    return Fail(ErrorCode::kExists,
                (options.output_dir / part.file).string() + ": exists already, and this command did not write it",
                "specify another --output-dir, or pass --overwrite");
  }
  fs::create_directories(options.output_dir / kSources, error);
  if (error) {
    return Fail(ErrorCode::kIo, fmt::format("{}: cannot create the directory: {}",
                                            (options.output_dir / kSources).string(), error.message()));
  }
  return {};
}

/// Gets all files of the set, and returns their entries in source.json.
Result<Json> FetchFiles(const PublicSet& set, const FetchOptions& options) {
  const Fetcher fetcher(set, options, options.output_dir / kSources);
  Json entries;
  for (const PublicFile& file : set.files) {
    const SourceFile source = TRY(fetcher.Get(file));
    if (!source.verified) {
      options.warn(fmt::format(
          "{}: SHA-256 {} {}", file.name, source.sha256,
          file.sha256.empty()
              ? std::string("was not verified, because the expected SHA-256 is unknown")
              : fmt::format("differs from the expected {}; the file is used because of --no-verify", file.sha256)));
    }
    Json entry = {
        {"name", file.name}, {"addresses", file.addresses}, {"sha256", source.sha256}, {"verified", source.verified}};
    if (!source.address.empty()) entry["fetched_from"] = source.address;
    if (!file.member.empty()) entry["sha256_of"] = file.member;
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

Json PublicSetJson(const PublicSet& set) {
  return {{"name", set.name},
          {"title", set.title},
          {"homepage", set.homepage},
          {"licence", set.licence},
          {"citation", set.citation}};
}

Result<FetchedSet> FetchPublicSet(const PublicSet& set, const FetchOptions& options) {
  const fs::path& output = options.output_dir;
  TRY(Prepare(set, options));
  options.note(set.title);
  options.note("source: " + set.homepage);
  options.note("licence: " + set.licence);
  options.note("cite: " + set.citation);

  FetchedSet fetched{.parts = {}, .record = PublicSetJson(set)};
  fetched.record["directory"] = output.string();
  Result<Json> files = FetchFiles(set, options);
  if (!files) {
    // Only directories that contain nothing can be removed in this way.
    std::error_code ignored;
    fs::remove(output / kSources, ignored);
    fs::remove(output, ignored);
    return std::unexpected(files.error());
  }
  fetched.record["files"] = std::move(*files);

  fetched.parts = TRY(set.convert(set, output / kSources, output));
  for (size_t i = 0; i < fetched.parts.size(); ++i) {
    const PublicPart& part = fetched.parts[i];
    const std::string file = (output / part.file).string();
    if (part.rows != set.parts[i].rows) {
      options.warn(fmt::format("{}: {} rows, but the authors report {}", file, part.rows, set.parts[i].rows));
    }
    fetched.record["parts"].push_back({{"file", file}, {"rows", part.rows}, {"expected_rows", set.parts[i].rows}});
  }
  TRY(WriteFileAtomically(output / kRecord, fetched.record.dump(2) + "\n"));
  return fetched;
}

}  // namespace winnow
