#include <algorithm>
#include <map>
#include <utility>

#include "linear/linear_model.h"
#include "text/utf8.h"

namespace winnow {

std::vector<Contribution> LinearModel::Contributions(std::string_view text, size_t label) const {
  const bool of_two = labels() == 2 && !multi_label();
  const size_t output = of_two ? 0 : label;
  const double sign = of_two && label == 0 ? -1 : 1;
  const Vectorizer::Occurrences found = vectorizer().Find(text);
  Vectorizer::Scratch scratch;
  const Vectorizer::Row row = vectorizer().Weigh(text, scratch);
  std::map<int32_t, std::pair<double, size_t>>
      features;  // column -> its part of the score, and how often it stands there
  for (size_t i = 0; i < row.columns.size(); ++i) {
    const size_t weight = static_cast<size_t>(row.columns[i]) * outputs() + output;
    features[row.columns[i]].first = sign * static_cast<double>(row.values[i]) * static_cast<double>(weights()[weight]);
  }
  for (const Vectorizer::Occurrence& occurrence : found.occurrences) ++features[occurrence.column].second;

  std::map<size_t, Contribution> by_begin;
  const auto add = [&](size_t begin, size_t end, double share) {
    Contribution& contribution = by_begin[begin];
    contribution = {begin, std::max(end, contribution.end), contribution.share + share};
  };
  const bool words_too = vectorizer().options().analyzer == Analyzer::kBoth;
  for (const Vectorizer::Occurrence& occurrence : found.occurrences) {
    const auto [part, times] = features[occurrence.column];
    const double share = part / static_cast<double>(times) / static_cast<double>(occurrence.end - occurrence.first);
    for (size_t s = occurrence.first; s < occurrence.end; ++s) {
      const Vectorizer::Symbol& symbol = found.symbols[s];
      if (!symbol.is_word || !words_too) {
        add(symbol.begin, symbol.end, share);
        continue;
      }
      const std::string_view word = text.substr(0, symbol.end);
      double characters = 0;
      for (size_t i = symbol.begin; i < symbol.end; ++characters) NextCodePoint(word, i);
      for (size_t i = symbol.begin; i < symbol.end;) {
        const size_t begin = i;
        NextCodePoint(word, i);
        add(begin, i, share / characters);
      }
    }
  }
  std::vector<Contribution> contributions;
  for (const auto& [begin, contribution] : by_begin) contributions.push_back(contribution);
  return contributions;
}

}  // namespace winnow
