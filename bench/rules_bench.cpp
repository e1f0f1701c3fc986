// Rules of the message filter on short messages: the built-in rules, and 200 and 1,000 rules of two words each. The
// words are neighbours in examples/data/messages.tsv, so that rules hit as often as in messages of their language. Run
// it in the root of the checkout:
//
//   build/release/bench/rules_bench
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "base/machine.h"
#include "filter/rule_set.h"

namespace {

using namespace winnow;

std::vector<FilterMessage> Messages() {
  std::ifstream file("examples/data/messages.tsv");
  std::vector<FilterMessage> messages;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) messages.emplace_back().text = line.substr(line.find('\t') + 1);
  if (messages.empty()) {
    std::fprintf(stderr, "examples/data/messages.tsv cannot be read; run this program in the root of the checkout\n");
    std::exit(1);
  }
  return messages;
}

bool IsWord(const std::string& text) {
  return text.size() > 1 && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos;
}

/// `count` rules for pairs of neighbouring words; every fourth one folds obfuscations if `fold` is true.
RuleSet::Pointer PairRules(const std::vector<FilterMessage>& messages, size_t count, bool fold) {
  std::set<std::pair<std::string, std::string>> pairs;
  for (const FilterMessage& message : messages) {
    std::istringstream words(message.text);
    std::string last;
    for (std::string word; words >> word; last = word) {
      if (IsWord(last) && IsWord(word) && pairs.size() < count) pairs.emplace(last, word);
    }
  }
  std::string file;
  for (const auto& [first, second] : pairs) {
    file += fmt::format("[[rule]]\nname = \"R{}\"\nscore = 1\npattern = '(?i)\\b{}\\W+{}\\b'\nfold = {}\n", file.size(),
                        first, second, fold && first.size() % 4 == 0);
  }
  return RuleSet::Parse(file, "pairs").value();
}

void Evaluate(benchmark::State& state, const RuleSet::Pointer& rules, const std::vector<FilterMessage>& messages) {
  size_t at = 0, symbols = 0;
  for (auto _ : state) {
    symbols += rules->Evaluate(messages[at]).symbols.size();
    at = at + 1 < messages.size() ? at + 1 : 0;
  }
  state.counters["rules"] = static_cast<double>(rules->rules().size());
  state.counters["symbols"] = benchmark::Counter(static_cast<double>(symbols), benchmark::Counter::kAvgIterations);
}

}  // namespace

int main(int argc, char** argv) {
  std::printf("%s, one thread, winnow %s\n", CpuName().c_str(), WINNOW_VERSION);
  const std::vector<FilterMessage> messages = Messages();
  const auto add = [&](const std::string& name, RuleSet::Pointer rules) {
    benchmark::RegisterBenchmark(name.c_str(), [rules, &messages](benchmark::State& state) {
      Evaluate(state, rules, messages);
    })->Unit(benchmark::kMicrosecond);
  };
  add("built-in", RuleSet::LoadBuiltIn().value());
  for (const size_t count : {size_t{200}, size_t{1000}}) {
    add(fmt::format("pairs/{}", count), PairRules(messages, count, false));
    add(fmt::format("pairs/{}/fold", count), PairRules(messages, count, true));
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
