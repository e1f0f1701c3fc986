/// What the routes of data files share: the name in the path, the options of reading in the query, and errors.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "data/dataset.h"
#include "server/query_parameters.h"
#include "server/service.h"
#include "workspace/data_files.h"

namespace winnow {

/// Returns the schema of a query with the options of reading besides `parameters`, an object of properties.
Json ReadingQuery(const Json& parameters);

/// The query of a request with options of reading.
struct ReadingRequest {
  QueryParameters query;
  ReadOptions options;
  std::optional<bool> header;
};
/// Errors: 422.
ApiResult<ReadingRequest> ReadReadingRequest(const HttpRequest& request, const Json& schema);

/// Returns the version that the client wants to change: of the parameter "version", or of the header If-Match; empty if
/// there is none.
std::string VersionIn(const HttpRequest& request, const QueryParameters& query);

/// Returns the error of the API: 422, 404, 409 or 503.
ApiError DataError(const Error& error);

template <typename T>
ApiResult<T> Checked(Result<T> result) {
  if (result) return std::move(*result);
  return std::unexpected(DataError(result.error()));
}

/// Returns a response with the version of a file, also as its ETag.
HttpResponse VersionedResponse(Json json, const std::string& version);

/// Runs a task on a thread that may read, or write, large files; replies with its result, or with 429 if too many wait.
void ReadData(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
              std::function<ApiResult<HttpResponse>()> task);
void WriteData(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
               std::function<ApiResult<HttpResponse>()> task);

/// Returns the routes' documentation of a file, with its example.
Json DataFileSchema();
Json ExampleDataFile();
/// Describes a file for clients.
Json DataFileJson(const DataFile& file);

}  // namespace winnow
