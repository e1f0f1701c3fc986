#include "linear/symbols.h"

#include <algorithm>

#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kLongestText = size_t{1} << 31;

char32_t Next(std::string_view text, size_t& i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  if (byte >= 0x80) return NextCodePoint(text, i);
  ++i;
  return byte;
}

/// Receives the symbols of a text, and their places if these are wanted.
class Sink {
 public:
  Sink(SymbolRuns& out, std::vector<SymbolPlace>* places) : out_(out), places_(places) {
    out.symbols.clear();
    out.run_ends.clear();
  }
  void Add(char32_t c, size_t begin, size_t end) {
    out_.symbols.push_back(c);
    if (places_ != nullptr) places_->push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end)});
  }
  void EndRun() { out_.run_ends.push_back(static_cast<uint32_t>(out_.symbols.size())); }

 private:
  SymbolRuns& out_;
  std::vector<SymbolPlace>* places_;
};

void AllCharacters(std::string_view text, Sink& sink) {
  for (size_t i = 0; i < text.size();) {
    const size_t begin = i;
    const char32_t c = Next(text, i);
    if (!IsPythonSpace(c)) {
      sink.Add(c, begin, i);
      continue;
    }
    size_t end = i;
    bool several = false;
    while (i < text.size() && IsPythonSpace(Next(text, i))) {
      several = true;
      end = i;
    }
    i = end;
    sink.Add(several ? U' ' : c, begin, end);  // a single tab stays one
  }
  sink.EndRun();
}

void CharactersOfWords(std::string_view text, Sink& sink) {
  size_t last_begin = 0, last_end = 0;
  bool within = false;
  const auto end_word = [&] {
    if (within) {
      sink.Add(U' ', last_begin, last_end);
      sink.EndRun();
    }
    within = false;
  };
  for (size_t i = 0; i < text.size();) {
    const size_t begin = i;
    const char32_t c = Next(text, i);
    if (IsPythonSpace(c)) {
      end_word();
      continue;
    }
    if (!within) sink.Add(U' ', begin, i);
    within = true;
    sink.Add(c, begin, i);
    last_begin = begin;
    last_end = i;
  }
  end_word();
}

}  // namespace

void LoweredText::Set(std::string_view text, bool lowercase, TextOrigins* origins) {
  PythonLower(text.substr(0, kLongestText), lowercase, bytes_, origins);
  size_ = bytes_.size();
  bytes_.append(WordTable::kPadding, '\0');
}

void CharacterSymbols(std::string_view text, Analyzer analyzer, SymbolRuns& out, std::vector<SymbolPlace>* places) {
  Sink sink(out, places);
  if (analyzer == Analyzer::kChar) {
    AllCharacters(text, sink);
  } else {
    CharactersOfWords(text, sink);
  }
}

namespace internal {

bool SkipWordCharacter(std::string_view text, size_t& i) {
  size_t next = i;
  if (!IsPythonWordCharacter(NextCodePoint(text, next))) return false;
  i = next;
  return true;
}

}  // namespace internal
}  // namespace winnow
