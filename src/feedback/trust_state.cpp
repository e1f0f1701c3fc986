/// Of what ComputeTrust does, all that depends on one event or one text alone is done once: the digests, the folding,
/// the hashes of words. What depends on all of them is done again for each result, on numbers: the last words, the
/// groups of near-duplicates, which depend on the order of the texts, the caps, and the judgement.
#include "feedback/trust_state.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/hash.h"
#include "base/parse_number.h"
#include "feedback/campaign_groups.h"

namespace winnow {

uint32_t TrustState::Names::NumberOf(std::string_view name) {
  const auto [place, fresh] = numbers_.try_emplace(std::string(name), static_cast<uint32_t>(names_.size()));
  if (fresh) names_.push_back(&place->first);
  return place->second;
}

TrustState::TrustState(const TrustOptions& options)
    : options_(options),
      known_texts_(16, HashOfText{&texts_, SipKey::Random()}, EqualTexts{&texts_}),
      known_forms_(16, HashOfFold{SipKey::Random()}) {}

uint32_t TrustState::FormOf(std::string_view text) {
  CampaignText prepared = PrepareCampaignText(text);
  const auto [place, fresh] = known_forms_.try_emplace(prepared.digest, static_cast<uint32_t>(forms_.size()));
  if (fresh) {
    prepared.singles.shrink_to_fit();
    prepared.pairs.shrink_to_fit();
    forms_.push_back(std::move(prepared));
  }
  return place->second;
}

uint32_t TrustState::TextNumber(std::string_view text) {
  const std::string hexadecimal = Sha256(text);
  Text added;
  for (size_t i = 0; i < added.digest.size(); ++i) {
    added.digest[i] = ParseNumber<uint64_t>(std::string_view(hexadecimal).substr(16 * i, 16), 16).value_or(0);
  }
  const auto number = static_cast<uint32_t>(texts_.size());
  texts_.push_back(added);
  const auto [place, fresh] = known_texts_.insert(number);
  if (fresh) {
    texts_.back().form = FormOf(text);
  } else {
    texts_.pop_back();
  }
  return *place;
}

/// Of two texts of one time, the one whose digest is greater is the text of the message, as in CurrentFeedback.
bool TrustState::NewerText(const Message& known, StoreTime at, uint32_t text) const {
  if (known.text == kNone) return true;
  return std::tie(known.at, texts_[known.text].digest) < std::tie(at, texts_[text].digest);
}

TrustState::Event TrustState::EventOf(const FeedbackEvent& event) {
  Event added{.origin = OriginOf(event), .by_id = event.message_id.has_value()};
  const std::optional<std::string> label = LabelOf(event);
  const bool forgets = event.feedback_type == kForgetFeedback;
  added.counts = added.origin != FeedbackOrigin::kOwn && (forgets || label);
  if (added.counts) {
    added.order = OrderOf(event);
    added.user = users_.NumberOf(added.origin == FeedbackOrigin::kTeacher ? event.source : event.user_id.value_or(""));
    added.label = labels_.NumberOf(label.value_or(""));
    added.admin_forgets = OriginsReplacedBy(event).size() > 1;
  }
  const uint32_t text = event.text.empty() ? kNone : TextNumber(event.text);
  if (!added.by_id) {
    added.about = text;
    return added;
  }
  added.about = ids_.NumberOf(*event.message_id);
  messages_.resize(ids_.size());
  Message& message = messages_[added.about];
  if (text != kNone && NewerText(message, event.created_at, text)) message = {event.created_at, text};
  return added;
}

size_t TrustState::Add(const FeedbackEvent& event) {
  events_.push_back(EventOf(event));
  return events_.size() - 1;
}

void TrustState::Replace(size_t number, const FeedbackEvent& event) { events_[number] = EventOf(event); }

void TrustState::SortTexts() {
  const auto by_digest = [&](uint32_t a, uint32_t b) { return texts_[a].digest < texts_[b].digest; };
  const auto sorted = static_cast<std::ptrdiff_t>(in_order_.size());
  for (auto text = static_cast<uint32_t>(in_order_.size()); text < texts_.size(); ++text) in_order_.push_back(text);
  std::sort(in_order_.begin() + sorted, in_order_.end(), by_digest);
  std::inplace_merge(in_order_.begin(), in_order_.begin() + sorted, in_order_.end(), by_digest);
}

/// The last words that were not withdrawn, of all texts.
std::vector<TrustState::Word> TrustState::LastWords() const {
  std::vector<Word> words;
  words.reserve(events_.size());
  for (uint32_t i = 0; i < events_.size(); ++i) {
    const Event& event = events_[i];
    const uint32_t text = event.by_id ? messages_[event.about].text : event.about;
    if (!event.counts || text == kNone) continue;
    words.push_back({text, event.user, event.origin, i});
    if (event.admin_forgets) words.push_back({text, event.user, FeedbackOrigin::kPerson, i});
  }
  const auto key = [](const Word& word) { return std::tie(word.text, word.user, word.origin); };
  std::ranges::sort(words, [&](const Word& a, const Word& b) {
    return key(a) != key(b) ? key(a) < key(b) : events_[a.event].order < events_[b.event].order;
  });
  size_t kept = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    const bool last = i + 1 == words.size() || key(words[i]) != key(words[i + 1]);
    if (last && !events_[words[i].event].order.forgets) words[kept++] = words[i];
  }
  words.resize(kept);
  return words;
}

