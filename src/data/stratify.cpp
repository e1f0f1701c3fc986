// Stratified splits in whole numbers: shares are millionths, so that no rounding of floats can differ between
// platforms.

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "data/random.h"
#include "data/split.h"

namespace winnow {
namespace {

constexpr int64_t kWhole = 1'000'000;
constexpr size_t kTrain = 0;
constexpr size_t kValidation = 1;
constexpr size_t kTest = 2;
constexpr size_t kParts = 3;

using Shares = std::array<int64_t, kParts>;

size_t PartsWanted(const Shares& shares) {
  return static_cast<size_t>(std::ranges::count_if(shares, [](int64_t share) { return share > 0; }));
}

std::vector<std::vector<size_t>> ExamplesByLabel(const Dataset& dataset) {
  std::vector<std::vector<size_t>> by_label(dataset.labels.size());
  for (size_t i = 0; i < dataset.examples.size(); ++i) {
    for (const int32_t id : dataset.examples[i].labels) by_label[static_cast<size_t>(id)].push_back(i);
  }
  return by_label;
}

/// How many texts of each class go to the held-out part of `share`: the floor of its quota, one more for the largest
/// remainders until the part's total is met, and at least one.
std::vector<size_t> Quotas(const std::vector<std::vector<size_t>>& classes, int64_t share, size_t smallest) {
  std::vector<size_t> quotas(classes.size(), 0);
  std::vector<std::pair<int64_t, size_t>> remainders;
  int64_t exact = 0;
  int64_t given = 0;
  for (size_t c = 0; c < classes.size(); ++c) {
    if (classes[c].size() < smallest) continue;
    const int64_t quota = static_cast<int64_t>(classes[c].size()) * share;
    exact += quota;
    given += quota / kWhole;
    quotas[c] = static_cast<size_t>(quota / kWhole);
    remainders.emplace_back(quota % kWhole, c);
  }
  std::ranges::stable_sort(remainders, std::greater<>(), [](const auto& entry) { return entry.first; });
  const int64_t total = (exact + kWhole / 2) / kWhole;
  for (const auto& [remainder, c] : remainders) {
    if (given >= total) break;
    ++quotas[c];
    ++given;
  }
  for (const auto& [remainder, c] : remainders) quotas[c] = std::max<size_t>(quotas[c], 1);
  return quotas;
}

/// Takes a held-out text of each class of three texts back, so that two remain for training, as many as of a class of
/// two texts. It is the validation text; but if no other class has validation texts, as many of these classes as the
/// part's share asks for, drawn at random, have a validation text in place of a test text.
void KeepTwoForTraining(const std::vector<std::vector<size_t>>& classes, int64_t share, uint64_t seed,
                        std::vector<size_t>& validation, std::vector<size_t>& test) {
  std::vector<size_t> small;
  size_t others = 0;
  for (size_t c = 0; c < classes.size(); ++c) {
    if (classes[c].size() == kParts) {
      small.push_back(c);
    } else {
      others += validation[c];
    }
  }
  size_t validated = 0;
  if (others == 0) {
    if (small.size() < 2) return;  // one part would be empty
    const auto wanted =
        static_cast<size_t>((static_cast<int64_t>(small.size() * kParts) * share + kWhole / 2) / kWhole);
    validated = std::clamp<size_t>(wanted, 1, small.size() - 1);
    SplitMix64 random(seed);
    random.Shuffle(std::span(small));
  }
  for (size_t i = 0; i < small.size(); ++i) (i < validated ? test : validation)[small[i]] = 0;
}

std::vector<size_t> SplitSingle(const Dataset& dataset, const Shares& shares, uint64_t seed, Split& split) {
  std::vector<std::vector<size_t>> classes = ExamplesByLabel(dataset);
  const size_t smallest = PartsWanted(shares);
  std::array<std::vector<size_t>, kParts> quotas;
  for (const size_t part : {kValidation, kTest}) {
    if (shares[part] > 0) {
      quotas[part] = Quotas(classes, shares[part], smallest);
    } else {
      quotas[part].assign(classes.size(), 0);
    }
  }
  if (smallest == kParts) {
    KeepTwoForTraining(classes, shares[kValidation], seed, quotas[kValidation], quotas[kTest]);
  }
  std::vector<size_t> part_of(dataset.examples.size(), kTrain);
  for (size_t c = 0; c < classes.size(); ++c) {
    if (classes[c].empty()) continue;
    if (classes[c].size() < smallest) {
      split.training_only.push_back(dataset.labels.names[c]);
      continue;
    }
    // A class has a stream of its own, so that its split does not hang on the other classes.
    SplitMix64 random(seed ^ SplitMix64(c).Next());
    random.Shuffle(std::span(classes[c]));
    while (quotas[kValidation][c] + quotas[kTest][c] >= classes[c].size()) {
      --quotas[quotas[kValidation][c] > quotas[kTest][c] ? kValidation : kTest][c];
    }
    size_t next = 0;
    for (const size_t part : {kTest, kValidation}) {
      for (size_t i = 0; i < quotas[part][c]; ++i) part_of[classes[c][next++]] = part;
    }
  }
  return part_of;
}

/// Sechidis, Tsoumakas, Vlahavas (2011), "On the stratification of multi-label data": the label with the fewest texts
/// left goes first; each of its texts goes to the part that still wants most of that label, then most texts at all.
class IterativeStratifier {
 public:
  IterativeStratifier(const Dataset& dataset, const Shares& shares, uint64_t seed)
      : dataset_(dataset),
        shares_(shares),
        random_(seed),
        by_label_(ExamplesByLabel(dataset)),
        part_of_(dataset.examples.size(), kNone),
        left_(by_label_.size()) {
    for (size_t label = 0; label < by_label_.size(); ++label) {
      const auto count = static_cast<int64_t>(by_label_[label].size());
      left_[label] = by_label_[label].size();
      random_.Shuffle(std::span(by_label_[label]));
      for (size_t part = 0; part < kParts; ++part) label_wish_[part].push_back(count * shares[part]);
    }
    for (size_t part = 0; part < kParts; ++part) {
      wish_[part] = static_cast<int64_t>(dataset.examples.size()) * shares[part];
    }
  }

