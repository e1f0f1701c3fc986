/// Which texts of the accumulated feedback a retraining trains on.
///
/// Feedback is no random sample: a campaign is reported a thousand times, people report what annoys them, and some of
/// them are wrong or malicious. So texts count by the trust in those who labelled them, near-duplicates are capped,
/// what is disputed goes to a person, and no label outweighs the others by much.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "feedback/judged_texts.h"
#include "feedback/training_set.h"

namespace winnow {

struct FeedbackSelectionOptions {
  /// Least sum of the weights of the users who agree on a label; labels of administrators need none.
  double least_weight = 0;
  /// Least share of the users' weights that a label has; a text whose label has less is disputed.
  double least_share = 2.0 / 3;
  size_t most_near_duplicates = 5;  ///< texts of one campaign that are trained on
  double most_ratio = 3;            ///< largest number of texts of a label per text of the rarest one
  size_t least_new = 20;            ///< texts of each label that the former training did not have
};

/// A text that people must decide about before it is trained on.
struct DisputedText {
  std::string text = {};
  std::string why = {};                      ///< sentence without a full stop
  std::map<std::string, double> votes = {};  ///< sums of the users' weights by label
};

/// The data that the feedback is added to.
struct KnownTexts {
  std::vector<std::string> labels = {};  ///< labels of the model
  /// Returns the label that the data give the text, by DuplicateKey; nothing for a text that is not in the data.
  std::function<std::optional<std::string>(std::string_view text)> label_of;
  /// The time of the newest feedback that the former training had; nothing: it had none.
  std::optional<StoreTime> trained_until = {};
};

struct FeedbackSelection {
  std::vector<TrainingRow> rows = {};        ///< one per text, in the order of the texts' bytes
  std::map<std::string, size_t> count = {};  ///< number of rows by label
  /// Number of texts by label that the former training did not have, before those beyond most_ratio are left out.
  std::map<std::string, size_t> fresh = {};
  std::vector<DisputedText> disputed = {};
  /// Numbers of texts that were left out.
  size_t known = 0;            ///< texts that the data have with that label
  size_t light = 0;            ///< texts for whose label the weights of users add up to less than least_weight
  size_t unknown_labels = 0;   ///< texts with labels that the model does not have
  size_t near_duplicates = 0;  ///< texts beyond the cap of their campaign
  size_t surplus = 0;          ///< texts of labels with more than most_ratio times the texts of the rarest one
  StoreTime until = {};        ///< time of the newest of the rows
  /// Why these texts are too few for a retraining: a sentence without a full stop; empty if they are enough.
  std::string too_few = {};

  /// Returns the counts, and up to `most` of the disputed texts.
  Json ToJson(size_t most_disputed = 100) const;
};

/// Returns the label of the model that `label` means: itself, or "Spam" for "spam" and "HAM" for "ham", since feedback
/// is stored with these in lower case. Returns `label` if the model has no such label.
std::string LabelOfModel(std::string_view label, std::span<const std::string> labels);

/// Selects texts. The result depends on the set of the texts alone, not on their order. A model of two labels needs
/// least_new new texts of each; a model of more labels needs them of at least two labels, and the ratio refers to the
/// rarest of the labels that have as many.
FeedbackSelection SelectFeedback(std::span<const JudgedText> texts, const KnownTexts& known,
                                 const FeedbackSelectionOptions& options = {});

}  // namespace winnow
