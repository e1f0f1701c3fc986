/// The campaign memory with a million entries: all spam of the real sets, and texts of 20 words drawn from the words of
/// these sets as often as they occur there. Prints the time of a look-up and of a correction, the recall of texts of 20
/// words of which one to three were replaced, and the share of the real ham that is taken for a near-duplicate of spam.
///
///     build/bench/bench/campaign_bench ../shared/data [ENTRIES]
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "data/dataset.h"
#include "feedback/campaign_memory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct Texts {
  std::vector<std::string> spam, ham;
};

Texts Read(const fs::path& file, const std::string& pattern) {
  ReadReport report;
  const Dataset data = ReadDataset(std::span(&file, 1), {.template_text = pattern}, report).value();
  Texts texts;
  for (const Example& example : data.examples)
    (data.labels.names[static_cast<size_t>(example.labels[0])] == "spam" ? texts.spam : texts.ham)
        .push_back(example.text);
  return texts;
}

std::vector<std::string> WordsOf(const std::string& text) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find_first_of(" \t\r\n", begin), text.size());
    if (end > begin) words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

FeedbackEvent Correction(std::string text) {
  FeedbackEvent event;
  event.text = std::move(text);
  event.is_spam = true;
  event.user_id = "root";
  event.feedback_type = "admin";
  event.created_at = StoreNow();
  return event;
}

/// The processor time of this thread, which other programs on the machine do not lengthen.
double CpuMicroseconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return 1e6 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_nsec);
}

double Microseconds(Clock::duration duration) { return std::chrono::duration<double, std::micro>(duration).count(); }

/// Looks all texts up, and prints the times and the number of hits.
std::vector<std::string> LookUp(const CampaignMemory& memory, const std::vector<std::string>& texts,
                                const std::string& name) {
  std::vector<double> times;
  std::vector<std::string> hits;
  double preparing = 0, cpu = 0, bytes = 0;
  for (const std::string& text : texts) {
    const double before = CpuMicroseconds();
    (void)PrepareCampaignText(text);
    preparing += CpuMicroseconds() - before;
    const Clock::time_point begin = Clock::now();
    const double middle = CpuMicroseconds();
    const bool hit = memory.Find(text, "reader", StoreNow()).has_value();
    cpu += CpuMicroseconds() - middle;
    times.push_back(Microseconds(Clock::now() - begin));
    bytes += static_cast<double>(text.size());
    if (hit) hits.push_back(text);
  }
  std::ranges::sort(times);
  const auto count = static_cast<double>(times.size());
  fmt::print(
      "{:<24} {:>5} texts of {:>6.0f} bytes  CPU {:>6.2f} us, of which folding {:>6.2f}  p50 {:>6.2f}  p99 {:>7.2f}  hits {}\n",
      name, texts.size(), bytes / count, cpu / count, preparing / count, times[times.size() / 2],
      times[times.size() * 99 / 100], hits.size());
  return hits;
}

void PrintHits(const std::vector<std::string>& hits) {
  for (size_t i = 0; i < std::min<size_t>(hits.size(), 5); ++i) fmt::print("    {:.100}\n", hits[i]);
}

/// Returns the texts with `changed` of their words replaced by other words.
std::vector<std::string> Changed(const std::vector<std::string>& texts, size_t changed,
                                 const std::vector<std::string>& vocabulary, Random& random) {
  std::vector<std::string> result;
  for (const std::string& text : texts) {
    std::vector<std::string> words = WordsOf(text);
    std::set<size_t> places;
    while (places.size() < changed) places.insert(random.Below(static_cast<uint32_t>(words.size())));
    for (const size_t place : places) words[place] = vocabulary[random.Below(static_cast<uint32_t>(vocabulary.size()))];
    result.push_back(Joined(words));
  }
  return result;
}

void Run(const fs::path& shared, size_t entries) {
  const Texts sms = Read(shared / "sms_spam/SMSSpamCollection", "");
  const Texts mail = Read(shared / "enron_spam/enron1.tsv.gz", "{subject}\n{body}");
  std::vector<std::string> vocabulary, twenty;
  for (const auto* texts : {&sms.spam, &sms.ham, &mail.spam, &mail.ham}) {
    for (const std::string& text : *texts) {
      std::vector<std::string> words = WordsOf(text);
      vocabulary.insert(vocabulary.end(), words.begin(), words.end());
      const bool is_spam = texts == &sms.spam || texts == &mail.spam;
      if (is_spam && words.size() >= 20) {
        words.resize(20);
        twenty.push_back(Joined(words));
      }
    }
  }
  Random random(1, "campaigns");
  CampaignMemory memory;
  const Clock::time_point begin = Clock::now();
  for (const std::vector<std::string>* texts : {&sms.spam, &mail.spam, &std::as_const(twenty)}) {
    for (const std::string& text : *texts) memory.Learn(Correction(text));
  }
  std::vector<double> learning;
  double cpu = 0;
  while (memory.size() < entries) {
    std::vector<std::string> words(20);
    for (std::string& word : words) word = vocabulary[random.Below(static_cast<uint32_t>(vocabulary.size()))];
    const FeedbackEvent event = Correction(Joined(words));
    const Clock::time_point before = Clock::now();
    const double cpu_before = CpuMicroseconds();
    memory.Learn(event);
    cpu = std::max(cpu, CpuMicroseconds() - cpu_before);
    learning.push_back(Microseconds(Clock::now() - before));
  }
  std::ranges::sort(learning);
  fmt::print(
      "{} entries in {:.1f} s, {:.0f} MB; a correction takes {:.1f} us (p50), {:.1f} us (p99), {:.2f} ms at most (CPU {:.2f} "
      "ms)\n",
      memory.size(), std::chrono::duration<double>(Clock::now() - begin).count(),
      static_cast<double>(memory.bytes()) / 1e6, learning[learning.size() / 2], learning[learning.size() * 99 / 100],
      learning.back() / 1e3, cpu / 1e3);
  PrintHits(LookUp(memory, sms.ham, "SMS ham"));
  PrintHits(LookUp(memory, mail.ham, "Enron ham"));
  LookUp(memory, sms.spam, "SMS spam, unchanged");
  size_t found = 0;
  for (size_t changed = 1; changed <= 3; ++changed)
    found +=
        LookUp(memory, Changed(twenty, changed, vocabulary, random), fmt::format("{} of 20 words changed", changed))
            .size();
  fmt::print("recall of 1 to 3 of 20 words changed: {:.2f} %\n",
             100 * static_cast<double>(found) / (3 * static_cast<double>(twenty.size())));
}

}  // namespace
}  // namespace winnow

int main(int argc, char** argv) {
  const std::filesystem::path shared = argc > 1 ? argv[1] : "../shared/data";
  winnow::Run(shared, argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1'000'000);
  return 0;
}
