#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "server/audit.h"
#include "server/data_request.h"
#include "server/data_service.h"
#include "server/service.h"
#include "workspace/samples.h"

namespace winnow {
namespace {

constexpr char kDataTag[] = "Data";

HttpResponse FileResponse(const DataFile& file) { return VersionedResponse(DataFileJson(file), file.version); }

std::string NameIn(const HttpRequest& request) { return request.parameters.front(); }

const Json& NoQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {}})");
  return schema;
}

ApiResult<void> List(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  TRY(QueryParameters::Read(*request, NoQuery()));
  ReadData(service, request, reply, [service]() -> ApiResult<HttpResponse> {
    const Result<DataFiles::Listing> listing = service->data->files().List();
    if (!listing) return std::unexpected(DataError(listing.error()));
    return JsonResponse(
        {{"used_bytes", listing->used_bytes}, {"max_bytes", listing->max_bytes}, {"others", listing->others}}, "files",
        listing->files.size(), [&](size_t i) { return DataFileJson(listing->files[i]); });
  });
  return {};
}

const Json& PieceQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {
    "offset": {"type": "integer", "minimum": 0, "default": 0, "description": "Place of the piece in the file; 0 begins the upload again"},
    "final": {"type": "boolean", "default": false, "description": "Whether the file is complete with this piece"},
    "replace": {"type": "boolean", "default": false, "description": "Whether the file takes the place of one of the same name, which can be undone"},
    "version": {"type": "string", "description": "Version of the file that is replaced"},
    "upload": {"type": "string", "description": "Any text that tells this upload apart from others of the same client and name at the same time"}}})");
  return schema;
}

ApiResult<HttpResponse> StorePiece(const Service& service, const HttpRequest& request, const UploadPiece& piece) {
  const Result<UploadProgress> progress = service.data->files().Store(piece);
  if (!progress) return std::unexpected(DataError(progress.error()));
  switch (progress->state) {
    case UploadProgress::State::kWrongOffset: {
      HttpResponse response = JsonResponse({{"error", fmt::format("the next piece of '{}' begins at {}, not {}",
                                                                  piece.name, progress->bytes, piece.offset)},
                                            {"error_type", "Conflict"},
                                            {"offset", progress->bytes}});
      response.status = 409;
      return response;
    }
    case UploadProgress::State::kNoRoom:
      return Reject(507, "InsufficientStorage", progress->problem);
    case UploadProgress::State::kStored:
      return JsonResponse({{"name", piece.name}, {"bytes", progress->bytes}});
    case UploadProgress::State::kComplete:
      break;
  }
  Audit(service, request, "data.upload", piece.name, {{"bytes", progress->file.bytes}});
  return FileResponse(progress->file);
}

ApiResult<void> Put(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const QueryParameters query = TRY(QueryParameters::Read(*request, PieceQuery()));
  UploadPiece piece{.name = NameIn(*request),
                    .upload = request->caller + '\n' + query.Text("upload").value_or(""),
                    .offset = static_cast<uint64_t>(TRY(query.Integer("offset", 0, 0, int64_t{1} << 50))),
                    .last = TRY(query.Flag("final")).value_or(false),
                    .replace = TRY(query.Flag("replace")).value_or(false),
                    .version = VersionIn(*request, query),
                    .bytes = request->body};
  WriteData(service, request, reply,
            [service, request, piece = std::move(piece)] { return StorePiece(*service, *request, piece); });
  return {};
}

const Json& VersionQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {
    "version": {"type": "string", "description": "Version of the file that is changed; the header If-Match may have it too"}}})");
  return schema;
}

ApiResult<void> Delete(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const QueryParameters query = TRY(QueryParameters::Read(*request, VersionQuery()));
  WriteData(service, request, reply,
            [service, request, version = VersionIn(*request, query)]() -> ApiResult<HttpResponse> {
              const std::string name = NameIn(*request);
              const Result<void> deleted = service->data->files().Delete(name, version);
              if (!deleted) return std::unexpected(DataError(deleted.error()));
              Audit(*service, *request, "data.delete", name);
              return HttpResponse{.status = 204, .body = {}, .headers = {}};
            });
  return {};
}

