#include "server/review_json.h"

#include <chrono>

#include "base/json_or_null.h"
#include "store/time_text.h"

namespace winnow {
namespace {

Json ScoreJson(const ScoredLabel& score) {
  return {{"label", score.first}, {"score", static_cast<double>(score.second)}};
}

}  // namespace

Json ItemJson(const ReviewItem& item) {
  Json scores = Json::array();
  for (const ScoredLabel& score : item.scores) scores.push_back(ScoreJson(score));
  Json json = {{"item", item.item}, {"text", item.text}};
  json["suggestion"] = item.suggestion ? ScoreJson(*item.suggestion) : Json();
  json["scores"] = std::move(scores);
  json["queue"] = NameOf(item.queue);
  json["reason"] = item.reason;
  json["given"] = OrNull(item.given);
  json["cluster"] = item.cluster ? Json({{"id", item.cluster->first}, {"size", item.cluster->second}}) : Json();
  json["lease_seconds"] = ReviewState::kLease.count();
  return json;
}

Json StatsJson(const ReviewStats& stats) {
  Json json = {{"labelled", stats.labelled}, {"skipped", stats.skipped}};
  json["f1_macro"] = stats.estimate ? Json(stats.estimate->f1_macro) : Json();
  json["low"] = stats.estimate ? Json(stats.estimate->interval.low) : Json();
  json["high"] = stats.estimate ? Json(stats.estimate->interval.high) : Json();
  json["basis"] = Json();
  if (stats.estimate) json["basis"] = stats.estimate->basis == EstimateBasis::kRandom ? "random" : "labelled";
  json["measured_on"] = stats.estimate ? Json(stats.estimate->texts) : Json();
  json["next"] = stats.next ? Json({{"labels", stats.next->labels}, {"gain", stats.next->gain}}) : Json();
  Json counts = Json::object();
  for (const auto& [label, count] : stats.per_label) counts[label] = count;
  json["per_label"] = std::move(counts);
  json["sentence"] = stats.sentence;
  return json;
}

Json NextJson(const NextItems& next) {
  Json items = Json::array();
  for (const ReviewItem& item : next.items) items.push_back(ItemJson(item));
  return {{"items", std::move(items)}, {"left", next.left}};
}

std::string ReviewTimeText(int64_t seconds) { return TimeText(StoreTime(std::chrono::seconds(seconds))); }

const Json& NewReviewSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["set", "data"], "properties": {
      "set": {"type": "string", "description": "Name of the new review"},
      "data": {"type": "string", "description": "Name of a file of WORKSPACE/data; its labels are optional"},
      "labels": {"type": ["array", "null"], "items": {"type": "string"}, "description": "Left out: the labels of the data"},
      "features": {"type": ["string", "null"], "default": "auto", "description": "auto, tfidf, or the name of a base model or of a model of the workspace, whose embeddings are used"},
      "model": {"type": ["string", "null"], "description": "The champion: a model of the workspace, whose predictions are suggested at first"},
      "challenger": {"type": ["string", "null"], "description": "Another model; texts that the two decide differently are in the queue disagree"},
      "seeds": {"type": ["object", "null"], "additionalProperties": {"type": "array", "items": {"type": "string"}}, "description": "Words that speak for a label, by label: a start without a single label"},
      "multi": {"type": ["boolean", "null"], "enum": [false, null], "description": "Only false: a text has one label"},
      "format": {"type": ["string", "null"], "description": "Format of the file: csv, tsv, jsonl, json, fasttext or lines; left out: detected"},
      "delimiter": {"type": ["string", "null"], "description": "Delimiter of a table; left out: detected"},
      "quoting": {"type": ["string", "null"], "description": "csv or none; left out: detected"},
      "header": {"type": ["boolean", "null"], "description": "Whether the first row of a table has the names of the columns; left out: detected"},
      "encoding": {"type": ["string", "null"], "description": "Encoding of the file; left out: detected"},
      "text-field": {"type": ["string", "null"], "description": "Column or field of the text; left out: found by its name"},
      "label-field": {"type": ["string", "null"], "description": "Column or field of the label; left out: found by its name"}}})");
  return schema;
}

