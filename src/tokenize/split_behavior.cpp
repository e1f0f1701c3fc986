// Follows tokenizers/src/tokenizer/normalizer.rs (NormalizedString::split) of Hugging Face's tokenizers.
#include "tokenize/split_behavior.h"

namespace winnow {
namespace {

struct Part {
  PatternMatch range;
  bool is_match;
};

/// Whether a part begins a piece of its own. Of a row of matches only the first joins its neighbour.
bool Joins(SplitBehavior behavior, bool is_match, bool previous_match) {
  if (behavior == SplitBehavior::kContiguous) return is_match == previous_match;
  return is_match && !previous_match;
}

}  // namespace

void SplitAt(PatternMatch range, std::span<const PatternMatch> matches, SplitBehavior behavior, bool invert,
             std::vector<PatternMatch>& pieces) {
  std::vector<Part> parts;
  parts.reserve(2 * matches.size() + 1);
  size_t done = range.begin;
  for (const PatternMatch& match : matches) {
    if (done < match.begin) parts.push_back({{done, match.begin}, invert});
    parts.push_back({match, !invert});
    done = match.end;
  }
  if (done < range.end) parts.push_back({{done, range.end}, invert});
  const size_t before = pieces.size();
  bool previous = false;
  if (behavior == SplitBehavior::kMergedWithNext) {
    // From the right, so that each match joins what comes after it.
    for (size_t i = parts.size(); i-- > 0; previous = parts[i].is_match) {
      if (!Joins(behavior, parts[i].is_match, previous) || i + 1 == parts.size()) continue;
      parts[i + 1].range.begin = parts[i].range.begin;
      parts[i].range.end = parts[i].range.begin;
    }
    for (const Part& part : parts) {
      if (part.range.begin < part.range.end) pieces.push_back(part.range);
    }
    return;
  }
  for (const Part& part : parts) {
    const bool removed = behavior == SplitBehavior::kRemoved && part.is_match;
    const bool apart = behavior == SplitBehavior::kIsolated || behavior == SplitBehavior::kRemoved;
    if (!apart && Joins(behavior, part.is_match, previous) && pieces.size() > before) {
      pieces.back().end = part.range.end;
    } else if (!removed && part.range.begin < part.range.end) {
      pieces.push_back(part.range);
    }
    previous = part.is_match;
  }
}

}  // namespace winnow
