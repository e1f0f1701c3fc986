// Writes src/text/unicode_data.inc, the tables of src/text/unicode_data.h, from the data of ICU:
//
//     g++ -std=c++20 -O1 tools/unicode/make_tables.cpp -licuuc -o build/make_tables
//     build/make_tables > src/text/unicode_data.inc
//
// The checked-in tables are those of ICU 72 (Unicode 15.0), Debian 12's. The sizes of the tables are in their head.
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/uniset.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

constexpr UChar32 kEnd = 0x110000;
size_t total_bytes = 0;

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "make_tables: %s\n", what);
  std::exit(1);
}
void Check(UErrorCode status) {
  if (U_FAILURE(status)) Die(u_errorName(status));
}

std::string Array(const std::string& type, const std::string& name, const std::vector<uint32_t>& values) {
  std::string out = "constexpr " + type + " " + name + "[] = {\n";
  std::string line;
  for (const uint32_t value : values) {
    const std::string text = std::to_string(value) + ",";
    if (line.size() + text.size() > 119) {
      out += line + "\n";
      line.clear();
    }
    line += text;
  }
  return out + line + "};\n";
}

size_t Width(const std::string& type) { return type == "uint8_t" ? 1 : type == "uint16_t" ? 2 : 4; }

/// The number of a block among those written so far, which it joins if it is new.
uint32_t Intern(std::map<std::vector<uint32_t>, uint32_t>& known, const std::vector<uint32_t>& block,
                std::vector<uint32_t>& out) {
  const auto [at, fresh] = known.emplace(block, static_cast<uint32_t>(known.size()));
  if (fresh) out.insert(out.end(), block.begin(), block.end());
  return at->second;
}

/// A CodePointMap, by its definition in src/text/unicode_data.h.
std::string Map(const std::string& type, const std::string& name, const std::vector<uint32_t>& values) {
  std::vector<uint32_t> top, middle, leaves;
  std::map<std::vector<uint32_t>, uint32_t> middles, blocks;
  for (size_t upper = 0; upper < kEnd; upper += 512) {
    std::vector<uint32_t> middle_block;
    for (size_t at = upper; at < upper + 512; at += 16) {
      const auto begin = values.begin() + static_cast<std::ptrdiff_t>(at);
      middle_block.push_back(Intern(blocks, {begin, begin + 16}, leaves));
    }
    top.push_back(Intern(middles, middle_block, middle));
  }
  if (middles.size() > 256) Die("too many middle blocks");
  const uint64_t limit = uint64_t{1} << (8 * Width(type));
  if (*std::ranges::max_element(leaves) >= limit) Die(("values of " + name + " are too large").c_str());
  const size_t bytes = top.size() + 2 * middle.size() + Width(type) * leaves.size();
  std::fprintf(stderr, "%-24s %7zu bytes\n", name.c_str(), bytes);
  total_bytes += bytes;
  return "\n" + Array("uint8_t", "k" + name + "Top", top) + Array("uint16_t", "k" + name + "Middle", middle) +
         Array(type, "k" + name + "Leaves", leaves) + "constexpr CodePointMap<" + type + "> k" + name + "Map = {k" +
         name + "Top, k" + name + "Middle, k" + name + "Leaves};\n";
}

/// Values of few kinds, as numbers of the kinds, and the kinds as rows of an array.
template <class Kind>
struct Kinds {
  std::vector<uint32_t> numbers;
  std::vector<Kind> rows;
  std::map<Kind, uint32_t> known;

  void Add(const Kind& kind) {
    const auto [at, fresh] = known.emplace(kind, static_cast<uint32_t>(rows.size()));
    if (fresh) rows.push_back(kind);
    numbers.push_back(at->second);
  }
  std::string Type() const { return rows.size() <= 256 ? "uint8_t" : "uint16_t"; }
};

std::string General() {
  Kinds<uint32_t> kinds;
  for (UChar32 c = 0; c < kEnd; ++c) {
    const auto flag = [&](UProperty property, int bit) {
      return static_cast<uint32_t>(u_hasBinaryProperty(c, property) != 0) << bit;
    };
    kinds.Add(static_cast<uint32_t>(u_charType(c)) | flag(UCHAR_WHITE_SPACE, 5) | flag(UCHAR_ALPHABETIC, 6) |
              flag(UCHAR_DEFAULT_IGNORABLE_CODE_POINT, 7) | flag(UCHAR_CASED, 8) | flag(UCHAR_CASE_IGNORABLE, 9) |
              static_cast<uint32_t>(u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE) != U_NT_NONE) << 10);
  }
  total_bytes += 2 * kinds.rows.size();
  return "\n" + Array("uint16_t", "kGeneralKinds", kinds.rows) + Map(kinds.Type(), "General", kinds.numbers);
}

