/// The parts of a message that rules look at, by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filter/message.h"

namespace winnow {

/// The name of a part of a message.
struct FieldName {
  enum class Kind {
    kText,
    kSubject,
    kBody,
    kSender,
    kSenderName,
    kSenderDomain,
    kRecipient,
    kUser,
    kLinks,
    kLinkHosts,
    kHeader
  };
  Kind kind = Kind::kText;
  std::string header = {};  ///< for kHeader, the name of the header field in lower case

  /// Returns the field that `name` names: "text", "header:List-Id"; none for another name.
  static std::optional<FieldName> Parse(std::string_view name);
  /// Returns the names of all fields, "header:NAME" last.
  static std::vector<std::string> All();
  std::string Text() const;
  bool operator==(const FieldName&) const = default;
};

/// The value of a field of one message.
struct FieldValue {
  std::string text;      ///< valid UTF-8: invalid bytes of the message are U+FFFD
  bool present = false;  ///< a header field: whether the message has it; another field: whether it is not empty
};

/// Returns the value of a field. Several header fields of one name, links and hosts of links are divided by "\n". The
/// domain of the sender and hosts are in lower case. If `fold` is true, obfuscations are folded (text/disguise.h),
/// and so is white space: any between two words is one space, but for empty lines, which are one line end.
FieldValue ReadField(const FilterMessage& message, const FieldName& name, bool fold);

/// Returns the addresses of web pages in a text, with or without "https://", in their order: "https://example.com/a",
/// "www.example.com", "example.com/a". Punctuation at the end of an address is left out. Linear.
std::vector<std::string> FindLinks(std::string_view text);

/// Returns the host of a link in lower case, without user name and port: that which a browser would connect to.
std::string HostOfLink(std::string_view link);

/// Returns true if `host` is `domain` or below it; both are in lower case.
bool IsInDomain(std::string_view host, std::string_view domain);

}  // namespace winnow
