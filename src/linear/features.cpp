#include "linear/features.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "linear/feature_block.h"
#include "linear/feature_fit.h"
#include "linear/row_counter.h"

namespace winnow {
namespace {

/// Returns the weight of a count before idf.
float TermWeight(uint32_t count, bool sublinear) {
  if (!sublinear) return static_cast<float>(count);
  static const std::array<float, 256> of_small = [] {
    std::array<float, 256> weights{};
    for (size_t n = 1; n < weights.size(); ++n) weights[n] = static_cast<float>(1 + std::log(static_cast<double>(n)));
    return weights;
  }();
  return count < of_small.size() ? of_small[count] : static_cast<float>(1 + std::log(static_cast<double>(count)));
}

/// Makes a row's length 1, unless it is zero.
void Normalize(std::span<float> values) {
  double squares = 0;
  for (const float v : values) squares += static_cast<double>(v) * static_cast<double>(v);
  if (squares == 0) return;
  const auto scale = static_cast<float>(1 / std::sqrt(squares));
  for (float& v : values) v *= scale;
}

/// The TF-IDF rows of the texts that `blocks` were fitted to. Columns of the second block come after `second_begin`.
SparseRows RowsOf(std::span<const FittedBlock> blocks, size_t texts, size_t second_begin, std::span<const float> idf,
                  const FeatureOptions& options, ThreadPool& pool) {
  SparseRows rows;
  rows.num_columns = idf.size();
  rows.begins.resize(texts + 1);
  for (const FittedBlock& block : blocks) {
    for (const CountedRows& part : block.parts) {
      for (size_t t = part.begin; t < part.end; ++t) rows.begins[t + 1] += part.sizes[t - part.begin];
    }
  }
  for (size_t t = 0; t < texts; ++t) rows.begins[t + 1] += rows.begins[t];
  rows.columns.resize(rows.begins.back());
  rows.values.resize(rows.begins.back());
  pool.Run([&](int thread) {
    const auto p = static_cast<size_t>(thread);
    std::array<size_t, 2> from = {0, 0};  // in each block's entries
    for (size_t t = blocks[0].parts[p].begin; t < blocks[0].parts[p].end; ++t) {
      size_t to = rows.begins[t];
      for (size_t b = 0; b < blocks.size(); ++b) {
        const CountedRows& part = blocks[b].parts[p];
        const size_t size = part.sizes[t - part.begin];
        const auto offset = static_cast<int32_t>(b == 0 ? 0 : second_begin);
        for (size_t i = 0; i < size; ++i) {
          const int32_t column = part.columns[from[b] + i] + offset;
          rows.columns[to + i] = column;
          rows.values[to + i] =
              TermWeight(part.counts[from[b] + i], options.sublinear) * idf[static_cast<size_t>(column)];
        }
        if (options.normalize) Normalize(std::span(rows.values).subspan(to, size));
        from[b] += size;
        to += size;
      }
    }
  });
  return rows;
}

}  // namespace

struct Vectorizer::Parts {
  FeatureOptions options;
  StringPool names;
  size_t word_features = 0;  // with kBoth
  std::vector<float> idf;
  std::vector<FeatureBlock> blocks;

  /// The first column of block b; of one past the last, the number of columns.
  size_t begin(size_t b) const { return b == 0 ? 0 : b < blocks.size() ? word_features : names.size(); }

