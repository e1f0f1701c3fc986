#include "registry/registry_json.h"

#include "base/json_or_null.h"
#include "base/json_schema.h"

namespace winnow {
namespace {

Json Of(Json type, const char* description) { return {{"type", std::move(type)}, {"description", description}}; }

Json NullableText(const char* description) { return Of(Json::array({"string", "null"}), description); }

}  // namespace

Json VersionJson(const ModelVersion& version, const std::vector<AliasRow>& aliases) {
  Json names = Json::array();
  for (const AliasRow& row : aliases) {
    if (row.name == version.name && row.version == version.version) names.push_back(row.alias);
  }
  return {{"name", version.name},
          {"version", version.version},
          {"aliases", std::move(names)},
          {"digest", version.digest},
          {"kind", version.kind},
          {"architecture", version.architecture},
          {"labels", version.labels},
          {"metrics", ParseJson(version.metrics, "metrics").value_or(Json::object())},
          {"bytes", version.bytes},
          {"pushed_by", version.pushed_by},
          {"created_at", TimeText(version.created_at)}};
}

Json WholeVersionJson(const ModelVersion& version, const std::vector<AliasRow>& aliases) {
  Json json = VersionJson(version, aliases);
  json["uri"] = version.uri;
  json["data_sha256"] = OrNull(version.data_sha256);
  json["parent"] = OrNull(version.parent);
  json["command"] = OrNull(version.command);
  json["code_version"] = OrNull(version.code_version);
  json["files"] = Json::array();
  for (const ModelFile& file : version.files)
    json["files"].push_back({{"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}});
  return json;
}

Json AliasJson(const AliasRow& row) {
  return {{"name", row.name},
          {"alias", row.alias},
          {"sequence", row.sequence},
          {"version", OrNull(row.version)},
          {"from_version", OrNull(row.from_version)},
          {"actor", row.actor},
          {"reason", row.reason},
          {"created_at", TimeText(row.created_at)}};
}

Json SummaryJson(const ModelSummary& model) {
  Json aliases = Json::object();
  for (const AliasRow& row : model.aliases) aliases[row.alias] = OrNull(row.version);
  return {{"name", model.name},
          {"versions", model.versions},
          {"highest_version", model.highest},
          {"aliases", std::move(aliases)},
          {"pushed_at", TimeText(model.pushed_at)}};
}

Json VersionSchema() {
  return ObjectSchema({{"name", Of("string", "Name of the model")},
                       {"version", Of("string", "Semantic version")},
                       {"aliases", StringsSchema("Aliases that mean this version now")},
                       {"digest", Of("string", "SHA-256 of the contents without the version")},
                       {"kind", Of("string", "transformer, lr or svm")},
                       {"architecture", Of("string", "Architecture and sizes; for linear models the kind")},
                       {"labels", StringsSchema("Labels in the order of their IDs")},
                       {"metrics", Of("object", "Metrics of the training run by name")},
                       {"bytes", Of("integer", "Total size of the files")},
                       {"pushed_by", Of("string", "User or API key that pushed the version")},
                       {"created_at", Of("string", "Time of the push, in UTC")},
                       {"uri", Of("string", "Beginning of the keys of its files in the artifact store")},
                       {"data_sha256", NullableText("Digest of the training texts")},
                       {"parent", NullableText("Version that this one was made from")},
                       {"command", NullableText("Command that made it")},
                       {"code_version", NullableText("Version of the program that made it")},
                       {"files", Of("array", "Files with their paths, digests and sizes")}},
                      {"uri", "data_sha256", "parent", "command", "code_version", "files"});
}

Json AliasSchema() {
  return ObjectSchema({{"name", Of("string", "Name of the model")},
                       {"alias", Of("string", "Name of the alias")},
                       {"sequence", Of("integer", "Number of the change: 1, 2, 3 and so on for each alias")},
                       {"version", NullableText("Version that the alias has meant since then; null: it was removed")},
                       {"from_version", NullableText("Version that it meant before; null: none")},
                       {"actor", Of("string", "User or API key that made the change")},
                       {"reason", Of("string", "Reason that was given, or empty")},
                       {"created_at", Of("string", "Time of the change, in UTC")}});
}

Json SummarySchema() {
  return ObjectSchema({{"name", Of("string", "Name of the model")},
                       {"versions", Of("integer", "Number of versions")},
                       {"highest_version", Of("string", "Highest version")},
                       {"aliases", Of("object", "Versions by alias")},
                       {"pushed_at", Of("string", "Time of the last push, in UTC")}});
}

}  // namespace winnow
