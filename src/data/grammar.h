/// Grammars of synthetic texts: message templates with slots, in a text file such as
/// share/winnow/grammars/messages.txt.
///
/// A grammar has two kinds of sections. "[list NAME]" begins the alternatives of a slot and "[label NAME]" begins the
/// message templates of a label, each of them one per line. Blank lines and lines that begin with '#' are skipped. In a
/// line, "{name}" is a slot, replaced by an alternative of the list, "{a|b|}" is a choice between literal texts, which
/// may be empty and may contain slots and choices, and "{##@@}" is a run of random characters: '#' is a digit, '@' a
/// letter or digit. "\n" is a line end; a backslash before one of \ { } | # [ gives that character.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/result.h"

namespace winnow {

/// A grammar that was checked when it was read, so that every expansion is valid UTF-8 of bounded length. Thread-safe.
class Grammar {
 public:
  static constexpr size_t kMaxFileBytes = size_t{4} << 20;
  static constexpr size_t kMaxTextBytes = 8192;  ///< the longest text that a message template may generate
  static constexpr size_t kMaxParts = 8192;      ///< slots, choices and literal texts that one expansion may visit
  static constexpr int kMaxDepth = 16;           ///< nesting of braces in a line
  static constexpr int kMaxNesting = 64;         ///< nesting of lists and choices in one another

  /// Reads a file. Errors: kNotFound, kIo, and those of Parse.
  static Result<Grammar> Read(const std::filesystem::path& path);
  /// Parses the contents of a file; `name` is its name in errors. Errors: kInvalidData, with the line, for text that is
  /// not UTF-8, a line outside a section, braces that do not match, an unknown list, a section without lines, lists
  /// that contain themselves, and whatever exceeds the limits above.
  static Result<Grammar> Parse(std::string_view contents, const std::string& name);

  /// Returns the labels in the order of the file.
  const std::vector<std::string>& labels() const { return labels_; }
  /// Returns the number of message templates of a label, at least 1.
  size_t TemplateCount(size_t label) const { return templates_[label].size(); }
  /// Returns the line of a message template in the file, counted from 1.
  size_t LineOf(size_t label, size_t index) const { return templates_[label][index].line; }
  /// Returns a text that the message template generates, with single spaces and without white space at its ends. Equal
  /// states of `random` give equal texts on every platform.
  std::string Expand(size_t label, size_t index, Random& random) const;

 private:
  friend class GrammarReader;
  friend class GrammarLimits;

  /// A literal text, a slot or choice (the id of a list), or a run of random characters.
  struct Part {
    enum class Kind { kText, kList, kSymbols };
    Kind kind = Kind::kText;
    std::string text = {};
    size_t list = 0;
  };
  using Sequence = std::vector<Part>;
  struct Line {
    Sequence parts;
    size_t line = 0;
  };
  /// The alternatives of a slot, or of a choice within a line, which has no name.
  struct List {
    std::string name;
    size_t line = 0;  ///< where it is first mentioned
    std::vector<Sequence> alternatives = {};
  };

  void Append(const Sequence& sequence, Random& random, std::string& text) const;

  std::vector<std::string> labels_;
  std::vector<std::vector<Line>> templates_;  ///< by label
  std::vector<List> lists_;
};

}  // namespace winnow
