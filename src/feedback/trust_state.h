/// The trust of all users, kept up to date: what ComputeTrust computes from all feedback, without reading feedback
/// again that is known. Texts are kept as their digests and hashes: an event takes about 100 bytes, and a text that
/// differs from all others after folding about 400 (32 words).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/sip_hash.h"
#include "feedback/campaign_text.h"
#include "feedback/feedback_state.h"
#include "feedback/trust.h"

namespace winnow {

/// Not thread-safe.
class TrustState {
 public:
  explicit TrustState(const TrustOptions& options = {});
  TrustState(const TrustState&) = delete;
  TrustState& operator=(const TrustState&) = delete;

  /// Adds an event; the order of events does not matter. Returns its number.
  size_t Add(const FeedbackEvent& event);
  /// Puts an event, whose text has become known, in the place of one that was added without a text.
  void Replace(size_t number, const FeedbackEvent& event);
  size_t events() const { return events_.size(); }

  /// Returns what ComputeTrust returns for CurrentFeedback of all events and these blind labels. `go_on` is asked now
  /// and then; returns nothing once it has returned false.
  std::optional<TrustTable> Compute(const std::map<std::string, std::string>& labels,
                                    const std::function<bool()>& go_on = {});

 private:
  static constexpr uint32_t kNone = ~uint32_t{0};
  using Digest = std::array<uint64_t, 4>;  // SHA-256
  using Fold = std::array<uint64_t, 2>;    // of a folded text

  struct Event {
    EventOrder order = {};
    uint32_t about = kNone;  // number of the text or, by_id, of the message
    uint32_t user = 0, label = 0;
    FeedbackOrigin origin = FeedbackOrigin::kOwn;
    bool by_id = false, admin_forgets = false;
    bool counts = false;  // has a label or forgets, and is not Winnow's own
  };
  struct Text {
    Digest digest = {};
    uint32_t form = 0;  // texts that are equal after folding have one form
  };
  /// What the newest event with an id says its text is.
  struct Message {
    StoreTime at = {};
    uint32_t text = kNone;
  };
  /// A last word: an event, as far as it speaks for an origin.
  struct Word {
    uint32_t text = 0, user = 0;
    FeedbackOrigin origin = FeedbackOrigin::kPerson;
    uint32_t event = 0;
  };
  struct HashOfFold {
    SipKey key;  // random, so that nobody can choose texts that collide
    size_t operator()(const Fold& fold) const { return SipHasher(key).Finish(std::as_bytes(std::span(fold))); }
  };
  struct HashOfText {
    const std::deque<Text>* texts;
    SipKey key;
    size_t operator()(uint32_t text) const {
      return SipHasher(key).Finish(std::as_bytes(std::span((*texts)[text].digest)));
    }
  };
  struct EqualTexts {
    const std::deque<Text>* texts;
    bool operator()(uint32_t a, uint32_t b) const { return (*texts)[a].digest == (*texts)[b].digest; }
  };
  /// Numbers of names.
  class Names {
   public:
    uint32_t NumberOf(std::string_view name);
    const std::string& operator[](uint32_t number) const { return *names_[number]; }
    size_t size() const { return names_.size(); }

   private:
    std::unordered_map<std::string, uint32_t> numbers_;
    std::vector<const std::string*> names_;
  };

  Event EventOf(const FeedbackEvent& event);
  uint32_t TextNumber(std::string_view text);
  uint32_t FormOf(std::string_view text);
  void SortTexts();
  std::vector<Word> LastWords() const;
  bool NewerText(const Message& known, StoreTime at, uint32_t text) const;

  const TrustOptions options_;
  std::vector<Event> events_;
  std::deque<Text> texts_;
  std::unordered_set<uint32_t, HashOfText, EqualTexts> known_texts_;
  std::deque<CampaignText> forms_;
  std::unordered_map<Fold, uint32_t, HashOfFold> known_forms_;
  Names users_, labels_, ids_;
  std::vector<Message> messages_;   // by number of the id
  std::vector<uint32_t> in_order_;  // texts by digest
};

}  // namespace winnow