std::string Age() {
  std::vector<uint32_t> ages;
  for (UChar32 c = 0; c < kEnd; ++c) {
    UVersionInfo age;
    u_charAge(c, age);
    ages.push_back(age[0]);
  }
  return Map("uint8_t", "Age", ages);
}

std::string Script() {
  std::set<int32_t> used = {USCRIPT_JAPANESE, USCRIPT_KOREAN};
  std::vector<int32_t> scripts;
  for (UChar32 c = 0; c < kEnd; ++c) {
    UErrorCode status = U_ZERO_ERROR;
    int32_t script = uscript_getScript(c, &status);
    Check(status);
    if (script <= USCRIPT_INHERITED || script == USCRIPT_UNKNOWN) script = -1;
    scripts.push_back(script);
    if (script >= 0) used.insert(script);
  }
  std::map<int32_t, uint32_t> index = {{-1, 0}};
  std::string names = "\nconstexpr std::string_view kScriptNames[] = {\n\"\",\n";
  for (const int32_t script : used) {
    index.emplace(script, static_cast<uint32_t>(index.size()));
    const std::string name = script == USCRIPT_JAPANESE ? "Japanese"
                             : script == USCRIPT_KOREAN ? "Korean"
                                                        : uscript_getName(static_cast<UScriptCode>(script));
    names += "\"" + name + "\",\n";
  }
  std::vector<uint32_t> values;
  for (const int32_t script : scripts) values.push_back(index.at(script));
  return names + "};\n" + Map("uint8_t", "Script", values);
}

/// The differences to the lower case and to the case folding.
std::string Case() {
  Kinds<std::array<int32_t, 2>> kinds;
  for (UChar32 c = 0; c < kEnd; ++c) kinds.Add({u_tolower(c) - c, u_foldCase(c, U_FOLD_CASE_DEFAULT) - c});
  std::string rows = "\nconstexpr int32_t kCaseKinds[][2] = {\n";
  for (const auto& [lower, folding] : kinds.rows) {
    rows += "{" + std::to_string(lower) + "," + std::to_string(folding) + "},\n";
  }
  total_bytes += 8 * kinds.rows.size();
  return rows + "};\n" + Map(kinds.Type(), "Case", kinds.numbers);
}

struct Normalizers {
  const icu::Normalizer2 *nfc, *nfd, *nfkc, *nfkd, *folding;

  static Normalizers Get() {
    UErrorCode status = U_ZERO_ERROR;
    const Normalizers all = {icu::Normalizer2::getNFCInstance(status), icu::Normalizer2::getNFDInstance(status),
                             icu::Normalizer2::getNFKCInstance(status), icu::Normalizer2::getNFKDInstance(status),
                             icu::Normalizer2::getNFKCCasefoldInstance(status)};
    Check(status);
    return all;
  }
};

std::string NormalizationKinds(const Normalizers& all) {
  Kinds<std::array<uint32_t, 3>> kinds;
  for (UChar32 c = 0; c < kEnd; ++c) {
    uint32_t flags = 0;
    int shift = 0;
    // In the order of NormalForm in src/text/normal_form.h.
    for (const auto& [normalizer, property] :
         {std::pair{all.nfc, UCHAR_NFC_QUICK_CHECK}, std::pair{all.nfd, UCHAR_NFD_QUICK_CHECK},
          std::pair{all.nfkc, UCHAR_NFKC_QUICK_CHECK}, std::pair{all.nfkd, UCHAR_NFKD_QUICK_CHECK}}) {
      const int32_t check = u_getIntPropertyValue(c, property);
      flags |= ((check == UNORM_NO ? 1u : 0u) | (check == UNORM_MAYBE ? 2u : 0u) |
                (normalizer->hasBoundaryBefore(c) != 0 ? 4u : 0u))
               << shift;
      shift += 4;
    }
    kinds.Add(
        {u_getCombiningClass(c), static_cast<uint32_t>(u_getIntPropertyValue(c, UCHAR_DECOMPOSITION_TYPE)), flags});
  }
  std::string rows = "\nconstexpr Normalization kNormalizationKinds[] = {\n";
  for (const auto& [combining_class, type, flags] : kinds.rows) {
    rows += "{" + std::to_string(combining_class) + "," + std::to_string(type) + "," + std::to_string(flags) + "},\n";
  }
  total_bytes += 4 * kinds.rows.size();
  return rows + "};\n" + Map(kinds.Type(), "Normalization", kinds.numbers);
}

