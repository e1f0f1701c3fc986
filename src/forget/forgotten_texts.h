/// A set of texts, compared as messages are.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

namespace winnow {

/// Texts that differ in case, width, invisible characters and white space alone are one text (text/duplicate_key.h),
/// and the segments of a text are divided by white space. Near-duplicates are other texts.
class ForgottenTexts {
 public:
  void Add(std::string_view text);
  void Add(const ForgottenTexts& others) { keys_.insert(others.keys_.begin(), others.keys_.end()); }
  void Remove(const ForgottenTexts& others);
  bool Contains(std::string_view text) const;
  bool empty() const { return keys_.empty(); }
  size_t size() const { return keys_.size(); }

 private:
  std::set<std::string, std::less<>> keys_;
};

/// Returns the text with its segments divided by line ends.
std::string WholeText(std::string_view text);

}  // namespace winnow
