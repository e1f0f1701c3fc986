/// The regular expressions that tokenizer files usually have, matched by code of our own: where there is no ICU, they
/// are the ones that can be used.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "text/pattern.h"

namespace winnow {

enum class KnownPattern : uint8_t {
  kGpt2,         ///< the words of GPT-2 and RoBERTa
  kLlama3,       ///< the words of cl100k_base and Llama 3: numbers in groups of three digits
  kQwen2,        ///< as kLlama3, with each digit by itself
  kNumber,       ///< \p{N}
  kNumbers3,     ///< \p{N}{1,3}
  kDigit,        ///< \d
  kDigits,       ///< \d+
  kDigits3,      ///< \d{1,3}
  kSpace,        ///< \s
  kSpaces,       ///< \s+
  kTwoSpaces,    ///< two spaces or more: " {2,}"
  kSpacesLines,  ///< \s{2,}|[\n\r\t]
};

/// Returns the pattern that is written as `regex`, or nothing.
std::optional<KnownPattern> FindKnownPattern(std::string_view regex);

/// Returns the matches of the pattern, which are those of Pattern::FindAll. Thread-safe.
std::vector<PatternMatch> FindAllOf(KnownPattern pattern, std::string_view text);

/// Returns the occurrences of `wanted`, from left to right, none overlapping. An empty text occurs nowhere.
/// Thread-safe.
std::vector<PatternMatch> FindAllOf(std::string_view wanted, std::string_view text);

}  // namespace winnow
