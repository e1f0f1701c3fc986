#include "data/synthetic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string_view>

#include "base/ascii.h"
#include "base/random.h"
#include "data/new_texts.h"
#include "text/segments.h"

namespace winnow {
namespace {

/// A text that is already there is generated again up to this number of times.
constexpr int kAttempts = 16;

/// Names of the labels "spam" and "ham" in public data sets, in lower case and with spaces.
constexpr std::array<std::string_view, 3> kSpamNames = {"spam", "junk", "is spam"};
constexpr std::array<std::string_view, 9> kHamNames = {"ham",     "not spam", "notspam",    "non spam", "nonspam",
                                                       "no spam", "legit",    "legitimate", "not junk"};

/// The name in lower case, "spam" or "ham" for any of their names.
std::string Canonical(std::string_view name) {
  std::string lower = LowerAscii(name);
  for (char& c : lower) c = c == '_' || c == '-' ? ' ' : c;
  if (std::ranges::find(kSpamNames, lower) != kSpamNames.end()) return "spam";
  if (std::ranges::find(kHamNames, lower) != kHamNames.end()) return "ham";
  return lower;
}

std::unexpected<Error> DoesNotFit(const std::string& reason) { return Fail(ErrorCode::kUnsupported, reason); }

}  // namespace

Result<std::vector<int32_t>> LabelsOfGrammar(const Grammar& grammar, const Dataset& dataset) {
  if (dataset.multi_label) return DoesNotFit("the data is multi-label");
  std::vector<std::string> names;
  for (const std::string& name : dataset.labels.names) names.push_back(Canonical(name));
  std::vector<int32_t> ids;
  for (const std::string& label : grammar.labels()) {
    const auto found = std::ranges::find(names, Canonical(label));
    if (found == names.end()) continue;
    const auto id = static_cast<int32_t>(found - names.begin());
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
  }
  if (ids.size() != grammar.labels().size() || ids.size() != names.size()) {
    return DoesNotFit(fmt::format("the labels of the data are {}, and those of the grammar are {}",
                                  SomeNames(dataset.labels.names), SomeNames(grammar.labels())));
  }
  const auto has_segments = [](const Example& example) {
    return example.text.find(kSegmentSeparator) != std::string::npos;
  };
  if (std::ranges::any_of(dataset.examples, has_segments)) return DoesNotFit("the texts have several segments");
  return ids;
}

std::vector<Example> SyntheticTexts(const Grammar& grammar, const std::vector<int32_t>& label_ids,
                                    const std::string& file, const Dataset& dataset, const SyntheticOptions& options,
                                    SyntheticReport& report, std::span<const Dataset* const> held_out) {
  report = {.sources = dataset.examples.size()};
  NewTexts new_texts(dataset, held_out);
  std::vector<Example> made;
  const size_t labels = grammar.labels().size();
  const auto wanted = static_cast<size_t>(std::llround(options.share * static_cast<double>(report.sources)));
  for (size_t label = 0; label < labels; ++label) {
    const std::string& name = grammar.labels()[label];
    std::vector<size_t> order(grammar.TemplateCount(label));
    std::iota(order.begin(), order.end(), size_t{0});
    Random(options.seed, "synthetic order " + name).Shuffle(order);
    report.templates += order.size();
    const size_t count = (wanted + labels - 1 - label) / labels;  // the first labels get the remainder
    size_t taken = 0;
    for (size_t i = 0; i < count; ++i) {
      Random random(options.seed, fmt::format("synthetic {} {}", name, i));
      for (int attempt = 0; attempt < kAttempts; ++attempt) {
        // A message template that has nothing new to say is followed by the next one.
        const size_t index = order[(i + static_cast<size_t>(attempt) / 2) % order.size()];
        std::string text = grammar.Expand(label, index, random);
        if (new_texts.Take(text) != NewTexts::Verdict::kNew) continue;
        made.push_back({std::move(text), {label_ids[label]}, file, grammar.LineOf(label, index)});
        ++taken;
        break;
      }
    }
    report.missing += count - taken;
    report.made_of.emplace_back(name, taken);
  }
  report.made = made.size();
  return made;
}

std::string SyntheticReport::Text() const {
  std::string text = fmt::format("synthetic texts: {} for {} training texts", made, sources);
  std::string_view between = ": ";
  for (const auto& [label, count] : made_of) {
    text += fmt::format("{}{} {}", between, count, label);
    between = ", ";
  }
  text += fmt::format("; {} message templates", templates);
  if (missing > 0)
    text += fmt::format("; {} fewer than requested, because the grammar cannot generate more different texts", missing);
  return text + "\n";
}

}  // namespace winnow
