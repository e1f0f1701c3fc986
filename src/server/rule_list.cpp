#include "server/rule_list.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <utility>

#include "base/files.h"
#include "base/json_or_null.h"
#include "base/log.h"
#include "filter/rule_texts.h"
#include "server/rule_backtest.h"
#include "server/rule_json.h"

namespace winnow {
namespace {

constexpr HistoryBudget kHitsBudget{.messages = 20000, .time = std::chrono::milliseconds(1000)};

/// Adds to rules what they have hit, and the texts of those that can be changed.
class Details {
 public:
  Details(const FilterService& filter, const Json& hits) : counted_(!hits.is_null()) {
    if (filter.rules().editable()) {
      page_ = filter.rules().page_name();
      const Result<std::string> contents = ReadFile(page_);
      // A file that was broken by hand has no texts; its rules are not in use.
      if (contents) texts_ = RuleTexts(*contents, page_).value_or(std::map<std::string, std::string>());
    }
    if (!counted_) return;
    for (const Json& rule : hits["rules"]) hits_.emplace(rule["name"].str(), rule);
  }

  template <typename T>
  Json Of(const T& rule) const {
    Json json = RuleJson(rule);
    const bool editable = !page_.empty() && rule.file == page_;
    const auto text = texts_.find(rule.name);
    json["editable"] = editable;
    json["rule"] = editable && text != texts_.end() ? Json(text->second) : Json();
    const auto hits = hits_.find(rule.name);
    for (const auto& [key, counted] : {std::pair("hits", "hits"), std::pair("spam_hits", "judged_spam"),
                                       std::pair("known_spam", "known_spam"), std::pair("known_ham", "known_ham")}) {
      json[key] = hits != hits_.end() ? hits->second[counted] : counted_ ? Json(0) : Json();
    }
    return json;
  }

 private:
  const bool counted_;
  std::string page_;
  std::map<std::string, std::string> texts_;
  std::map<std::string, Json> hits_;
};

}  // namespace

Json RuleHits::Of(const FilterService& filter) {
  const std::shared_ptr<Store> store = filter.has_store() ? filter.recorder().store() : nullptr;
  if (store == nullptr) return {};
  const MutexLock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (!hits_.is_null() && now < valid_until_) return hits_;
  Result<Json> counted = CountRuleHits(*store, kHitsBudget);
  if (!counted) {
    LogWarning("the hits of rules cannot be counted: {}", counted.error().message);
    return {};
  }
  hits_ = *std::move(counted);
  valid_until_ = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  return hits_;
}

RuleSet::Pointer RulesInUse(const FilterService& filter) {
  RuleSet::Pointer rules = filter.filter().rules();
  return rules != nullptr ? rules : RuleSet::Parse("", "none").value();
}

Json RuleListJson(const FilterService& filter, const Json& hits) {
  const RuleSet::Pointer rules = RulesInUse(filter);
  Json list = Json::array(), files = Json::array();
  const Details details(filter, hits);
  for (const Rule& rule : rules->rules()) list.push_back(details.Of(rule));
  for (const Composite& composite : rules->composites()) list.push_back(details.Of(composite));
  for (const std::string& file : filter.rules().files())
    files.push_back(std::filesystem::path(file).filename().string());
  Json counted;
  if (!hits.is_null())
    counted = {{"messages", hits["messages"]}, {"since", hits["since"]}, {"complete", hits["complete"]}};
  const std::string problem = filter.rules().problem();
  return {{"rules", std::move(list)},
          {"files", std::move(files)},
          {"editable", filter.rules().editable()},
          {"problem", problem.empty() ? Json() : Json(problem)},
          {"actions", {{"spam", OrNull(rules->actions().spam)}, {"ham", OrNull(rules->actions().ham)}}},
          {"counted", std::move(counted)}};
}

Json OneRuleJson(const FilterService& filter, const std::string& name) {
  const RuleSet::Pointer rules = RulesInUse(filter);
  const auto rule = std::ranges::find(rules->rules(), name, &Rule::name);
  if (rule != rules->rules().end()) return Details(filter, Json()).Of(*rule);
  const auto composite = std::ranges::find(rules->composites(), name, &Composite::name);
  return composite != rules->composites().end() ? Details(filter, Json()).Of(*composite) : Json();
}

}  // namespace winnow
