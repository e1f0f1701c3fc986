#include <algorithm>
#include <map>
#include <utility>

#include "linear/linear_model.h"
#include "text/utf8.h"

namespace winnow {

std::vector<TextPiece> LinearModel::Pieces(std::string_view text) const {
  const Vectorizer::Occurrences found = vectorizer().Find(text);
  Vectorizer::Scratch scratch;
  const Vectorizer::Row row = vectorizer().Weigh(text, scratch);
  std::map<int32_t, std::pair<double, size_t>> features;  // column -> its value, and how often it stands there
  for (size_t i = 0; i < row.columns.size(); ++i) features[row.columns[i]].first = static_cast<double>(row.values[i]);
  for (const Vectorizer::Occurrence& occurrence : found.occurrences) ++features[occurrence.column].second;

  std::map<size_t, TextPiece> by_begin;
  const auto add = [&](size_t begin, size_t end, int32_t column, double part) {
    TextPiece& piece = by_begin[begin];
    piece.begin = begin;
    piece.end = std::max(end, piece.end);
    if (!piece.parts.empty() && piece.parts.back().column == column) {
      piece.parts.back().value += static_cast<float>(part);
    } else {
      piece.parts.push_back({column, static_cast<float>(part)});
    }
  };
  const bool words_too = vectorizer().options().analyzer == Analyzer::kBoth;
  for (const Vectorizer::Occurrence& occurrence : found.occurrences) {
    const auto [value, times] = features[occurrence.column];
    const double part = value / static_cast<double>(times) / static_cast<double>(occurrence.end - occurrence.first);
    for (size_t s = occurrence.first; s < occurrence.end; ++s) {
      const Vectorizer::Symbol& symbol = found.symbols[s];
      if (!symbol.is_word || !words_too) {
        add(symbol.begin, symbol.end, occurrence.column, part);
        continue;
      }
      const std::string_view word = text.substr(0, symbol.end);
      double characters = 0;
      for (size_t i = symbol.begin; i < symbol.end; ++characters) NextCodePoint(word, i);
      for (size_t i = symbol.begin; i < symbol.end;) {
        const size_t begin = i;
        NextCodePoint(word, i);
        add(begin, i, occurrence.column, part / characters);
      }
    }
  }
  std::vector<TextPiece> pieces;
  for (auto& [begin, piece] : by_begin) pieces.push_back(std::move(piece));
  return pieces;
}

void LinearModel::AddScores(const TextPiece& piece, double factor, std::span<double> scores) const {
  for (const TextPiece::Part& part : piece.parts) {
    const float* const of_column = weights().data() + static_cast<size_t>(part.column) * outputs();
    for (size_t output = 0; output < outputs(); ++output) {
      scores[output] += factor * static_cast<double>(part.value) * static_cast<double>(of_column[output]);
    }
  }
}

std::vector<Contribution> LinearModel::Contributions(std::span<const TextPiece> pieces, size_t label) const {
  const bool of_two = labels() == 2 && !multi_label();
  const size_t output = of_two ? 0 : label;
  const double sign = of_two && label == 0 ? -1 : 1;
  std::vector<Contribution> contributions;
  contributions.reserve(pieces.size());
  for (const TextPiece& piece : pieces) {
    double share = 0;
    for (const TextPiece::Part& part : piece.parts) {
      share += static_cast<double>(part.value) *
               static_cast<double>(weights()[static_cast<size_t>(part.column) * outputs() + output]);
    }
    contributions.push_back({piece.begin, piece.end, sign * share});
  }
  return contributions;
}

std::vector<Contribution> LinearModel::Contributions(std::string_view text, size_t label) const {
  return Contributions(Pieces(text), label);
}

}  // namespace winnow