  Result<void> BuildBlocks() {
    const std::vector<BlockOptions> all = BlocksOf(options);
    for (size_t b = 0; b < all.size(); ++b) {
      const size_t first = b == 0 ? 0 : word_features;
      const size_t end = b + 1 == all.size() ? names.size() : word_features;
      blocks.push_back(TRY(FeatureBlock::Build(all[b], names, first, end)));
    }
    return {};
  }
};

struct Vectorizer::Scratch::State {
  LoweredText lowered;
  SymbolRuns runs;
  RowCounter counter;
  std::vector<float> values;
};

Vectorizer::Scratch::Scratch() : state_(std::make_unique<State>()) {}
Vectorizer::Scratch::Scratch(Scratch&&) noexcept = default;
Vectorizer::Scratch& Vectorizer::Scratch::operator=(Scratch&&) noexcept = default;
Vectorizer::Scratch::~Scratch() = default;

Vectorizer::Vectorizer(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}

const FeatureOptions& Vectorizer::options() const { return parts_->options; }
size_t Vectorizer::features() const { return parts_->names.size(); }
size_t Vectorizer::word_features() const { return parts_->word_features; }
std::string_view Vectorizer::name(size_t feature) const { return parts_->names[feature]; }
std::span<const float> Vectorizer::idf() const { return parts_->idf; }

Result<void> CheckFeatureOptions(const FeatureOptions& options) {
  const int ranges[][2] = {{options.min_ngram, options.max_ngram}, {options.min_char_ngram, options.max_char_ngram}};
  for (size_t i = 0; i < (options.analyzer == Analyzer::kBoth ? 2 : 1); ++i) {
    const auto [least, most] = ranges[i];
    if (least < 1 || most < least || most > kMostNgram) {
      return Fail(ErrorCode::kInvalidArgument,
                  "an n-gram range of " + std::to_string(least) + " to " + std::to_string(most) + " is not valid",
                  "the first number must be at least 1, the second at least the first and at most " +
                      std::to_string(kMostNgram));
    }
  }
  if (options.shortest_word != 1 && options.shortest_word != 2) {
    return Fail(ErrorCode::kInvalidArgument,
                "the minimum length of a word must be 1 or 2, not " + std::to_string(options.shortest_word),
                "1 or 2 are supported");
  }
  if (options.max_features < 0) {
    return Fail(ErrorCode::kInvalidArgument, "max_features cannot be " + std::to_string(options.max_features),
                "0 keeps all features");
  }
  return {};
}

Result<FittedFeatures> Vectorizer::Fit(std::span<const std::string_view> texts, const FeatureOptions& options,
                                       ThreadPool& pool) {
  TRY(CheckFeatureOptions(options));
  std::vector<FittedBlock> blocks;
  for (const BlockOptions& block : BlocksOf(options)) {
    blocks.push_back(TRY(FitBlock(texts, block, options.lowercase, static_cast<size_t>(options.max_features), pool)));
  }
  auto parts = std::make_shared<Parts>();
  parts->options = options;
  parts->names = std::move(blocks[0].names);
  if (blocks.size() > 1) {
    parts->word_features = parts->names.size();
    for (size_t i = 0; i < blocks[1].names.size(); ++i) parts->names.Add(blocks[1].names[i]);
  }
  if (parts->names.size() == 0) {
    return Fail(ErrorCode::kInvalidData, "the " + std::to_string(texts.size()) + " texts have no features at all",
                "words have at least two characters; try shorter n-grams or the analyzer char");
  }
  // Smooth idf, as if one more text held every feature.
  for (const FittedBlock& block : blocks) {
    for (const uint32_t frequency : block.document_frequencies) {
      const double ratio = (1 + static_cast<double>(texts.size())) / (1 + static_cast<double>(frequency));
      parts->idf.push_back(static_cast<float>(std::log(ratio) + 1));
    }
  }
  TRY(parts->BuildBlocks());
  SparseRows rows = RowsOf(blocks, texts.size(), parts->word_features, parts->idf, options, pool);
  return FittedFeatures{Vectorizer(std::move(parts)), std::move(rows)};
}

Result<Vectorizer> Vectorizer::FromParts(const FeatureParts& given) {
  StringPool names;
  for (const std::string& name : given.names) names.Add(name);
  return FromPool(given.options, std::move(names), given.word_features, given.idf);
}

Result<Vectorizer> Vectorizer::FromPool(const FeatureOptions& options, StringPool names, size_t word_features,
                                        std::vector<float> idf) {
  TRY(CheckFeatureOptions(options));
  const size_t features = names.size();
  const bool both = options.analyzer == Analyzer::kBoth;
  if (features > INT32_MAX || idf.size() != features || word_features > (both ? features : 0)) {
    return Fail(ErrorCode::kInvalidModel, "got " + std::to_string(idf.size()) + " IDF weights for " +
                                              std::to_string(features) + " features (" + std::to_string(word_features) +
                                              " of them word features)");
  }
  for (size_t i = 0; i < features; ++i) {
    if (!std::isfinite(idf[i])) {
      return Fail(ErrorCode::kInvalidModel, "feature '" + std::string(names[i]) + "' has an idf that is not a number");
    }
  }
  auto parts = std::make_shared<Parts>();
  parts->options = options;
  parts->names = std::move(names);
  parts->word_features = word_features;
  parts->idf = std::move(idf);
  TRY(parts->BuildBlocks());
  return Vectorizer(std::move(parts));
}

FeatureParts Vectorizer::ToParts() const {
  FeatureParts parts{options(), {}, word_features(), parts_->idf};
  parts.names.reserve(features());
  for (size_t i = 0; i < features(); ++i) parts.names.emplace_back(name(i));
  return parts;
}

Vectorizer::Row Vectorizer::Weigh(std::string_view text, Scratch& scratch, bool sorted) const {
  Scratch::State& state = *scratch.state_;
  RowCounter& counter = state.counter;
  counter.Resize(features());
  state.lowered.Set(text, options().lowercase);
  std::array<size_t, 3> ends = {};
  for (size_t b = 0; b < parts_->blocks.size(); ++b) {
    const FeatureBlock& block = parts_->blocks[b];
    const auto offset = static_cast<int32_t>(parts_->begin(b));
    block.Read(state.lowered.text(), state.runs);
    block.Walk(state.runs, [&](int32_t feature, size_t, size_t) { counter.Add(feature + offset); });
    ends[b + 1] = counter.size();
  }
  if (sorted) counter.Sort();  // the first block's columns stay before the second's
  const std::span<const int32_t> columns = counter.columns();
  if (state.values.size() < columns.size()) state.values.resize(columns.size() * 2);
  const std::span<float> values = std::span(state.values).first(columns.size());
  for (size_t i = 0; i < columns.size(); ++i) {
    values[i] =
        TermWeight(counter.count(columns[i]), options().sublinear) * parts_->idf[static_cast<size_t>(columns[i])];
  }
  for (size_t b = 0; b < parts_->blocks.size() && options().normalize; ++b) {
    Normalize(values.subspan(ends[b], ends[b + 1] - ends[b]));
  }
  return {columns, values};
}

SparseRows Vectorizer::Transform(std::span<const std::string_view> texts, ThreadPool& pool) const {
  std::vector<SparseRows> parts(static_cast<size_t>(pool.size()));
  pool.ForRanges(texts.size(), 1, [&](size_t begin, size_t end, int thread) {
    SparseRows& rows = parts[static_cast<size_t>(thread)];
    Scratch scratch;
    for (size_t t = begin; t < end; ++t) {
      const Row row = Weigh(texts[t], scratch, /*sorted=*/true);
      rows.columns.insert(rows.columns.end(), row.columns.begin(), row.columns.end());
      rows.values.insert(rows.values.end(), row.values.begin(), row.values.end());
      rows.begins.push_back(rows.columns.size());
    }
  });
  SparseRows all = std::move(parts[0]);
  all.num_columns = features();
  for (size_t p = 1; p < parts.size(); ++p) {
    const size_t before = all.columns.size();
    all.columns.insert(all.columns.end(), parts[p].columns.begin(), parts[p].columns.end());
    all.values.insert(all.values.end(), parts[p].values.begin(), parts[p].values.end());
    for (size_t r = 1; r < parts[p].begins.size(); ++r) all.begins.push_back(before + parts[p].begins[r]);
  }
  return all;
}

Vectorizer::Occurrences Vectorizer::Find(std::string_view text) const {
  Occurrences found;
  TextOrigins origins;
  LoweredText lowered;
  lowered.Set(text, options().lowercase, &origins);
  for (size_t b = 0; b < parts_->blocks.size(); ++b) {
    const FeatureBlock& block = parts_->blocks[b];
    SymbolRuns runs;
    std::vector<SymbolPlace> places;
    block.Read(lowered.text(), runs, &places);
    const size_t first_symbol = found.symbols.size();
    const bool is_word = b == 0 && (options().analyzer == Analyzer::kWord || options().analyzer == Analyzer::kBoth);
    for (const SymbolPlace& place : places) {
      found.symbols.push_back({origins.begins[place.begin], origins.ends[place.end - 1], is_word});
    }
    block.Walk(runs, [&](int32_t feature, size_t first, size_t end) {
      found.occurrences.push_back(
          {feature + static_cast<int32_t>(parts_->begin(b)), first_symbol + first, first_symbol + end});
    });
  }
  return found;
}

}  // namespace winnow
