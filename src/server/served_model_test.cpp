#include "server/served_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "support/served_routes.h"

namespace winnow {
namespace {

using testing::HasSubstr;

/// Classifies texts with the model "spam" of the routes, and returns the result.
ApiResult<std::vector<ClassifiedText>> Classified(const ServedRoutes& routes, ServedModel::Request request) {
  std::promise<ApiResult<std::vector<ClassifiedText>>> promise;
  routes.Served("spam")->Classify(std::move(request),
                                  [&promise](const auto& results, const ServedTimes&) { promise.set_value(results); });
  return promise.get_future().get();
}

TEST(ServedModel, RequestsThatWaitedForAThreadLongerThanMaxWaitAreRefused) {
  const ServedRoutes routes;
  const auto request = [](std::chrono::milliseconds waited) {
    return ServedModel::Request{.texts = {"win a prize"}, .waited = waited};
  };
  EXPECT_TRUE(Classified(routes, request(std::chrono::milliseconds(0))));
  EXPECT_TRUE(Classified(routes, request(std::chrono::milliseconds(900))));
  const auto late = Classified(routes, request(std::chrono::milliseconds(1100)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().status, 429);
  EXPECT_THAT(late.error().message, HasSubstr("too many large requests"));
  EXPECT_EQ(late.error().headers.at(0).first, "Retry-After");
}

TEST(ServedModel, RequestsThatNobodyWaitsForAreNotBegun) {
  const ServedRoutes routes;
  ServedModel::Request late = {.texts = {"win a prize"}, .waited = std::chrono::milliseconds(1)};
  ServedModel::Request left = late;
  late.deadline = std::chrono::steady_clock::now();
  left.client_disconnected = std::make_shared<std::atomic<bool>>(true);
  EXPECT_EQ(Classified(routes, std::move(late)).error().status, 503);
  EXPECT_EQ(Classified(routes, std::move(left)).error().status, 503);
}

TEST(ServedModel, LargeRequestsGetTheSamePredictionsAsSmallOnes) {
  const ServedRoutes routes;
  const auto one = Classified(routes, {.texts = {"call me later"}});
  for (const size_t texts : {size_t{64}, size_t{65}, size_t{500}}) {
    const auto many = Classified(routes, {.texts = std::vector<InputText>(texts, "call me later")});
    ASSERT_EQ(many.value().size(), texts);
    EXPECT_NEAR(many->back().probabilities[0], one.value()[0].probabilities[0], 1e-5);
  }
}

TEST(ServedModel, ThreadsThatClassifyAndEmbedGetWhatTheyAskedFor) {
  const ServedRoutes routes;
  const auto model = routes.Served("spam");
  const auto embedded = [&](std::vector<InputText> texts) {
    std::promise<std::vector<float>> promise;
    model->Embed({.texts = std::move(texts)},
                 [&promise](const auto& rows, const ServedTimes&) { promise.set_value(rows.value()); });
    return promise.get_future().get();
  };
  const std::vector<InputText> texts = {"win a prize", "call me later", "see you at six and call me"};
  const auto expected = Classified(routes, {.texts = texts}).value();
  const std::vector<float> vectors = embedded(texts);
  const size_t size = model->classifier().scorer().embedding_size();
  ASSERT_EQ(vectors.size(), 3 * size);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 20; ++i) {
        const size_t t = static_cast<size_t>(i + thread) % 3;
        if (thread % 2 == 0) {
          const auto found = Classified(routes, {.texts = {texts[t]}, .no_store = true}).value();
          EXPECT_NEAR(found[0].probabilities[0], expected[t].probabilities[0], 1e-5);
        } else {
          const std::vector<float> found = embedded({texts[t]});
          for (size_t d = 0; d < size; ++d) EXPECT_NEAR(found[d], vectors[t * size + d], 1e-5);
        }
      }
    });
  }
  for (std::thread& each : threads) each.join();
}

}  // namespace
}  // namespace winnow
