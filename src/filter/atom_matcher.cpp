#include "filter/atom_matcher.h"

#include <fmt/format.h>

namespace winnow {

Result<AtomMatcher> AtomMatcher::Build(std::span<const std::string> atoms) {
  AtomMatcher matcher;
  for (const std::string& atom : atoms) {
    for (const char c : atom.substr(0, kMaxAtomBytes)) {
      uint16_t& column = matcher.columns_[static_cast<unsigned char>(c)];
      if (column == 0) column = static_cast<uint16_t>(matcher.width_++);
    }
  }
  const auto add_state = [&] {
    matcher.next_.resize(matcher.next_.size() + matcher.width_, kNone);
    matcher.output_.push_back(kNone);
  };
  add_state();
  for (size_t atom = 0; atom < atoms.size(); ++atom) {
    size_t state = 0;
    for (const char c : std::string_view(atoms[atom]).substr(0, kMaxAtomBytes)) {
      const size_t entry = state * matcher.width_ + matcher.columns_[static_cast<unsigned char>(c)];
      if (matcher.next_[entry] == kNone) {
        matcher.next_[entry] = static_cast<uint32_t>(matcher.output_.size());
        add_state();
        if (matcher.next_.size() * sizeof(uint32_t) > kMaxTableBytes) {
          return Fail(ErrorCode::kInvalidData,
                      fmt::format("the words of all patterns need a table of more than {} MB", kMaxTableBytes >> 20),
                      "use fewer or shorter patterns");
        }
      }
      state = matcher.next_[entry];
    }
    if (matcher.output_[state] == kNone) {
      matcher.output_[state] = static_cast<uint32_t>(matcher.atoms_of_.size());
      matcher.atoms_of_.emplace_back();
    }
    matcher.atoms_of_[matcher.output_[state]].push_back(static_cast<int>(atom));
  }
  matcher.Link();
  return matcher;
}

// Goes through the states by depth; `failure` is the state of the longest proper suffix, whose transitions replace the
// missing ones.
void AtomMatcher::Link() {
  std::vector<uint32_t> failure(output_.size(), 0), queue;
  suffix_.assign(output_.size(), 0);
  for (size_t column = 0; column < width_; ++column) {
    uint32_t& child = next_[column];
    if (child == kNone) {
      child = 0;
    } else {
      queue.push_back(child);
    }
  }
  for (size_t i = 0; i < queue.size(); ++i) {
    const uint32_t state = queue[i];
    const uint32_t shorter = failure[state];
    suffix_[state] = output_[shorter] != kNone ? shorter : suffix_[shorter];
    for (size_t column = 0; column < width_; ++column) {
      uint32_t& child = next_[state * width_ + column];
      const uint32_t other = next_[shorter * width_ + column];
      if (child == kNone) {
        child = other;
      } else {
        failure[child] = other;
        queue.push_back(child);
      }
    }
  }
}

void AtomMatcher::Find(std::string_view text, std::vector<int>& found) const {
  found.clear();
  if (next_.empty()) return;
  std::vector<bool> seen(atoms_of_.size());
  size_t state = 0;
  for (const char c : text) {
    state = next_[state * width_ + columns_[static_cast<unsigned char>(c)]];
    for (size_t at = output_[state] != kNone ? state : suffix_[state]; at != 0; at = suffix_[at]) {
      const uint32_t output = output_[at];
      if (seen[output]) break;  // its suffixes were seen with it
      seen[output] = true;
      found.insert(found.end(), atoms_of_[output].begin(), atoms_of_[output].end());
    }
  }
}

}  // namespace winnow
