#include "retrain/feedback_selection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

#include "feedback/campaign_groups.h"
#include "store/spam_label.h"

namespace winnow {
namespace {

using Candidates = std::vector<const JudgedText*>;

/// What is kept first where not everything is: decided by administrators, then by the most weight, then the newest.
bool Before(const JudgedText* a, const JudgedText* b) {
  return std::make_tuple(!a->by_admin, -a->weight, -a->at.time_since_epoch().count(), std::string_view(a->text)) <
         std::make_tuple(!b->by_admin, -b->weight, -b->at.time_since_epoch().count(), std::string_view(b->text));
}

void Dispute(const JudgedText& text, std::string why, FeedbackSelection& selection) {
  selection.disputed.push_back({.text = text.text, .why = std::move(why), .votes = text.votes});
}

/// The texts that may be trained on one by one, in the order of their bytes.
Candidates Acceptable(std::span<const JudgedText> texts, const KnownTexts& known,
                      const FeedbackSelectionOptions& options, FeedbackSelection& selection) {
  Candidates kept;
  for (const JudgedText& text : texts) {
    if (text.tied || (!text.by_admin && text.Share() < options.least_share)) {
      Dispute(text, "users disagree about the label", selection);
    } else if (std::ranges::find(known.labels, text.label) == known.labels.end()) {
      ++selection.unknown_labels;
    } else if (!text.by_admin && text.weight < options.least_weight) {
      ++selection.light;
    } else if (const std::optional<std::string> label = known.label_of(text.text); label == text.label) {
      ++selection.known;
    } else if (label) {
      Dispute(text, fmt::format("the data label the text '{}', and feedback '{}'", *label, text.label), selection);
    } else {
      kept.push_back(&text);
    }
  }
  std::ranges::sort(kept, {}, [](const JudgedText* text) { return std::string_view(text->text); });
  return kept;
}

/// The label of a campaign: that of its administrators, else the one with enough of the weights; nothing if neither
/// decides.
std::optional<std::string> LabelOfCampaign(const Candidates& campaign, double least_share) {
  std::map<std::string, double> weights;
  std::set<std::string> of_admins;
  double sum = 0;
  for (const JudgedText* text : campaign) {
    if (text->by_admin) of_admins.insert(text->label);
    const double weight = std::max(text->weight, 1e-9);
    weights[text->label] += weight;
    sum += weight;
  }
  if (weights.size() == 1) return weights.begin()->first;
  if (!of_admins.empty()) return of_admins.size() == 1 ? std::optional(*of_admins.begin()) : std::nullopt;
  const auto most = std::ranges::max_element(weights, {}, [](const auto& entry) { return entry.second; });
  return most->second >= least_share * sum ? std::optional(most->first) : std::nullopt;
}

/// Leaves out near-duplicates that contradict each other, and those beyond the cap.
Candidates CapCampaigns(const Candidates& texts, const FeedbackSelectionOptions& options,
                        FeedbackSelection& selection) {
  CampaignGroups groups;
  std::map<size_t, Candidates> campaigns;
  for (const JudgedText* text : texts) campaigns[groups.GroupOf(text->text)].push_back(text);
  Candidates kept;
  for (auto& [group, campaign] : campaigns) {
    const std::optional<std::string> label = LabelOfCampaign(campaign, options.least_share);
    std::erase_if(campaign, [&](const JudgedText* text) {
      if (label == text->label) return false;
      Dispute(*text, "near-duplicates of the text have another label", selection);
      return true;
    });
    std::ranges::sort(campaign, Before);
    const size_t most = std::min(campaign.size(), std::max<size_t>(options.most_near_duplicates, 1));
    selection.near_duplicates += campaign.size() - most;
    kept.insert(kept.end(), campaign.begin(), campaign.begin() + static_cast<std::ptrdiff_t>(most));
  }
  return kept;
}

/// Leaves out the texts of frequent labels that have the least weight.
Candidates Balance(const Candidates& texts, const KnownTexts& known, const FeedbackSelectionOptions& options,
                   FeedbackSelection& selection) {
  std::map<std::string, Candidates> by_label;
  for (const JudgedText* text : texts) by_label[text->label].push_back(text);
  size_t rarest = SIZE_MAX;
  for (const std::string& label : known.labels) {
    const size_t count = by_label.contains(label) ? by_label[label].size() : 0;
    if (known.labels.size() == 2 || count >= options.least_new) rarest = std::min(rarest, count);
  }
  Candidates kept;
  for (auto& [label, of_label] : by_label) {
    std::ranges::sort(of_label, Before);
    const double most = rarest == SIZE_MAX ? HUGE_VAL : options.most_ratio * static_cast<double>(rarest);
    if (static_cast<double>(of_label.size()) > most) {
      selection.surplus += of_label.size() - static_cast<size_t>(most);
      of_label.resize(static_cast<size_t>(most));
    }
    kept.insert(kept.end(), of_label.begin(), of_label.end());
  }
  return kept;
}

/// The reason why there are too few new texts; empty if there are enough.
std::string WhyTooFew(const FeedbackSelection& selection, const KnownTexts& known, size_t least) {
  size_t enough = 0;
  std::vector<std::string> counts;
  for (const std::string& label : known.labels) {
    const auto found = selection.fresh.find(label);
    const size_t count = found == selection.fresh.end() ? 0 : found->second;
    if (count >= least) ++enough;
    if (known.labels.size() == 2 || count > 0) counts.push_back(fmt::format("{} {}", label, count));
  }
  if (enough >= 2 || least == 0) return {};
  return fmt::format("a retraining needs {} new texts of each of {} labels; there are: {}", least,
                     known.labels.size() == 2 ? "the" : "at least two",
                     counts.empty() ? "none" : fmt::format("{}", fmt::join(counts, ", ")));
}

}  // namespace

Json FeedbackSelection::ToJson(size_t most_disputed) const {
  Json review = Json::array();
  for (size_t i = 0; i < std::min(most_disputed, disputed.size()); ++i)
    review.push_back({{"text", disputed[i].text}, {"why", disputed[i].why}, {"votes", disputed[i].votes}});
  return {{"texts", rows.size()},
          {"labels", count},
          {"new", fresh},
          {"left_out",
           {{"known", known},
            {"light", light},
            {"unknown_labels", unknown_labels},
            {"near_duplicates", near_duplicates},
            {"surplus", surplus},
            {"disputed", disputed.size()}}},
          {"review", review}};
}

std::string LabelOfModel(std::string_view label, std::span<const std::string> labels) {
  if (std::ranges::find(labels, label) != labels.end()) return std::string(label);
  const auto found = std::ranges::find(labels, label, StoredLabel);
  return found == labels.end() ? std::string(label) : *found;
}

FeedbackSelection SelectFeedback(std::span<const JudgedText> texts, const KnownTexts& known,
                                 const FeedbackSelectionOptions& options) {
  FeedbackSelection selection;
  Candidates chosen = Acceptable(texts, known, options, selection);
  chosen = CapCampaigns(chosen, options, selection);
  for (const JudgedText* text : chosen) {
    if (!known.trained_until || text->at > *known.trained_until) ++selection.fresh[text->label];
  }
  chosen = Balance(chosen, known, options, selection);
  for (const JudgedText* text : chosen) {
    selection.rows.push_back({text->text, text->label});
    ++selection.count[text->label];
    selection.until = std::max(selection.until, text->at);
  }
  std::ranges::sort(selection.rows);
  std::ranges::sort(selection.disputed, {}, &DisputedText::text);
  selection.too_few = WhyTooFew(selection, known, options.least_new);
  return selection;
}

}  // namespace winnow
