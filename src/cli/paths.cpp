#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/environment.h"
#include "base/json.h"
#include "bundle/pull.h"
#include "cli/commands.h"
#include "cli/output.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

struct PathsOptions : CommonOptions {};

/// One place where Winnow reads or writes files.
struct Place {
  std::string name, use;
  std::optional<ChosenDirectory> directory;
};

void Describe(PathsOptions&, OptionTable& table) {
  table.Describe(
      "Models lie where --output-dir put them: no command moves them. A service reads the directories that its own "
      "environment names; run this command in the environment of the service to see them. For the unit of the Debian "
      "package: systemd-run --pty -p DynamicUser=true -p User=winnow -p StateDirectory=winnow -p StateDirectoryMode=0750 "
      "winnow paths");
  table.Example("HF_HOME=/srv/models winnow paths", "the directories with another cache of base models");
}

std::string ReasonOfHubCache() {
  for (const char* const name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME"}) {
    if (EnvironmentVariable(name)) return fmt::format("{} is set", name);
  }
  return "neither HF_HUB_CACHE nor HF_HOME nor XDG_CACHE_HOME is set";
}

std::optional<ChosenDirectory> Below(std::optional<ChosenDirectory> directory, const char* part) {
  if (directory) directory->path /= part;
  return directory;
}

std::vector<Place> Places() {
  std::vector<Place> places = {
      {"program", "the running program", ChosenDirectory{ExecutableDirectory(), "it was started from there"}}};
  for (const char* const name : {"presets", "rules", "grammars"}) {
    const std::vector<fs::path> found = SharedDirectories(name);
    std::optional<ChosenDirectory> directory;
    if (!found.empty()) directory = ChosenDirectory{found.front(), "it is the nearest one to the program"};
    places.push_back({name, "files of the installation; copies of them are part of the program", directory});
  }
  places.push_back({"base-models", "base models that 'winnow pull' and 'winnow train' download",
                    ChosenDirectory{PullOptions::FromEnvironment().cache, ReasonOfHubCache()}});
  places.push_back({"verified-files", "the memory of verified models", Below(CacheDirectory(), "verified-files")});
  places.push_back({"registry-cache", "versions that 'winnow serve --registry' has downloaded",
                    Below(StateDirectory(), "registry")});
  places.push_back({"retraining", "checkpoints of 'winnow retrain'", Below(StateDirectory(), "retrain")});
  std::error_code error;
  places.push_back({"temporary", "files that are removed when a command ends",
                    ChosenDirectory{fs::temp_directory_path(error),
                                    EnvironmentVariable("TMPDIR") ? "TMPDIR is set" : "TMPDIR is not set"}});
  return places;
}

bool PlaceExists(const Place& place) {
  std::error_code error;
  return place.directory && fs::exists(place.directory->path, error);
}

Result<void> Run(const PathsOptions& options) {
  Json list = Json::array();
  std::string text;
  for (const Place& place : Places()) {
    const std::string path = place.directory ? place.directory->path.string() : "";
    const std::string reason = place.directory ? place.directory->reason : "there is no such directory";
    list.push_back({{"name", place.name},
                    {"path", place.directory ? Json(path) : Json()},
                    {"exists", PlaceExists(place)},
                    {"reason", reason},
                    {"use", place.use}});
    text += fmt::format("{:<16}{}{}\n{:16}{}; {}\n", place.name, path.empty() ? "-" : path,
                        path.empty() || PlaceExists(place) ? "" : " (does not exist yet)", "", place.use, reason);
  }
  return Print(options.json ? Json{{"paths", list}}.dump() + "\n" : text);
}

}  // namespace

Command PathsCommand() {
  return MakeCommand<PathsOptions>("paths", "Prints the directories that Winnow uses, and the reason for each.",
                                   Describe, Run);
}

}  // namespace winnow