const Json& NextQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "required": ["set"], "properties": {
    "set": {"type": "string", "description": "Name of the review"},
    "queue": {"enum": ["mixed", "unsure", "disagree", "contradict", "suspects", "audit", "out_of_scope", "new_cluster"], "description": "Queue that the texts come from; left out: mixed"},
    "count": {"type": "integer", "minimum": 1, "maximum": 100, "description": "Maximum number of texts; left out: 5"},
    "reviewer": {"type": "string", "maxLength": 128, "description": "Who labels; left out: the name of the API key"}}})");
  return schema;
}

const Json& LabelRequestSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "properties": {
      "set": {"type": ["string", "null"], "description": "Name of a review; left out: the label is feedback about a message, as for POST /v1/feedback"},
      "reviewer": {"type": ["string", "null"], "maxLength": 128, "description": "Who labels; left out: the name of the API key"},
      "labels": {"type": ["array", "null"], "maxItems": 1000, "description": "Decisions; an empty list only asks for texts", "items": {"type": "object", "additionalProperties": false, "required": ["item"], "properties": {
        "item": {"type": "integer", "minimum": 0, "description": "Number of the text"},
        "label": {"type": ["string", "null"], "description": "Its label"},
        "skip": {"type": ["boolean", "null"], "description": "true: the text comes back when all others are labelled"}}}},
      "count": {"type": ["integer", "null"], "minimum": 0, "maximum": 100, "default": 5, "description": "Number of texts to return"},
      "queue": {"enum": ["mixed", "unsure", "disagree", "contradict", "suspects", "audit", "out_of_scope", "new_cluster", null], "default": "mixed", "description": "Queue that the texts come from"},
      "text": {"type": ["string", "null"], "description": "Text of feedback, in place of labels"},
      "label": {"type": ["string", "null"], "description": "Label of feedback, in place of labels"}}})");
  return schema;
}

const Json& GroupsQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "required": ["set"], "properties": {
    "set": {"type": "string", "description": "Name of the review"},
    "by": {"enum": ["duplicates", "suggestion"], "description": "Texts with almost the same wording, or those of one confident suggestion; left out: duplicates"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 100, "description": "Maximum number of groups; left out: 20"},
    "reviewer": {"type": "string", "maxLength": 128, "description": "Who labels: nobody else gets the texts for two minutes; left out: the name of the API key"}}})");
  return schema;
}

Json ReviewItemSchema() {
  return ParsedJson(
      R"({"type": "object", "required": ["item", "text", "suggestion", "scores", "queue", "reason", "given", "cluster", "lease_seconds"], "properties": {
    "item": {"type": "integer", "description": "Number of the text in the review"},
    "text": {"type": "string", "description": "The text"},
    "suggestion": {"type": ["object", "null"], "description": "The most probable label; null in blind queues, and before anything predicts", "properties": {
      "label": {"type": "string", "description": "The label"}, "score": {"type": "number", "description": "Its probability"}}},
    "scores": {"type": "array", "description": "The ten most probable labels", "items": {"type": "object", "properties": {
      "label": {"type": "string", "description": "A label"}, "score": {"type": "number", "description": "Its probability"}}}},
    "queue": {"type": "string", "description": "Queue that the text is from; a text of the queue mixed is from another one"},
    "reason": {"type": "string", "description": "Why the text is there, in words"},
    "given": {"type": ["string", "null"], "description": "Label of the text in the data; null in blind queues"},
    "cluster": {"type": ["object", "null"], "description": "Group of similar texts", "properties": {
      "id": {"type": "integer", "description": "Number of the group"}, "size": {"type": "integer", "description": "Number of its texts"}}},
    "lease_seconds": {"type": "integer", "description": "Nobody else gets the text for so long"}}})");
}

