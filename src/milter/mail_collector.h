/// One message, put together from the parts in which a mail server hands it to a milter.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace winnow {

/// The headers that the milter adds, and removes from messages that arrive with them.
inline constexpr std::array<const char*, 4> kMilterHeaders = {"X-Spam", "X-Spam-Score", "X-Spam-Symbols",
                                                              "X-Spam-Skipped"};

/// Not thread-safe.
class MailCollector {
 public:
  /// `max_bytes` is the size from which the message is no longer kept, but counted.
  explicit MailCollector(size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Adds a header. `value` is what follows the colon, with the space that may precede it and without the line end;
  /// lines of a folded value may end in LF or CRLF.
  void AddHeader(std::string_view name, std::string_view value);
  void EndHeaders() { Add("\r\n"); }
  void AddBody(std::string_view bytes) { Add(bytes); }

  /// Returns the bytes of the message; empty if it is too large.
  const std::string& mail() const { return mail_; }
  size_t size() const { return size_; }
  bool too_large() const { return size_ > max_bytes_; }
  /// Returns how many headers with the name kMilterHeaders[index] the message has, in any case of letters.
  int SpamHeaders(size_t index) const { return spam_headers_.at(index); }

 private:
  void Add(std::string_view bytes);

  const size_t max_bytes_;
  size_t size_ = 0;
  std::string mail_;
  std::array<int, kMilterHeaders.size()> spam_headers_ = {};
};

}  // namespace winnow
