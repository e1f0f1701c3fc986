/// Items and statistics of reviews as the API has them, and the schemas of its routes.
#pragma once

#include "base/json.h"
#include "review/review_set.h"

namespace winnow {

Json ItemJson(const ReviewItem& item);
Json StatsJson(const ReviewStats& stats);
/// Returns {"items", "left"}.
Json NextJson(const NextItems& next);
/// Returns "2026-11-29T10:00:00Z".
std::string ReviewTimeText(int64_t seconds);

/// JSON Schemas of requests.
const Json& NewReviewSchema();
const Json& NextQuery();
const Json& LabelRequestSchema();
const Json& GroupsQuery();

/// JSON Schemas and examples of answers.
Json ReviewListSchema();
Json ReviewStateSchema();
Json ReviewItemSchema();
Json ReviewStatsSchema();
Json ExampleReviewItem();
Json ExampleReviewStats();

}  // namespace winnow