  std::vector<size_t> Run(Split& split) {
    for (size_t label = 0; label < by_label_.size(); ++label) {
      if (by_label_[label].empty() || by_label_[label].size() >= PartsWanted(shares_)) continue;
      split.training_only.push_back(dataset_.labels.names[label]);
      for (const size_t i : by_label_[label]) Assign(i, kTrain);
    }
    for (;;) {
      size_t rarest = by_label_.size();
      for (size_t label = 0; label < left_.size(); ++label) {
        if (left_[label] > 0 && (rarest == by_label_.size() || left_[label] < left_[rarest])) rarest = label;
      }
      if (rarest == by_label_.size()) break;
      for (const size_t i : by_label_[rarest]) {
        if (part_of_[i] == kNone) {
          Assign(i, Neediest([&](size_t part) { return std::pair(label_wish_[part][rarest], wish_[part]); }));
        }
      }
    }
    std::vector<size_t> unlabelled;
    for (size_t i = 0; i < part_of_.size(); ++i) {
      if (part_of_[i] == kNone) unlabelled.push_back(i);
    }
    random_.Shuffle(std::span(unlabelled));
    for (const size_t i : unlabelled) {
      Assign(i, Neediest([&](size_t part) { return std::pair(wish_[part], int64_t{0}); }));
    }
    return std::move(part_of_);
  }

 private:
  static constexpr size_t kNone = kParts;

  template <typename Need>
  size_t Neediest(Need need) const {
    size_t best = kTrain;
    for (const size_t part : {kTest, kValidation}) {
      if (shares_[part] > 0 && need(part) > need(best)) best = part;
    }
    return best;
  }

  void Assign(size_t i, size_t part) {
    if (part_of_[i] != kNone) return;
    part_of_[i] = part;
    wish_[part] -= kWhole;
    for (const int32_t id : dataset_.examples[i].labels) {
      label_wish_[part][static_cast<size_t>(id)] -= kWhole;
      --left_[static_cast<size_t>(id)];
    }
  }

  const Dataset& dataset_;
  const Shares shares_;
  SplitMix64 random_;
  std::vector<std::vector<size_t>> by_label_;
  std::vector<size_t> part_of_;
  std::vector<size_t> left_;
  std::array<std::vector<int64_t>, kParts> label_wish_;
  std::array<int64_t, kParts> wish_{};
};

}  // namespace

Result<Split> StratifiedSplit(Dataset dataset, const SplitOptions& options) {
  Shares shares{};
  for (const auto& [part, size, name] :
       {std::tuple(kTest, options.test_size, "test"), std::tuple(kValidation, options.validation_size, "validation")}) {
    if (!(size >= 0 && size < 1)) {
      return Fail(ErrorCode::kInvalidArgument,
                  std::string("the size of the ") + name + " part is " + std::to_string(size) +
                      ", expected at least 0 and less than 1",
                  "specify a share of the data, such as 0.2");
    }
    shares[part] = std::llround(size * static_cast<double>(kWhole));
  }
  shares[kTrain] = kWhole - shares[kTest] - shares[kValidation];
  if (shares[kTrain] <= 0) {
    return Fail(ErrorCode::kInvalidArgument, "the test and validation parts leave no texts for training",
                "make their sizes sum to less than 1");
  }
  Split split;
  const std::vector<size_t> part_of = dataset.multi_label
                                          ? IterativeStratifier(dataset, shares, options.seed).Run(split)
                                          : SplitSingle(dataset, shares, options.seed, split);
  const std::array<Dataset*, kParts> parts = {&split.train, &split.validation, &split.test};
  for (Dataset* part : parts) {
    part->labels = dataset.labels;
    part->multi_label = dataset.multi_label;
  }
  for (size_t i = 0; i < part_of.size(); ++i) {
    parts[part_of[i]]->examples.push_back(std::move(dataset.examples[i]));
  }
  for (size_t part = 0; part < kParts; ++part) {
    if (shares[part] > 0 && parts[part]->examples.empty()) {
      static constexpr std::array kNames = {"training", "validation", "test"};
      return Fail(ErrorCode::kInvalidData,
                  std::to_string(part_of.size()) + " texts are too few: the " + kNames[part] + " part would be empty",
                  "add texts (a label needs " + std::to_string(PartsWanted(shares)) +
                      " to appear in every part), or use fewer parts");
    }
  }
  return split;
}

}  // namespace winnow
