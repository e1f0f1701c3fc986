/// A client of `winnow serve`: lists the models of a server and classifies texts with them. Errors of the server, or of
/// the connection to it, say what the user can do.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "net/http.h"
#include "text/input_text.h"
#include "winnow/classifier.h"

namespace winnow {

/// The address of a server.
struct ServerAddress {
  std::string shown;        ///< address for messages: "http://127.0.0.1:8080", "unix:///run/winnow.sock"
  std::string base;         ///< URL that paths are appended to
  std::string unix_socket;  ///< path of a Unix socket, or empty

  /// Parses "http://host:8080", "host:8080", "https://host/prefix" or "unix:///path", with or without /v1/classify at
  /// the end. Errors: kInvalidArgument.
  static Result<ServerAddress> Parse(std::string_view url);

  /// Returns true if requests could be read on their way: the connection neither uses TLS nor stays on this machine.
  bool IsOpen() const;
};

/// The means of reaching a server.
struct ServerAccess {
  ServerAddress address;
  std::string api_key;                     ///< API key; empty: none
  std::function<bool()> stopped;           ///< polled while waiting; returning true stops waiting. Must be thread-safe
  std::chrono::milliseconds backoff{250};  ///< pause before the first retry; doubles up to 4 s
  int retries = 7;                         ///< number of retries while the server is busy or starting: 16 s in total
  /// Number of retries while no server listens at the address; counts as part of `retries`.
  int unanswered_retries = 7;
};

/// A model of a server, as GET /models describes it.
struct RemoteModelInfo {
  std::string name, version;
  std::vector<std::string> aliases;
  /// Text template of the model; empty: the model reads plain texts, or the server is an older version.
  std::string text_template;
  bool is_default = false;
};

/// The parameters of a request to classify texts.
struct ClassifyRequest {
  std::string model;  ///< name of the model: "spam", "spam:1.2.0", "spam@champion"; empty: the server's default
  Mode mode = Mode::kModerate;
  std::optional<double> threshold = {};  ///< decision threshold in place of that of the mode
  int top_k = 0;
  bool explain = false;
};

/// One connection to a server. Not thread-safe: each thread needs its own.
class ServerClient {
 public:
  explicit ServerClient(const ServerAccess& access);

  /// Returns the models that GET /models lists. Empty if the server does not provide the list, for instance behind a
  /// proxy that forwards /v1/classify only. Errors: kNetwork, kCancelled.
  Result<std::vector<RemoteModelInfo>> Models();

  /// Classifies texts by POST /v1/classify. Returns the objects of "results", one per text, with their members in the
  /// server's order. Texts of several segments are sent as lists of segments. Invalid UTF-8 becomes U+FFFD. Errors:
  /// kNetwork; kNotFound for the model; kInvalidArgument for a request that the server rejects (401, 403, 413, 422);
  /// kCancelled.
  Result<std::vector<Json>> Classify(const ClassifyRequest& request, std::span<const InputTextView> texts);

 private:
  Error Refused(const HttpAnswer& answer, size_t texts) const;  // what it says to so many texts
  Error Unlike(std::string_view problem) const;                 // it doesn't speak as a server of ours
  Error Unanswered(Error error) const;

  ServerAddress address_;
  bool has_key_;
  HttpClient client_;
};

/// Returns the one of `models` that `wanted` names ("spam", "spam:1.2.0", "spam@champion"), or the default model if
/// `wanted` is empty; null if the server lists no models. Errors: kNotFound, with the names of the existing models.
Result<const RemoteModelInfo*> FindModel(std::span<const RemoteModelInfo> models, std::string_view wanted,
                                         const ServerAddress& address);

}  // namespace winnow