/// Replies with a file that `change` returns.
ApiResult<void> Change(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
                       const char* action, std::function<Result<DataFile>(DataFiles&)> change) {
  WriteData(service, request, reply,
            [service, request, action, change = std::move(change)]() -> ApiResult<HttpResponse> {
              const Result<DataFile> file = change(service->data->files());
              if (!file) return std::unexpected(DataError(file.error()));
              Audit(*service, *request, action, file->name);
              return FileResponse(*file);
            });
  return {};
}

ApiResult<void> Restore(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  TRY(QueryParameters::Read(*request, NoQuery()));
  return Change(service, request, reply, "data.restore",
                [name = NameIn(*request)](DataFiles& files) { return files.Restore(name); });
}

ApiResult<void> Undo(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const QueryParameters query = TRY(QueryParameters::Read(*request, VersionQuery()));
  return Change(service, request, reply, "data.undo",
                [name = NameIn(*request), version = VersionIn(*request, query)](DataFiles& files) {
                  return files.Undo(name, version);
                });
}

/// Downloads are held in memory; larger files are taken from the directory.
constexpr uint64_t kMostDownloadBytes = uint64_t{64} << 20;

ApiResult<HttpResponse> ReadWhole(DataFiles& files, const std::string& name) {
  const DataFile file = TRY(Checked(files.Find(name)));
  if (file.bytes > kMostDownloadBytes) {
    return Reject(413, "TooLarge",
                  fmt::format("'{}' is larger than {} MiB; copy it from the data directory of the workspace", name,
                              kMostDownloadBytes >> 20));
  }
  HttpResponse response{.status = 200,
                        .body = TRY(Checked(ReadFile(TRY(Checked(files.PathOf(name)))))),
                        .content_type = "application/octet-stream",
                        .headers = {}};
  // Names beyond ASCII would need an encoding; browsers take those from the URL.
  const bool ascii = std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  response.headers = {{"Content-Disposition", ascii ? fmt::format("attachment; filename=\"{}\"", name) : "attachment"},
                      {"ETag", fmt::format("\"{}\"", file.version)}};
  return response;
}

ApiResult<void> Download(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  TRY(QueryParameters::Read(*request, NoQuery()));
  ReadData(service, request, reply, [service, request] { return ReadWhole(service->data->files(), NameIn(*request)); });
  return {};
}

const Json& SampleSchema() {
  static const Json schema = ParsedJson(R"({"type": "object", "additionalProperties": false, "required": ["name"],
    "properties": {"name": {"type": "string", "description": "Name of the sample: one that GET /v1/data/samples lists"}}})");
  return schema;
}

ApiResult<void> AddSample(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const Json body = TRY(ParseBody(*request, service->limits, SampleSchema()));
  const Sample* const sample = FindSample(TRY(StringOr(body, "name", "")));
  if (sample == nullptr)
    return Reject(404, "NotFound", "there is no sample of that name; GET /v1/data/samples lists them");
  return Change(service, request, reply, "data.sample",
                [sample](DataFiles& files) { return files.Add(sample->file, sample->contents()); });
}

ApiResult<void> ListSamples(const SharedService&, const SharedRequest& request, const HttpReply& reply) {
  TRY(QueryParameters::Read(*request, NoQuery()));
  Json samples = Json::array();
  for (const Sample& sample : Samples()) {
    samples.push_back(
        {{"name", sample.name}, {"title", sample.title}, {"texts", sample.texts}, {"labels", Json(sample.labels)}});
  }
  reply(JsonResponse({{"samples", std::move(samples)}}));
  return {};
}

Route DataRoute(const SharedService& service, std::string method, std::string path, std::string summary,
                std::string description, std::vector<int> errors, ServiceHandler handle) {
  return {.method = std::move(method),
          .path = std::move(path),
          .role = Role::kAdmin,
          .docs = {.summary = std::move(summary),
                   .description = std::move(description),
                   .tag = kDataTag,
                   .answer = DataFileSchema(),
                   .answer_example = ExampleDataFile(),
                   .errors = std::move(errors)},
          .handle = Handler(service, handle)};
}

