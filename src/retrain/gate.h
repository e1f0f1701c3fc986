/// The gate: whether a retrained model, the challenger, may take the place of the present one, the champion.
///
/// Two models decide about the same labelled texts. The challenger passes if all conditions hold:
///   labels      both models have the same labels.
///   accuracy    McNemar's exact test does not show that the challenger is worse, on the test set and on audits.
///   fpr         the false-positive rate is within the bound that the champion guarantees; without a guarantee,
///               McNemar's test on the negatives does not show that the challenger is worse.
///   slices      in no part of the test set (length, language, source) the accuracy is lower by more than a bound,
///   unless
///               chance explains it.
///   out of scope  the challenger recognizes out-of-scope texts if the champion does; a challenger that does rejects no
///               more test texts than the bound that it is to keep, unless McNemar's test does not show that it rejects
///               more of them than the champion. There is no such condition if neither model has a rule for it.
///   must pass   the challenger decides each text of the must-pass list as the list says.
/// A condition without texts to measure it on holds, and says that it was not measured.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/paired.h"
#include "evaluate/slices.h"
#include "feedback/verdict_samples.h"

namespace winnow {

struct GateBounds {
  double alpha = 0.05;           ///< p-value below which a difference is not chance
  double max_slice_drop = 0.02;  ///< largest drop of the accuracy in a slice
  std::optional<double> max_fpr =
      {};  ///< bound of the false-positive rate; empty: the one that the champion guarantees
};

/// What makes slices of a set: the key of each text, and the order of the keys, which may be empty.
struct SliceKeys {
  std::string by = {};  ///< "length", "language", "source"
  std::vector<std::string> keys = {}, order = {};
};

/// The decisions of both models about the same texts, in the same order and with the same label ids.
struct PairedDecisions {
  DecidedTexts champion = {}, challenger = {};
};

/// What the rule for out-of-scope texts of a model does with the test texts.
struct ScopeDecisions {
  double max_rejected = 0;          ///< bound of the share of in-scope texts that the rule rejects
  std::vector<char> rejected = {};  ///< [texts] whether the text is rejected
};

struct MustPassOutcome {
  size_t line = 0;  ///< line of the must-pass list, counted from 1
  std::string text = {}, expected = {}, decided = {}, note = {};

  bool right() const { return expected == decided; }
};

struct GateInput {
  std::string champion = {}, challenger = {};  ///< names with versions
  std::vector<std::string> champion_labels = {}, challenger_labels = {};
  std::optional<PairedDecisions> test = {};  ///< empty if the labels differ
  std::vector<SliceKeys> slices = {};        ///< slices of the test set
  /// Out-of-scope decisions about the test set; empty for a model without a rule for out-of-scope texts.
  std::optional<ScopeDecisions> champion_scope = {}, challenger_scope = {};
  std::optional<PairedDecisions> audits = {};  ///< about a simple random sample of the messages
  /// All audited messages as LabelledVerdicts, with the challenger's decision as is_spam.
  std::vector<StoredVerdictSample> audited = {};
  std::vector<MustPassOutcome> must_pass = {};
  /// The bound of the false-positive rate that the champion guarantees; empty: it has no guarantee.
  std::optional<double> promised_fpr = {};
};

/// One slice, both models.
struct SliceOutcome {
  std::string name = {};
  int64_t count = 0;
  double champion = 0, challenger = 0;  ///< accuracies
  double p_value = 1;                   ///< one-sided, of McNemar's test in the slice
  bool held = true;
};

struct GateCondition {
  std::string name =
      {};  ///< "labels", "accuracy", "accuracy on audits", "false-positive rate", "slices by length", ...
  bool held = true;
  bool measured = true;       ///< false if there was nothing to measure the condition on
  std::string sentence = {};  ///< what was found, with the bound and by how much it was missed
  /// The compared values, if the condition compares numbers, and by how much the challenger misses the bound: 0 if the
  /// condition holds.
  std::optional<double> champion = {}, challenger = {}, bound = {};
  double missed_by = 0;
  std::optional<McNemar> test = {};
  std::vector<SliceOutcome> slices = {};
  std::vector<MustPassOutcome> wrong = {};  ///< texts of the must-pass list that were decided wrongly
};

struct GateReport {
  std::string champion = {}, challenger = {};
  bool passed = false;
  std::vector<GateCondition> conditions = {};
  std::vector<std::string> notes = {};

  /// Returns the names of the conditions that failed.
  std::vector<std::string> Failed() const;
};

/// Examines all conditions.
GateReport ExamineGate(const GateInput& input, const GateBounds& bounds = {});

}  // namespace winnow
