#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "server/api_keys.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

struct KeysOptions : CommonOptions {
  fs::path file;
};

struct KeysAddOptions : KeysOptions {
  std::string name;
  Role role = Role::kClassify;
  std::optional<int> requests_per_minute, burst;
  std::string expires;
};

struct KeysRevokeOptions : KeysOptions {
  std::string name;
};

void AddFile(KeysOptions& options, OptionTable& table) {
  table.AddPositional("file", &options.file, "The key file").ValueName("FILE").Required();
}

Json Described(const ApiKey& key) {
  Json json = {{"name", key.name}, {"role", RoleName(key.role)}};
  if (key.requests_per_minute) json["requests_per_minute"] = *key.requests_per_minute;
  if (key.burst) json["burst"] = *key.burst;
  if (key.last_day) json["expires"] = DayText(*key.last_day);
  return json;
}

void DescribeAdd(KeysAddOptions& options, OptionTable& table) {
  AddFile(options, table);
  table.Add("name", &options.name, "Name of the key in logs and in the file, such as its owner or purpose")
      .ValueName("NAME")
      .Required();
  table.AddChoice(
      "role", &options.role, {{"classify", Role::kClassify}, {"feedback", Role::kFeedback}, {"admin", Role::kAdmin}},
      "Role of the key: classify: predictions and metrics; feedback: also corrections, and labels in reviews; "
      "admin: everything, such as models, jobs, data files and rules");
  table.Group("Limits");
  table.Add("requests-per-minute", &options.requests_per_minute, "Rate limit of the key")
      .AtLeast(1)
      .Default("the limit of the server (--requests-per-minute)");
  table.Add("burst", &options.burst, "Number of requests that may arrive at once")
      .AtLeast(1)
      .Default("as many as --requests-per-minute");
  table.Add("expires", &options.expires, "The last day on which the key is valid, YYYY-MM-DD, in UTC")
      .ValueName("DATE")
      .Default("never");
  table.Describe(
      "Prints the new key. It is shown only once: FILE, which only the owner of the file can read, contains only the "
      "hash of the key. A running server reads the file again when it receives SIGHUP. The file can be edited by hand; "
      "each line is NAME ROLE HASH [requests_per_minute=N] [burst=N] [expires=YYYY-MM-DD].");
  table.Example("winnow keys add keys --name website", "prints wk_...; then: winnow serve spam --api-key-file keys");
  table.Example("winnow keys add keys --name anna --role admin --expires 2030-12-31", "an admin key that expires");
}

Result<void> RunAdd(const KeysAddOptions& options) {
  ApiKey key{.name = options.name,
             .role = options.role,
             .requests_per_minute = options.requests_per_minute,
             .burst = options.burst};
  if (!options.expires.empty()) {
    key.last_day = ParseDay(options.expires);
    if (!key.last_day) {
      return Fail(ErrorCode::kInvalidArgument, "--expires: '" + options.expires + "' is not a date",
                  "write it as YYYY-MM-DD, such as 2030-12-31");
    }
    if (key.ExpiredAt(std::chrono::system_clock::now())) {
      return Fail(ErrorCode::kInvalidArgument, "--expires: " + options.expires + " is in the past",
                  "specify the last day on which the key is valid, in UTC");
    }
  }
  std::string secret;
  TRY(UpdateSecretFile(options.file, kMaxApiKeysBytes,
                       [&](const std::optional<std::string>& contents) -> Result<std::string> {
                         AddedApiKey added = TRY(AddApiKey(contents.value_or(""), options.file.string(), key));
                         secret = std::move(added.secret);
                         return std::move(added.contents);
                       }));
  LogInfo("{}: added '{}' with the role {}; the key is shown only once", options.file.string(), key.name,
          RoleName(key.role));
  if (!options.json) return Print(secret + "\n");
  Json json = Described(key);
  json["key"] = secret;
  json["file"] = options.file.string();
  return Print(json.dump() + "\n");
}

void DescribeList(KeysOptions& options, OptionTable& table) {
  AddFile(options, table);
  table.Example("winnow keys list keys", "names, roles and limits");
}

Result<void> RunList(const KeysOptions& options) {
  const ApiKeys keys = TRY(ApiKeys::Read(options.file));
  const auto now = std::chrono::system_clock::now();
  Json json = Json::array();
  size_t width = 0;
  for (const ApiKey& key : keys.keys()) width = std::max(width, key.name.size());
  std::string text;
  for (const ApiKey& key : keys.keys()) {
    json.push_back(Described(key));
    json.back()["expired"] = key.ExpiredAt(now);
    std::string limits;
    if (key.requests_per_minute) limits += fmt::format("  {} requests per minute", *key.requests_per_minute);
    if (key.burst) limits += fmt::format(", {} at once", *key.burst);
    if (key.last_day) {
      limits += fmt::format("  {} {}", key.ExpiredAt(now) ? "expired after" : "until", DayText(*key.last_day));
    }
    text += limits.empty() ? fmt::format("{:<{}}  {}\n", key.name, width, RoleName(key.role))
                           : fmt::format("{:<{}}  {:<8}{}\n", key.name, width, RoleName(key.role), limits);
  }
  if (keys.keys().empty()) LogInfo("{}: there are no keys", options.file.string());
  return Print(options.json ? json.dump(2) + "\n" : text);
}

void DescribeRevoke(KeysRevokeOptions& options, OptionTable& table) {
  AddFile(options, table);
  table.AddPositional("name", &options.name, "The name of the key").ValueName("NAME").Required();
  table.Describe("A running server accepts the key until it receives SIGHUP.");
  table.Example("winnow keys revoke keys website", "removes one line of the file");
}

Result<void> RunRevoke(const KeysRevokeOptions& options) {
  TRY(UpdateSecretFile(options.file, kMaxApiKeysBytes,
                       [&](const std::optional<std::string>& contents) -> Result<std::string> {
                         if (!contents)
                           return Fail(ErrorCode::kNotFound, options.file.string() + ": no such file",
                                       "check the path; 'winnow keys add' creates the file");
                         return RemoveApiKey(*contents, options.file.string(), options.name);
                       }));
  LogInfo("{}: removed '{}'; a running server accepts it until it receives SIGHUP (kill -HUP PID)",
          options.file.string(), options.name);
  if (!options.json) return {};
  return Print(Json({{"revoked", options.name}, {"file", options.file.string()}}).dump() + "\n");
}

}  // namespace

Command KeysAddCommand() {
  return MakeCommand<KeysAddOptions>("keys add", "Creates an API key for a server and shows it once.", DescribeAdd,
                                     RunAdd);
}

Command KeysListCommand() {
  return MakeCommand<KeysOptions>("keys list", "Lists a server's API keys with their names, roles and limits.",
                                  DescribeList, RunList);
}

Command KeysRevokeCommand() {
  return MakeCommand<KeysRevokeOptions>("keys revoke", "Removes an API key from a server's file.", DescribeRevoke,
                                        RunRevoke);
}

}  // namespace winnow
