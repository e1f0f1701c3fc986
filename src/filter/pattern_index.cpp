#include "filter/pattern_index.h"

#include <fmt/format.h>
#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include "filter/atom_matcher.h"
#include "text/simple_fold.h"

namespace winnow {
namespace {

constexpr int kMinAtomBytes = 3;  // shorter literals occur in most texts and so exclude few patterns

RE2::Options PatternOptions() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(PatternIndex::kPatternMemory);
  return options;
}

}  // namespace

struct PatternIndex::State {
  re2::FilteredRE2 patterns{kMinAtomBytes};
  AtomMatcher atoms;
};

PatternIndex::PatternIndex() : state_(std::make_unique<State>()) {}
PatternIndex::PatternIndex(PatternIndex&&) noexcept = default;
PatternIndex& PatternIndex::operator=(PatternIndex&&) noexcept = default;
PatternIndex::~PatternIndex() = default;

Result<void> PatternIndex::Add(const std::string& pattern, size_t id) {
  if (pattern.size() > kMaxPatternBytes) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("the pattern has {} bytes; the maximum is {}", pattern.size(), kMaxPatternBytes),
                "divide it into several rules");
  }
  const RE2 expression(pattern, PatternOptions());
  if (!expression.ok() && expression.error_code() != RE2::ErrorPatternTooLarge) {
    return Fail(
        ErrorCode::kInvalidData, "the pattern is not valid: " + expression.error(),
        "patterns have the syntax of RE2, which has no look-ahead and no back-references; in TOML, single quotes "
        "keep backslashes: '\\bword\\b'");
  }
  if (!expression.ok() || expression.ProgramSize() > kMaxProgram) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("the pattern is too large: its program has more than {} instructions", kMaxProgram),
                "use smaller repetition counts, or divide it into several rules");
  }
  int index = 0;
  if (state_->patterns.Add(pattern, PatternOptions(), &index) != RE2::NoError) {
    return Fail(ErrorCode::kInternal, "internal error: RE2 compiled a pattern only once");
  }
  ids_.push_back(id);
  return {};
}

Result<void> PatternIndex::Compile() {
  if (ids_.empty()) return {};
  std::vector<std::string> atoms;
  state_->patterns.Compile(&atoms);
  for (std::string& atom : atoms) atom = SimpleFold(atom);
  state_->atoms = TRY(AtomMatcher::Build(atoms));
  return {};
}

void PatternIndex::Match(std::string_view text, std::vector<size_t>& ids) const {
  if (ids_.empty()) return;
  std::vector<int> atoms, candidates;
  state_->atoms.Find(SimpleFold(text), atoms);
  state_->patterns.AllPotentials(atoms, &candidates);
  for (const int candidate : candidates) {
    if (RE2::PartialMatch({text.data(), text.size()}, state_->patterns.GetRE2(candidate))) {
      ids.push_back(ids_[static_cast<size_t>(candidate)]);
    }
  }
}

std::string_view FirstMatch(const std::string& pattern, std::string_view text) {
  const RE2 expression(pattern, PatternOptions());
  re2::StringPiece part;
  if (!expression.Match({text.data(), text.size()}, 0, text.size(), RE2::UNANCHORED, &part, 1))
    return text.substr(0, 0);
  return {part.data(), part.size()};
}

bool PatternMatches(const std::string& pattern, std::string_view text) {
  return RE2::PartialMatch({text.data(), text.size()}, RE2(pattern, PatternOptions()));
}

}  // namespace winnow
