/// `winnow classify --server`: texts go to a server in batches, several of them at once, and the answers come out in
/// the order of the texts, as lines that are the same as those of a model on this machine.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "cli/classify_server.h"

namespace winnow {

struct RemoteClassifying {
  ServerAccess access;
  ServerQuestion question;
  size_t batch_size = 256;  ///< texts of one request
  bool json = false;        ///< lines of JSON instead of those for people
  bool colour = false;      ///< of explanations for people
};

/// Not thread-safe.
class RemoteAnswerer {
 public:
  /// `write` gets the answers' lines; `told` is told how many texts are answered. Both are called by Take and Flush.
  RemoteAnswerer(RemoteClassifying classifying, std::function<Result<void>(std::string_view lines)> write,
                 std::function<void(size_t)> told);
  RemoteAnswerer(const RemoteAnswerer&) = delete;
  RemoteAnswerer& operator=(const RemoteAnswerer&) = delete;
  /// Gives up what is under way.
  ~RemoteAnswerer();

  /// One text more. Errors: ClassifyServer::Classify's of any text so far; `write`'s.
  Result<void> Take(std::string_view text);
  /// All that is left: returns when every text is answered. Errors: the same.
  Result<void> Flush();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace winnow