/// Sequences of UTF-16 units, each after its length.
class Pool {
 public:
  static constexpr uint32_t kItself = 0, kFolded = 1;

  uint32_t Add(const icu::UnicodeString& text) {
    const auto [at, fresh] = known_.emplace(text, static_cast<uint32_t>(units_.size()));
    if (fresh) {
      units_.push_back(static_cast<uint32_t>(text.length()));
      for (int32_t i = 0; i < text.length(); ++i) units_.push_back(text[i]);
    }
    return at->second;
  }
  std::string Write() const {
    if (units_.size() > 65535) Die("too many decompositions");
    std::fprintf(stderr, "%-24s %7zu bytes\n", "decompositions", 2 * units_.size());
    total_bytes += 2 * units_.size();
    return "\n" + Array("char16_t", "kSequences", units_);
  }

 private:
  std::vector<uint32_t> units_ = {0, 0};  // the numbers with a meaning of their own
  std::map<icu::UnicodeString, uint32_t> known_;
};

bool IsHangul(UChar32 c) { return c >= 0xAC00 && c <= 0xD7A3; }

icu::UnicodeString Decomposed(const icu::Normalizer2* normalizer, UChar32 c) {
  icu::UnicodeString text;
  return normalizer->getDecomposition(c, text) ? text : icu::UnicodeString(c);
}

std::string Decompositions(const Normalizers& all) {
  Pool pool;
  std::vector<uint32_t> canonical, compatibility, folding;
  for (UChar32 c = 0; c < kEnd; ++c) {
    const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
    const icu::UnicodeString itself(c), nfd = Decomposed(all.nfd, c), nfkd = Decomposed(all.nfkd, c);
    const icu::UnicodeString folded = Decomposed(all.folding, c);
    const bool plain = surrogate || IsHangul(c);  // whose decomposition is arithmetic
    canonical.push_back(plain || nfd == itself ? Pool::kItself : pool.Add(nfd));
    // What has no compatibility decomposition has its canonical one.
    compatibility.push_back(plain || nfkd == nfd ? Pool::kItself : pool.Add(nfkd));
    const bool simple = folded == Decomposed(all.nfd, u_foldCase(c, U_FOLD_CASE_DEFAULT));
    folding.push_back(plain || folded == nfkd ? Pool::kItself : simple ? Pool::kFolded : pool.Add(folded));
  }
  return pool.Write() + Map("uint16_t", "Canonical", canonical) + Map("uint16_t", "Compatibility", compatibility) +
         Map("uint16_t", "Folding", folding);
}

std::string Compositions(const Normalizers& all) {
  std::map<std::pair<UChar32, UChar32>, UChar32> pairs;
  for (UChar32 c = 0; c < kEnd; ++c) {
    icu::UnicodeString raw;
    if (IsHangul(c) || !all.nfc->getRawDecomposition(c, raw) || raw.countChar32() != 2) continue;
    const UChar32 first = raw.char32At(0), second = raw.char32At(raw.moveIndex32(0, 1));
    if (all.nfc->composePair(first, second) == c) pairs[{first, second}] = c;
  }
  std::string out = "\nconstexpr Composition kCompositions[] = {\n";
  for (const auto& [pair, composite] : pairs) {
    out +=
        "{" + std::to_string(pair.first) + "," + std::to_string(pair.second) + "," + std::to_string(composite) + "},\n";
  }
  std::fprintf(stderr, "%-24s %7zu bytes\n", "compositions", 12 * pairs.size());
  total_bytes += 12 * pairs.size();
  return out + "};\n";
}

icu::UnicodeSet Set(const char* pattern) {
  UErrorCode status = U_ZERO_ERROR;
  icu::UnicodeSet set(icu::UnicodeString::fromUTF8(pattern), status);
  Check(status);
  return set.freeze(), set;
}

