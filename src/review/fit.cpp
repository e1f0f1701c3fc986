#include "review/fit.h"

#include <algorithm>
#include <numeric>

#include "kernels/matmul.h"

namespace winnow {
namespace {

constexpr size_t kHeadFolds = 5;
/// The number of texts from which a label needs no weak examples.
constexpr size_t kEnoughOfLabel = 2;

/// The examples of a fit: labels that people gave, those of the data for other texts, and weak ones for labels of which
/// there are hardly any.
std::vector<HeadExample> Examples(const PreparedReview& prepared, const FitInput& input) {
  std::vector<HeadExample> examples;
  std::vector<size_t> counts(input.num_labels);
  for (size_t i = 0; i < input.labels.size(); ++i) {
    const int32_t label = input.labels[i] >= 0 ? input.labels[i] : prepared.given[i];
    if (label < 0) continue;
    examples.push_back({i, label, 1});
    ++counts[static_cast<size_t>(label)];
  }
  for (const HeadExample& weak : prepared.weak) {
    const bool labelled = weak.row < input.labels.size() && input.labels[weak.row] >= 0;
    if (!labelled && counts[static_cast<size_t>(weak.label)] < kEnoughOfLabel) examples.push_back(weak);
  }
  return examples;
}

/// Raises the nearness of each text by further labelled texts.
void NoteLabelled(const DenseRows& rows, const FitInput& input, const FittedReview* before, FittedReview& fitted) {
  const size_t n = rows.rows(), d = rows.columns;
  bool grown = before != nullptr;
  for (size_t i = 0; grown && i < n; ++i) grown = !before->near_of[i] || input.labels[i] >= 0;
  fitted.nearness = grown ? before->nearness : std::vector<float>(n, -1);
  fitted.near_of.assign(n, false);
  std::vector<float> fresh;
  for (size_t i = 0; i < n; ++i) {
    if (input.labels[i] < 0) continue;
    fitted.near_of[i] = true;
    if (grown && before->near_of[i]) continue;
    fresh.insert(fresh.end(), rows.row(i).begin(), rows.row(i).end());
  }
  const size_t k = d == 0 ? 0 : fresh.size() / d;
  constexpr size_t kRowsAtOnce = 1024;
  std::vector<float> scores(kRowsAtOnce * k);
  for (size_t begin = 0; k > 0 && begin < n; begin += kRowsAtOnce) {
    const size_t count = std::min(kRowsAtOnce, n - begin);
    MatMulNT(count, k, d, rows.row(begin).data(), d, fresh.data(), d, 0, scores.data(), k);
    for (size_t i = 0; i < count; ++i) {
      const float most = *std::max_element(scores.data() + i * k, scores.data() + (i + 1) * k);
      fitted.nearness[begin + i] = std::max(fitted.nearness[begin + i], most);
    }
  }
}

std::vector<QueuePlace> Places(std::span<const uint32_t> items, Queue why) {
  std::vector<QueuePlace> places;
  for (const uint32_t item : items) places.push_back({item, why});
  return places;
}

size_t Best(std::span<const float> row) {
  return static_cast<size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

/// The texts that the champion and the challenger decide differently, those where both are surest first. In place of a
/// challenger, the head.
std::vector<uint32_t> DisagreeOrder(const PreparedReview& prepared, std::span<const uint32_t> candidates,
                                    const FittedReview& fitted) {
  std::vector<uint32_t> order;
  if (prepared.champion.empty()) return order;
  const size_t columns = prepared.champion.size() / prepared.items();
  const bool by_head = prepared.challenger.empty();
  if (by_head && fitted.head.empty()) return order;
  std::vector<float> doubt(prepared.items());
  for (const uint32_t item : candidates) {
    const auto one = std::span(prepared.champion).subspan(item * columns, columns);
    const auto other = by_head ? std::span(fitted.probabilities).subspan(item * fitted.num_labels, fitted.num_labels)
                               : std::span(prepared.challenger).subspan(item * columns, columns);
    const size_t a = Best(one), b = Best(other);
    if (a == b) continue;
    doubt[item] = one[a] * other[b];
    order.push_back(item);
  }
  std::ranges::stable_sort(order, std::greater(), [&](uint32_t item) { return doubt[item]; });
  return order;
}

/// Sets probabilities: those of the head, or those of the champion while there is none.
void Predict(const PreparedReview& prepared, FittedReview& fitted) {
  const size_t n = prepared.items(), k = fitted.num_labels;
  if (!fitted.head.empty()) {
    fitted.probabilities.resize(n * k);
    HeadProbabilities(fitted.head, prepared.item_rows(), fitted.probabilities);
    return;
  }
  if (prepared.champion.empty()) return;
  const size_t columns = prepared.champion.size() / n;
  fitted.probabilities.assign(n * k, 0);
  for (size_t i = 0; i < n; ++i) {
    std::copy_n(prepared.champion.begin() + static_cast<ptrdiff_t>(i * columns), columns,
                fitted.probabilities.begin() + static_cast<ptrdiff_t>(i * k));
  }
}

/// The order of what teaches the head most: the most typical texts of the largest clusters first, until there are
/// labels in enough clusters, and then texts between whose labels the head wavers.
std::vector<QueuePlace> TeachingOrder(const PreparedReview& prepared, const FitInput& input,
                                      const RankingInput& ranking, std::span<const QueuePlace> new_clusters) {
  const size_t known = prepared.clusters.members.size() - new_clusters.size();
  const auto given = static_cast<size_t>(std::ranges::count_if(prepared.given, [](int32_t id) { return id >= 0; }));
  const size_t enough = StartClusters(input.num_labels), seen = known + given;
  const size_t start = seen < enough ? std::min(enough - seen, new_clusters.size()) : 0;
  std::vector<QueuePlace> rest(new_clusters.begin(), new_clusters.begin() + static_cast<ptrdiff_t>(start));
  if (ranking.probabilities.empty()) {
    rest.insert(rest.end(), new_clusters.begin() + static_cast<ptrdiff_t>(start), new_clusters.end());
    for (const QueuePlace& place : Places(ranking.candidates, Queue::kUnsure)) rest.push_back(place);
  } else {
    for (const QueuePlace& place : Places(UnsureOrder(ranking), Queue::kUnsure)) rest.push_back(place);
  }
  return Alternate({rest}, prepared.items());
}

void OrderQueues(const PreparedReview& prepared, const FitInput& input, FittedReview& fitted) {
  const size_t n = prepared.items(), audits = prepared.audits;
  std::vector<bool> labelled(n), is_candidate(n);
  std::vector<uint32_t> audit, learn;
  size_t audited = 0;
  for (size_t i = 0; i < n; ++i) labelled[i] = input.labels[i] >= 0;
  for (size_t at = 0; at < n; ++at) {
    const uint32_t item = prepared.random[at];
    audited += at < audits && labelled[item] ? 1 : 0;
    if (labelled[item]) continue;
    (at < audits ? audit : learn).push_back(item);
    is_candidate[item] = at >= audits;
  }
  std::ranges::sort(learn);
  const RankingInput ranking{.features = prepared.item_rows(),
                             .probabilities = fitted.probabilities,
                             .labels = fitted.num_labels,
                             .candidates = learn,
                             .nearness = fitted.nearness};
  std::vector<uint32_t> suspects, contradicted;
  for (const Suspect& suspect : prepared.suspects) {
    if (is_candidate[suspect.item]) suspects.push_back(suspect.item);
  }
  std::ranges::copy_if(prepared.contradicted, std::back_inserter(contradicted),
                       [&](uint32_t item) { return !labelled[item]; });
  const auto new_clusters = Places(NewClusterOrder(prepared.clusters, labelled, is_candidate), Queue::kNewCluster);
  const std::vector<QueuePlace> teach = TeachingOrder(prepared, input, ranking, new_clusters);
  const auto set = [&](Queue queue, std::vector<QueuePlace> order) {
    fitted.orders[static_cast<size_t>(queue)] =
        QueueWithAudits(queue, std::move(order), audit, input.labelled, audited);
  };
  const auto disagree = Places(DisagreeOrder(prepared, learn, fitted), Queue::kDisagree);
  const auto suspect_places = Places(suspects, Queue::kSuspects);
  const auto contradict = Places(contradicted, Queue::kContradict);
  set(Queue::kAudit, Places(audit, Queue::kAudit));
  set(Queue::kDisagree, disagree);
  set(Queue::kSuspects, suspect_places);
  set(Queue::kContradict, contradict);
  set(Queue::kOutOfScope, Places(OutOfScopeOrder(ranking), Queue::kOutOfScope));
  set(Queue::kNewCluster, new_clusters);
  set(Queue::kUnsure, teach);
  set(Queue::kMixed, Alternate({teach, suspect_places, disagree, contradict}, n));
}

}  // namespace

Result<FittedReview> FitReview(const PreparedReview& prepared, const FitInput& input, const FittedReview* before) {
  FittedReview fitted;
  fitted.labelled = input.labelled;
  fitted.num_labels = input.num_labels;
  const std::vector<HeadExample> examples = Examples(prepared, input);
  if (!examples.empty()) {
    const DenseHead* const start = before == nullptr || before->head.empty() ? nullptr : &before->head;
    fitted.head = TRY(FitHead(prepared.all_rows(), examples, input.num_labels, {}, start));
  }
  Predict(prepared, fitted);
  NoteLabelled(prepared.item_rows(), input, before, fitted);
  OrderQueues(prepared, input, fitted);
  return fitted;
}

Result<std::vector<HeldOutPrediction>> PredictHeldOut(const PreparedReview& prepared, const FitInput& input,
                                                      std::vector<DenseHead>& heads,
                                                      const std::function<bool()>& go_on) {
  std::vector<HeldOutPrediction> predictions;
  heads.resize(kHeadFolds);
  const std::vector<HeadExample> all = Examples(prepared, input);
  const DenseRows rows = prepared.all_rows();
  // Where only random texts count, all others stay in the fit: the fold's heads are then nearly as good as the head.
  const auto random = static_cast<size_t>(std::ranges::count(input.blind, true));
  const bool only_blind = EnoughRandom(random, input.num_labels);
  // Weak examples of labels that are rare without the fold's own texts count here, too: they are no labels of texts.
  for (size_t fold = 0; fold < kHeadFolds; ++fold) {
    if (go_on && !go_on()) return Fail(ErrorCode::kCancelled, "stopped");
    std::vector<HeadExample> rest;
    std::vector<size_t> held_out;
    for (const HeadExample& example : all) {
      const bool reviewed = example.row < input.labels.size() && input.labels[example.row] >= 0 &&
                            (!only_blind || input.blind[example.row]);
      // Where an item stands in the random order is unrelated to its text and label.
      if (reviewed && prepared.random[example.row] % kHeadFolds == fold) {
        held_out.push_back(example.row);
      } else {
        rest.push_back(example);
      }
    }
    if (held_out.empty() || rest.empty()) continue;
    DenseHead& head = heads[fold];
    head = TRY(FitHead(rows, rest, input.num_labels, {}, head.empty() ? nullptr : &head));
    std::vector<float> values, probabilities(held_out.size() * input.num_labels);
    for (const size_t item : held_out) values.insert(values.end(), rows.row(item).begin(), rows.row(item).end());
    HeadProbabilities(head, {values, rows.columns}, probabilities);
    for (size_t i = 0; i < held_out.size(); ++i) {
      const auto row = std::span(probabilities).subspan(i * input.num_labels, input.num_labels);
      predictions.push_back({.truth = input.labels[held_out[i]],
                             .predicted = static_cast<int32_t>(Best(row)),
                             .blind = input.blind[held_out[i]]});
    }
  }
  return predictions;
}

}  // namespace winnow
