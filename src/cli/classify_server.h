/// A `winnow serve` as `winnow classify --server` talks to it: which models it has, what they say of texts, and what an
/// error of the server or of the way to it asks the user to do.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "net/http.h"
#include "winnow/classifier.h"

namespace winnow {

/// Where a server is.
struct ServerAddress {
  std::string shown;        ///< "http://127.0.0.1:8080", "unix:///run/winnow.sock": for messages
  std::string base;         ///< what paths are appended to
  std::string unix_socket;  ///< or empty

  /// "http://host:8080", "host:8080", "https://host/prefix", "unix:///path"; with or without /v1/classify, as the
  /// server itself shows it. Errors: kInvalidArgument.
  static Result<ServerAddress> Parse(std::string_view url);

  /// Whether what is sent could be read on its way: neither TLS nor this machine.
  bool IsOpen() const;
};

struct ServerAccess {
  ServerAddress address;
  std::string api_key;                     ///< or empty
  std::function<bool()> stopped;           ///< asked while waiting; true gives up. Thread-safe
  std::chrono::milliseconds backoff{250};  ///< before the first retry; doubles up to 4 s
  int retries = 7;                         ///< while the server is busy or starting: 16 s
  int unanswered_retries = 7;              ///< of those, where nothing listens
};

struct ServerModel {
  std::string name, version;
  std::vector<std::string> aliases;
  std::string text_template;  ///< empty: it reads plain texts, or an older server doesn't say
  bool is_default = false;
};

/// What is asked about texts.
struct ServerQuestion {
  std::string model;  ///< "spam", "spam:1.2.0", "spam@champion"; empty: the server's default
  Mode mode = Mode::kModerate;
  int top_k = 0;
  bool explain = false;
  bool segmented = false;  ///< texts come from a template: kSegmentSeparator in them divides their segments
};

/// One connection. Not thread-safe: one a thread.
class ClassifyServer {
 public:
  explicit ClassifyServer(const ServerAccess& access);

  /// GET /models. Empty where the server doesn't tell, as behind a proxy that lets only /v1/classify through. Errors:
  /// kNetwork, kCancelled.
  Result<std::vector<ServerModel>> Models();

  /// POST /v1/classify: the objects of "results", a text each, with their members in the server's order. Invalid UTF-8
  /// becomes U+FFFD. Errors: kNetwork; kNotFound for the model; kInvalidArgument for what the server won't take (401,
  /// 403, 413, 422); kCancelled.
  Result<std::vector<Json>> Classify(const ServerQuestion& question, std::span<const std::string> texts);

 private:
  Error Refused(const HttpAnswer& answer, size_t texts) const;  // what it says to so many texts
  Error Unlike(std::string_view problem) const;                 // it doesn't speak as a server of ours
  Error Unanswered(Error error) const;

  ServerAddress address_;
  bool has_key_;
  HttpClient client_;
};

/// The one of `models` that `question` names, or the default; null where it isn't told. Errors: kNotFound, with those
/// that there are.
Result<const ServerModel*> FindModel(std::span<const ServerModel> models, std::string_view question,
                                     const ServerAddress& address);

}  // namespace winnow
