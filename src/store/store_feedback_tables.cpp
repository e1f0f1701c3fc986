/// What src/feedback keeps beside the events: verdicts that were drawn for labelling, and uses of the campaign memory.
#include <fmt/format.h>

#include "store/store_state.h"
#include "store/tombstones.h"

namespace winnow {
namespace {

StoredVerdictSample SampleOf(const SqlRow& row) {
  StoredVerdictSample stored;
  stored.id = row.Integer(0);
  VerdictSample& sample = stored.sample;
  sample.message_id = row.Text(1);
  sample.text = row.Text(2);
  sample.is_spam = row.Boolean(3);
  sample.score = row.Real(4);
  sample.stratum = row.Text(5);
  sample.probability = row.Real(6);
  sample.model_version = OptionalText(row, 7);
  sample.label = OptionalText(row, 8);
  sample.labelled_by = OptionalText(row, 9);
  sample.created_at = TimeOf(row, 10);
  sample.user_id = OptionalText(row, 11);
  return stored;
}

Result<void> CheckSample(const VerdictSample& sample) {
  TRY(CheckName(sample.message_id, "message id"));
  TRY(CheckName(sample.stratum, "stratum"));
  TRY(CheckFinite(sample.score, "score"));
  TRY(CheckOptionalName(sample.model_version, "model version"));
  TRY(CheckOptionalName(sample.user_id, "user id"));
  if (sample.probability > 0 && sample.probability <= 1) return {};
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("the probability {:g} of a drawn verdict is not more than 0 and at most 1", sample.probability));
}

}  // namespace

Result<bool> Store::AddVerdictSample(const VerdictSample& sample) {
  TRY(CheckSample(sample));
  bool added = false;
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    if (TRY(TRY(TombstoneCheck::Begin(connection)).Covers(sample))) return {};
    const SqlRows done = TRY(connection.Run(
        "INSERT INTO verdict_samples (message_id, text, is_spam, score, stratum, probability, model_version, created_at, "
        "user_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (message_id) DO UPDATE SET "
        "is_spam = excluded.is_spam, score = excluded.score, stratum = excluded.stratum, "
        "probability = excluded.probability, model_version = excluded.model_version "
        "WHERE verdict_samples.stratum = 'experiment' AND excluded.stratum <> 'experiment'",
        {sample.message_id, StorableText(sample.text), int64_t{sample.is_spam}, sample.score, sample.stratum,
         sample.probability, Nullable(sample.model_version), TimeText(OrNow(sample.created_at)),
         Nullable(sample.user_id)}));
    added = done.affected > 0;
    return {};
  }));
  return added;
}

Result<void> Store::LabelVerdictSample(int64_t id, std::string_view label, std::string_view labelled_by) {
  TRY(CheckName(label, "label"));
  TRY(CheckName(labelled_by, "name of the person who labels"));
  int64_t changed = 0;
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    changed = TRY(connection.Run("UPDATE verdict_samples SET label = $1, labelled_by = $2 WHERE id = $3",
                                 {std::string(label), std::string(labelled_by), id}))
                  .affected;
    return {};
  }));
  if (changed > 0) return {};
  return Fail(ErrorCode::kNotFound, fmt::format("{}: no drawn verdict has the number {}", name(), id),
              "'winnow feedback audit next' shows the numbers of drawn verdicts");
}

Result<std::vector<StoredVerdictSample>> Store::ListVerdictSamples(const VerdictSampleFilter& filter) {
  Conditions conditions;
  conditions.AddIf("model_version = {}", filter.model_version);
  conditions.AddIf("created_at >= {}", filter.since);
  conditions.AddIf("created_at < {}", filter.until);
  if (filter.labelled) conditions.Add("(label IS NOT NULL) = ({} = 1)", int64_t{*filter.labelled});
  if (filter.after_id > 0) conditions.Add("id > {}", filter.after_id);
  const std::string limit = conditions.Bind(int64_t{filter.limit});
  const std::string sql = fmt::format(
      "SELECT id, message_id, text, is_spam, score, stratum, probability, model_version, label, labelled_by, "
      "created_at, user_id FROM verdict_samples{} ORDER BY id LIMIT {}",
      conditions.Where(), limit);
  return ReadRows(state_->pool, sql, conditions, SampleOf);
}

Result<void> Store::RecordCampaignUses(std::span<const CampaignUse> uses) {
  for (const CampaignUse& use : uses) TRY(CheckName(use.digest, "digest"));
  constexpr size_t kPerTransaction = 1000;
  for (size_t begin = 0; begin < uses.size(); begin += kPerTransaction) {
    TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
      for (const CampaignUse& use : uses.subspan(begin, std::min(kPerTransaction, uses.size() - begin))) {
        TRY(connection.Run(
            "INSERT INTO campaign_uses (digest, used_at) VALUES ($1, $2) ON CONFLICT (digest) DO UPDATE SET "
            "used_at = excluded.used_at WHERE campaign_uses.used_at < excluded.used_at",
            {use.digest, TimeText(use.at)}));
      }
      return {};
    }));
  }
  return {};
}

Result<std::vector<CampaignUse>> Store::ListCampaignUses(StoreTime since) {
  std::vector<CampaignUse> uses;
  TRY(state_->pool.Transact([&](SqlConnection& connection) -> SqlResult<void> {
    uses.clear();
    TRY(connection.Run("DELETE FROM campaign_uses WHERE used_at < $1", {TimeText(since)}));
    const SqlRows rows = TRY(connection.Run("SELECT digest, used_at FROM campaign_uses"));
    for (const SqlRow& row : rows.rows) uses.push_back({row.Text(0), TimeOf(row, 1)});
    return {};
  }));
  return uses;
}

}  // namespace winnow