Route ListRoute(const SharedService& service) {
  Route route = DataRoute(service, "GET", "/v1/data", "Lists the data files of the workspace", "", {422, 503}, List);
  route.docs.answer =
      ParsedJson(R"({"type": "object", "required": ["used_bytes", "max_bytes", "others", "files"], "properties": {
    "used_bytes": {"type": "integer", "description": "Size of all data files, with former versions and the trash"},
    "max_bytes": {"type": "integer", "description": "Maximum of it"},
    "others": {"type": "integer", "description": "Number of further files and directories, whose names these routes do not accept"},
    "files": {"type": "array", "description": "The files, by name"}}})");
  route.docs.answer["properties"]["files"]["items"] = DataFileSchema();
  route.docs.answer_example = {{"used_bytes", 503663}, {"max_bytes", 2048000000}, {"others", 0}};
  route.docs.answer_example["files"] = Json::array({ExampleDataFile()});
  return route;
}

Route PutRoute(const SharedService& service) {
  Route route = DataRoute(
      service, "PUT", "/v1/data/{name}", "Uploads a data file, or a piece of it",
      "The pieces, of at most 4 MiB each, are sent in order. The file appears with the piece that has `final=true`; until "
      "then the response has the size that has been received. Status 409 with `offset` says where the upload stands; "
      "status 409 without it, that there is a file of that name and `replace=true` was not given. An upload that is not "
      "continued for a day is removed.",
      {409, 422, 429, 503, 507}, Put);
  route.docs.query = PieceQuery();
  route.docs.request_type = "application/octet-stream";
  route.docs.request = ParsedJson(R"({"type": "string", "format": "binary", "description": "The bytes"})");
  route.docs.example = "label,text\nham,See you at noon\n";
  // A piece that is not the last has fewer fields.
  route.docs.answer["required"] = ParsedJson(R"(["name", "bytes"])");
  route.any_content_type = true;
  return route;
}

}  // namespace

std::vector<Route> DataRoutes(const SharedService& service) {
  std::vector<Route> routes;
  routes.push_back(ListRoute(service));
  routes.push_back(PutRoute(service));
  Route download = DataRoute(service, "GET", "/v1/data/{name}", "Downloads a data file",
                             "Only files of at most 64 MiB can be downloaded.", {404, 413, 422, 429, 503}, Download);
  download.docs.answer = ParsedJson(R"({"type": "string", "format": "binary", "description": "The bytes"})");
  download.docs.answer_types = {"application/octet-stream"};
  download.docs.answer_example = "label,text\nham,See you at noon\n";
  routes.push_back(std::move(download));
  Route remove = DataRoute(service, "DELETE", "/v1/data/{name}", "Moves a data file to the trash",
                           "It stays there for 30 days, unless its room is needed.", {404, 409, 422, 429, 503}, Delete);
  remove.docs.query = VersionQuery();
  remove.docs.status = 204;
  remove.docs.answer = remove.docs.answer_example = Json();
  routes.push_back(std::move(remove));
  routes.push_back(DataRoute(service, "POST", "/v1/data/{name}/restore", "Brings a data file back from the trash", "",
                             {404, 409, 422, 429, 503}, Restore));
  Route undo = DataRoute(service, "POST", "/v1/data/{name}/undo", "Brings the former version of a data file back",
                         "The last ten versions before changes are kept.", {404, 409, 422, 429, 503}, Undo);
  undo.docs.query = VersionQuery();
  routes.push_back(std::move(undo));
  Route samples = DataRoute(service, "GET", "/v1/data/samples", "Lists the samples of data that the program has", "",
                            {422}, ListSamples);
  samples.docs.answer = ParsedJson(R"({"type": "object", "required": ["samples"], "properties": {
    "samples": {"type": "array", "description": "The samples", "items": {
      "type": "object", "required": ["name", "title", "texts", "labels"], "properties": {
        "name": {"type": "string", "description": "Name of the sample"},
        "title": {"type": "string", "description": "What it is"},
        "texts": {"type": "integer", "description": "Number of its texts"},
        "labels": {"type": "array", "description": "Its labels", "items": {"type": "string"}}}}}}})");
  samples.docs.answer_example =
      ParsedJson(R"({"samples": [{"name": "messages", "title": "600 made-up messages, spam or not",
    "texts": 600, "labels": ["ham", "spam"]}]})");
  routes.push_back(std::move(samples));
  Route add = DataRoute(service, "POST", "/v1/data/samples", "Makes a data file of a sample", "",
                        {404, 409, 422, 429, 503}, AddSample);
  add.docs.request = SampleSchema();
  add.docs.example = {{"name", "messages"}};
  routes.push_back(std::move(add));
  return routes;
}

}  // namespace winnow