std::optional<TrustTable> TrustState::Compute(const std::map<std::string, std::string>& labels,
                                              const std::function<bool()>& go_on) {
  constexpr size_t kAskEvery = 4096;
  const auto stopped = [&](size_t done) { return go_on && done % kAskEvery == 0 && !go_on(); };
  std::vector<Word> words = LastWords();
  if (stopped(0)) return std::nullopt;
  SortTexts();

  // The groups, by form: first those of the blind labels, then those of the reports in the order of their digests.
  std::vector<uint32_t> group_of;  // by form
  CampaignGroups campaigns;
  const auto group_for = [&](uint32_t form) {
    if (group_of.size() <= form) group_of.resize(forms_.size(), kNone);
    if (group_of[form] == kNone) group_of[form] = static_cast<uint32_t>(campaigns.GroupOf(forms_[form]));
    return group_of[form];
  };
  TrustKnowledge known;
  for (const auto& [text, label] : labels) known.AddLabel(group_for(FormOf(text)), labels_.NumberOf(label));
  std::vector<bool> present(texts_.size());
  for (const Word& word : words) present[word.text] = true;
  std::vector<uint32_t> rank(texts_.size());
  for (uint32_t i = 0; i < in_order_.size(); ++i) {
    if (stopped(i)) return std::nullopt;
    rank[in_order_[i]] = i;
    if (present[in_order_[i]]) group_for(texts_[in_order_[i]].form);
  }
  const auto group_of_word = [&](const Word& word) { return group_of[texts_[word.text].form]; };

  std::unordered_map<uint32_t, Word> of_admins;  // the newest one about each group
  const auto is_newer = [&](const Word& a, const Word& b) {
    const StoreTime at = events_[a.event].order.at, other = events_[b.event].order.at;
    if (at != other) return at > other;
    return a.user != b.user ? users_[a.user] > users_[b.user] : rank[a.text] < rank[b.text];
  };
  for (const Word& word : words) {
    if (word.origin != FeedbackOrigin::kAdmin) continue;
    const auto [newest, fresh] = of_admins.try_emplace(group_of_word(word), word);
    if (!fresh && is_newer(word, newest->second)) newest->second = word;
  }
  for (const auto& [group, word] : of_admins) known.AddAdminWord(group, events_[word.event].label);

  std::erase_if(words,
                [&](const Word& word) { return word.origin != FeedbackOrigin::kPerson || users_[word.user].empty(); });
  std::ranges::sort(words, [&](const Word& a, const Word& b) {
    const StoreTime at = events_[a.event].order.at, other = events_[b.event].order.at;
    if (at != other) return at < other;
    return a.text != b.text ? rank[a.text] < rank[b.text] : users_[a.user] < users_[b.user];
  });
  if (stopped(0)) return std::nullopt;
  FeedbackCaps caps(options_.caps);
  std::vector<TrustReport> reports;
  reports.reserve(words.size());
  for (const Word& word : words) {
    const Event& event = events_[word.event];
    // The numbers of users are theirs alone, as hashes are; 0 stands for nobody.
    if (caps.Count(uint64_t{word.user} + 1, 0, event.order.at))
      reports.push_back({word.user, group_of_word(word), event.label});
  }
  const auto trust = JudgeReports(std::move(reports), known, users_.size(), options_);
  std::map<std::string, UserTrust> users;
  for (uint32_t user = 0; user < trust.size(); ++user) {
    if (trust[user]) users.emplace(users_[user], *trust[user]);
  }
  return TrustTable(std::move(users), options_.trusted_weight);
}

}  // namespace winnow