/// The classes of the rules of root's character and word boundaries (CLDR 42), numbered as in unicode_data.h.
std::string Boundaries() {
  const char* indic = "[[\\p{Gujr}\\p{sc=Telu}\\p{sc=Mlym}\\p{sc=Orya}\\p{sc=Beng}\\p{sc=Deva}]&";
  const icu::UnicodeSet virama = Set((indic + std::string("\\p{Indic_Syllabic_Category=Virama}]")).c_str());
  const icu::UnicodeSet consonant = Set((indic + std::string("\\p{Indic_Syllabic_Category=Consonant}]")).c_str());
  const icu::UnicodeSet link = Set("[[\\p{gcb=Extend}-\\p{ccc=0}]\\p{gcb=ZWJ}]");
  const icu::UnicodeSet pictographic = Set("[:ExtPict:]");
  const icu::UnicodeSet dictionary =
      Set("[[:LineBreak=Complex_Context:][:Han:][:Hiragana:][\\p{Word_Break=Katakana}]"
          "[\\uac00-\\ud7a3]]");
  const icu::UnicodeSet ideographic = Set("[\\p{Ideographic}]");
  const std::map<int32_t, uint32_t> grapheme_breaks = {{U_GCB_OTHER, 0},
                                                       {U_GCB_CONTROL, 1},
                                                       {U_GCB_CR, 2},
                                                       {U_GCB_EXTEND, 3},
                                                       {U_GCB_L, 4},
                                                       {U_GCB_LF, 5},
                                                       {U_GCB_LV, 6},
                                                       {U_GCB_LVT, 7},
                                                       {U_GCB_T, 8},
                                                       {U_GCB_V, 9},
                                                       {U_GCB_SPACING_MARK, 10},
                                                       {U_GCB_PREPEND, 11},
                                                       {U_GCB_REGIONAL_INDICATOR, 12},
                                                       {U_GCB_ZWJ, 13}};
  const std::map<int32_t, uint32_t> word_breaks = {{U_WB_OTHER, 0},
                                                   {U_WB_ALETTER, 1},
                                                   {U_WB_FORMAT, 2},
                                                   {U_WB_KATAKANA, 3},
                                                   {U_WB_MIDLETTER, 4},
                                                   {U_WB_MIDNUM, 5},
                                                   {U_WB_NUMERIC, 6},
                                                   {U_WB_EXTENDNUMLET, 7},
                                                   {U_WB_CR, 8},
                                                   {U_WB_EXTEND, 9},
                                                   {U_WB_LF, 10},
                                                   {U_WB_MIDNUMLET, 11},
                                                   {U_WB_NEWLINE, 12},
                                                   {U_WB_REGIONAL_INDICATOR, 13},
                                                   {U_WB_HEBREW_LETTER, 14},
                                                   {U_WB_SINGLE_QUOTE, 15},
                                                   {U_WB_DOUBLE_QUOTE, 16},
                                                   {U_WB_ZWJ, 17},
                                                   {U_WB_WSEGSPACE, 18}};
  Kinds<std::array<uint32_t, 3>> kinds;
  for (UChar32 c = 0; c < kEnd; ++c) {
    uint32_t word = word_breaks.at(u_getIntPropertyValue(c, UCHAR_WORD_BREAK));
    if (dictionary.contains(c) || ideographic.contains(c)) word = 19;
    if (c == '@') word = 1;                                // a letter in mail addresses
    if (c == ':' || c == 0xFE55 || c == 0xFF1A) word = 0;  // CLDR's letters do not go on after a colon
    kinds.Add({grapheme_breaks.at(u_getIntPropertyValue(c, UCHAR_GRAPHEME_CLUSTER_BREAK)), word,
               (pictographic.contains(c) ? 1u : 0u) | (consonant.contains(c) ? 2u : 0u) |
                   (virama.contains(c) ? 4u : 0u) | (link.contains(c) ? 8u : 0u)});
  }
  std::string rows = "\nconstexpr Boundaries kBoundaryKinds[] = {\n";
  for (const auto& [grapheme, word, flags] : kinds.rows) {
    rows += "{GraphemeBreak{" + std::to_string(grapheme) + "},WordBreak{" + std::to_string(word) + "}," +
            std::to_string(flags) + "},\n";
  }
  total_bytes += 3 * kinds.rows.size();
  return rows + "};\n" + Map(kinds.Type(), "Boundary", kinds.numbers);
}

}  // namespace

int main() {
  const Normalizers normalizers = Normalizers::Get();
  const std::string tables = General() + Age() + Script() + Case() + NormalizationKinds(normalizers) +
                             Decompositions(normalizers) + Compositions(normalizers) + Boundaries();
  UVersionInfo version;
  u_getUnicodeVersion(version);
  std::printf(
      "// Tables of Unicode %d.%d, %zu bytes, written by tools/unicode/make_tables.cpp from ICU %s's data: do not edit.\n"
      "// The data is Unicode, Inc.'s, under the Unicode License that the file NOTICE has.\n%s",
      version[0], version[1], total_bytes, U_ICU_VERSION, tables.c_str());
  std::fprintf(stderr, "%-24s %7zu bytes\n", "all", total_bytes);
}