Json ReviewStatsSchema() {
  return ParsedJson(
      R"({"type": ["object", "null"], "description": "What was labelled, and how good the model is", "properties": {
    "labelled": {"type": "integer", "description": "Number of labelled texts"}, "skipped": {"type": "integer", "description": "Number of skipped texts"},
    "f1_macro": {"type": ["number", "null"], "description": "Estimate of macro-F1; null: too few labels"},
    "low": {"type": ["number", "null"], "description": "Lower end of its 95 % confidence interval"},
    "high": {"type": ["number", "null"], "description": "Upper end of the interval"},
    "basis": {"enum": ["random", "labelled", null], "description": "random: measured on texts that were drawn at random and labelled blind; labelled: by cross-validation on all labelled texts, where hard ones are frequent"},
    "measured_on": {"type": ["integer", "null"], "description": "Number of texts that it was measured on"},
    "next": {"type": ["object", "null"], "description": "What more labels would bring; null: not known", "properties": {
      "labels": {"type": "integer", "description": "Number of further labels"}, "gain": {"type": "number", "description": "Expected rise of macro-F1"}}},
    "per_label": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "Number of texts by label"},
    "sentence": {"type": "string", "description": "All of it in words"}}})");
}

Json ReviewStateSchema() {
  Json schema = ParsedJson(
      R"({"type": "object", "required": ["set", "state", "prepared", "total", "labels", "labelled"], "properties": {
    "set": {"type": "string", "description": "Name of the review"}, "data": {"type": "string", "description": "Name of the data file"},
    "state": {"enum": ["preparing", "ready", "failed"], "description": "preparing: texts come in random order until features are computed"},
    "error": {"type": "string", "description": "Why no features could be computed"},
    "prepared": {"type": "integer", "description": "Number of texts with features"}, "total": {"type": "integer", "description": "Number of texts"},
    "labels": {"type": "array", "items": {"type": "string"}, "description": "The labels"},
    "labelled": {"type": "integer", "description": "Number of labelled texts"},
    "stats": {},
    "curve": {"type": "array", "description": "Macro-F1 as it was measured so far", "items": {"type": "object", "properties": {
      "labels": {"type": "integer", "description": "Number of labelled texts"}, "f1_macro": {"type": "number", "description": "Macro-F1 that was measured then"}}}},
    "queues": {"type": "array", "description": "The queues", "items": {"type": "object", "properties": {
      "name": {"type": "string", "description": "Name of a queue"}, "count": {"type": "integer", "description": "Number of texts in it"}}}},
    "features": {"type": "string", "description": "tfidf or the name of a model"}}})");
  schema["properties"]["stats"] = ReviewStatsSchema();
  return schema;
}

Json ReviewListSchema() {
  return ParsedJson(
      R"({"type": "object", "required": ["sets"], "properties": {"sets": {"type": "array", "description": "The reviews", "items": {
    "type": "object", "required": ["set", "data", "labels", "total", "labelled", "model", "created"], "properties": {
      "set": {"type": "string", "description": "Name of the review"}, "data": {"type": "string", "description": "Name of the data file"},
      "labels": {"type": "array", "items": {"type": "string"}, "description": "The labels"},
      "total": {"type": "integer", "description": "Number of texts"}, "labelled": {"type": "integer", "description": "Number of labelled texts"},
      "model": {"type": ["string", "null"], "description": "The champion, whose predictions were suggested at first"},
      "created": {"type": "string", "format": "date-time", "description": "When the review was created"}}}}}})");
}

Json ExampleReviewItem() {
  return ParsedJson(
      R"({"item": 17, "text": "Is my card on its way?", "suggestion": {"label": "card_arrival", "score": 0.41},
    "scores": [{"label": "card_arrival", "score": 0.41}, {"label": "card_delivery_estimate", "score": 0.38}],
    "queue": "unsure", "reason": "the model wavers between card_arrival (.41) and card_delivery_estimate (.38).",
    "given": null, "cluster": {"id": 3, "size": 41}, "lease_seconds": 120})");
}

Json ExampleReviewStats() {
  return ParsedJson(
      R"({"labelled": 120, "skipped": 2, "f1_macro": 0.81, "low": 0.77, "high": 0.85, "basis": "random", "measured_on": 24,
    "next": {"labels": 100, "gain": 0.02}, "per_label": {"ham": 90, "spam": 30},
    "sentence": "macro-F1 .81 [.77, .85] after 120 labels; 100 more would bring about .02"})");
}

}  // namespace winnow
