// Linear models without their solver: what fitting spends on features, one text, and a batch. Real texts from
// WINNOW_SHARED or ../shared (SMS spam, CLINC150); 80 % of the messages, or CLINC150's own training texts, are fitted
// and the rest is scored by weights that are random, which costs what fitted ones do. bench/peers/linear.py prints
// scikit-learn's figures.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/machine.h"
#include "base/random.h"
#include "linear/linear_model.h"

namespace {

using namespace winnow;

struct Texts {
  std::vector<std::string> train, test;
  size_t labels = 2;
};

std::filesystem::path DataDirectory() {
  const char* given = std::getenv("WINNOW_SHARED");
  return std::filesystem::path(given != nullptr ? given : "../shared") / "data";
}

Texts ReadSms() {
  std::ifstream file(DataDirectory() / "sms_spam" / "SMSSpamCollection");
  std::set<std::string> unique;
  for (std::string line; std::getline(file, line);) unique.insert(line.substr(line.find('\t') + 1));
  std::vector<std::string> all(unique.begin(), unique.end());
  Random(1, "linear_bench").Shuffle(all);
  Texts texts;
  const auto cut = all.begin() + static_cast<std::ptrdiff_t>(all.size() * 4 / 5);
  texts.train.assign(all.begin(), cut);
  texts.test.assign(cut, all.end());
  return texts;
}

Texts ReadClinc() {
  Texts texts;
  std::ifstream file(DataDirectory() / "clinc150" / "data_full.json");
  const Result<Json> json = ParseJsonLeniently(std::string(std::istreambuf_iterator<char>(file), {}));
  if (!json) return texts;
  for (const Json& pair : (*json)["train"]) texts.train.push_back(pair[0].get<std::string>());
  for (const Json& pair : (*json)["test"]) texts.test.push_back(pair[0].get<std::string>());
  texts.labels = 150;
  return texts;
}

std::vector<std::string_view> Views(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

/// One data set with one set of options, and a model of it.
struct Case {
  std::string name;
  Texts texts;
  FeatureOptions options;
};

LinearModel ModelOf(const Case& c) {
  ThreadPool pool(0);
  auto fitted = *Vectorizer::Fit(Views(c.texts.train), c.options, pool);
  const size_t outputs = c.texts.labels == 2 ? 1 : c.texts.labels, features = fitted.vectorizer.features();
  LinearWeights weights{features, outputs, std::vector<float>(features * outputs), std::vector<float>(outputs)};
  Random random(1);
  for (float& weight : weights.weights) weight = static_cast<float>(random.Uniform() - 0.5);
  return *LinearModel::Make(std::move(fitted.vectorizer), std::move(weights), LinearKind::kLogistic, c.texts.labels,
                            false);
}

void FitFeatures(benchmark::State& state, const Case& c) {
  ThreadPool pool(static_cast<int>(state.range(0)));
  const std::vector<std::string_view> texts = Views(c.texts.train);
  for (auto _ : state) benchmark::DoNotOptimize(Vectorizer::Fit(texts, c.options, pool));
}

void OneText(benchmark::State& state, const Case& c) {
  const LinearModel model = ModelOf(c);
  LinearModel::Scratch scratch;
  std::vector<float> logits(model.labels());
  size_t i = 0;
  for (auto _ : state) {
    model.Logits(c.texts.test[i], scratch, logits);
    benchmark::DoNotOptimize(logits.data());
    i = i + 1 == c.texts.test.size() ? 0 : i + 1;
  }
}

void Batch(benchmark::State& state, const Case& c) {
  const LinearModel model = ModelOf(c);
  ThreadPool pool(static_cast<int>(state.range(0)));
  const std::vector<std::string_view> texts = Views(c.texts.test);
  std::vector<float> logits(texts.size() * model.labels());
  for (auto _ : state) model.Logits(texts, pool, logits);
  state.SetItemsProcessed(static_cast<int64_t>(texts.size()) * state.iterations());
}

void Load(benchmark::State& state, const Case& c) {
  const std::filesystem::path file = std::filesystem::temp_directory_path() / "linear_bench.bin";
  if (!ModelOf(c).Save(file)) return state.SkipWithError("can't write the model");
  for (auto _ : state) benchmark::DoNotOptimize(LinearModel::Load(file));
  state.counters["bytes"] = static_cast<double>(std::filesystem::file_size(file));
  std::filesystem::remove(file);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const Texts sms = ReadSms(), clinc = ReadClinc();
  const FeatureOptions words{}, characters{.analyzer = Analyzer::kChar, .max_ngram = 5},
      all_characters{.analyzer = Analyzer::kChar, .max_ngram = 5, .max_features = 0};
  const std::vector<Case> cases = {{"sms/word1-3_10k", sms, words},
                                   {"sms/char1-5_10k", sms, characters},
                                   {"sms/char1-5", sms, all_characters},
                                   {"clinc/word1-3_10k", clinc, words},
                                   {"clinc/char1-5_10k", clinc, characters}};
  std::printf("%s (%s)\n", std::string(CpuName()).c_str(), std::string(CpuExtensions()).c_str());
  for (const Case& c : cases) {
    if (c.texts.train.empty()) {
      std::printf("skipped: %s is not here (WINNOW_SHARED names its directory)\n", c.name.c_str());
      continue;
    }
    const auto add = [&](const std::string& what, auto* function) {
      return benchmark::RegisterBenchmark((what + "/" + c.name).c_str(),
                                          [function, &c](benchmark::State& state) { function(state, c); });
    };
    add("FitFeatures", FitFeatures)
        ->Arg(1)
        ->Arg(2)
        ->UseRealTime()
        ->MeasureProcessCPUTime()
        ->Unit(benchmark::kMillisecond);
    add("OneText", OneText)->Unit(benchmark::kMicrosecond);
    add("Batch", Batch)->Arg(1)->Arg(2)->UseRealTime()->MeasureProcessCPUTime()->Unit(benchmark::kMillisecond);
    add("Load", Load)->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
