/// The structure of a message: its header fields, and its parts inside each other.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "mail/mail_limits.h"

namespace winnow {

/// Sentences about a message, each once and at most 100 of them.
class MailNotes {
 public:
  void Add(std::string note);
  std::vector<std::string> Take() { return std::move(notes_); }

 private:
  std::vector<std::string> notes_;
};

/// A header field as it is in the message, unfolded but not decoded.
struct RawHeader {
  std::string_view name;
  std::string value;
};

/// The header fields of a message or a part, and what follows them.
struct HeaderBlock {
  std::vector<RawHeader> fields;
  std::string_view body;

  /// Returns the value of the first field with that name, ignoring case; empty if there is none.
  const std::string& Find(std::string_view name) const;
};

enum class EntityKind { kMessage, kPart };

/// Reads the header fields at the beginning of `text`, whose line ends are "\n" or "\r\n". Text that does not begin
/// with a header field has none; a line that is neither a field nor a continuation ends the header.
HeaderBlock ReadHeaderBlock(std::string_view text, EntityKind kind, const MailLimits& limits, MailNotes& notes);

/// A message, a multipart, or a part without parts of its own.
struct MailNode {
  HeaderBlock header;
  std::string type;     ///< "multipart/mixed"
  std::string charset;  ///< as labelled
  std::string name;     ///< file name
  std::string start;    ///< of multipart/related: the Content-ID of its root, if it names one
  bool attachment = false;
  bool flowed = false;  ///< format=flowed (RFC 3676)
  bool delete_space = false;
  int depth = 0;
  bool has_children = false;     ///< false for multiparts that could not be divided
  std::vector<size_t> children;  ///< indexes of nodes, in the order of the message
};

/// All nodes of a message: the message itself first, each before its children. Views refer to the text that was given
/// and to `decoded`.
struct MailStructure {
  std::vector<MailNode> nodes;
  std::deque<std::string> decoded;  ///< forwarded messages whose transfer encoding was undone
  size_t decoded_bytes = 0;
};

/// Divides a message into its parts without recursion. `text` must outlive the result. Each level of nesting scans the
/// text once more.
MailStructure DivideMail(std::string_view text, const MailLimits& limits, MailNotes& notes);

}  // namespace winnow
