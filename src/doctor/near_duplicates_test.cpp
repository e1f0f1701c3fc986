#include "doctor/near_duplicates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>

#include "data/random.h"

namespace winnow {
namespace {

std::vector<std::string_view> Views(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

DuplicateGroups FindGroups(const std::vector<std::string>& texts, double near = 0.8, int threads = 1) {
  ThreadPool pool(threads);
  const std::vector<std::string_view> views = Views(texts);
  Result<DuplicateGroups> found = FindDuplicates(views, near, pool);
  EXPECT_TRUE(found.has_value()) << found.error().message;
  return found.value_or(DuplicateGroups{});
}

std::string RandomWords(SplitMix64& random, size_t words) {
  std::string text;
  for (size_t w = 0; w < words; ++w) {
    if (w > 0) text += ' ';
    for (size_t c = 0; c < 3 + random.Below(6); ++c) text += static_cast<char>('a' + random.Below(26));
  }
  return text;
}

TEST(NearDuplicates, JaccardCountsWhatIsInBothSets) {
  EXPECT_EQ(Jaccard(std::vector<uint32_t>{1, 2, 3}, std::vector<uint32_t>{2, 3, 4}), 0.5);
  EXPECT_EQ(Jaccard(std::vector<uint32_t>{1, 2}, std::vector<uint32_t>{1, 2}), 1);
  EXPECT_EQ(Jaccard(std::vector<uint32_t>{1}, std::vector<uint32_t>{}), 0);
  EXPECT_EQ(Jaccard({}, {}), 1);
}

TEST(NearDuplicates, ShinglesAreRunsOfFiveCharactersEachOnce) {
  EXPECT_EQ(Shingles("abcdefg").size(), 3u);
  EXPECT_EQ(Shingles("aaaaaaaaaa").size(), 1u);
  EXPECT_EQ(Shingles("ab").size(), 1u);
  EXPECT_EQ(Shingles("").size(), 0u);
  EXPECT_EQ(Shingles("ABCDEFG"), Shingles("abcdefg"));
  EXPECT_EQ(Shingles("今天天气很好").size(), 5u);  // runs of two, since five are a sentence
  EXPECT_TRUE(std::ranges::is_sorted(Shingles("the quick brown fox")));
}

TEST(NearDuplicates, DistinguishesEqualFromNormalizedAndSimilarTexts) {
  const std::vector<std::string> texts = {
      "Your parcel is waiting at the post office in town", "something else altogether, about the weather of today",
      "your parcel is  waiting at the post office in town", "Your parcel is waiting at the post office in town",
      "Your parcel is waiting at the post office in town!!"};
  const DuplicateGroups found = FindGroups(texts);
  EXPECT_EQ(found.group_of, (std::vector<size_t>{0, 1, 0, 0, 0}));
  ASSERT_EQ(found.links.size(), 3u);
  EXPECT_EQ(found.links[0].text, 2u);
  EXPECT_EQ(found.links[0].likeness, Likeness::kNormalised);
  EXPECT_EQ(found.links[1].text, 3u);
  EXPECT_EQ(found.links[1].likeness, Likeness::kExact);
  EXPECT_EQ(found.links[2].text, 4u);
  EXPECT_EQ(found.links[2].likeness, Likeness::kNear);
  EXPECT_GE(found.links[2].similarity, 0.8);
  EXPECT_LT(found.links[2].similarity, 1);
}

TEST(NearDuplicates, FindsThePairsThatComparingAllWithAllFinds) {
  SplitMix64 random(1);
  std::vector<std::string> texts;
  for (size_t i = 0; i < 300; ++i) {
    texts.push_back(RandomWords(random, 8 + random.Below(20)));
    // A variant with a few characters changed: some are within the threshold, some beyond it.
    std::string variant = texts.back();
    const size_t changes = random.Below(8);
    for (size_t c = 0; c < changes; ++c) variant[random.Below(variant.size())] = '#';
    texts.push_back(variant);
  }
  std::vector<std::vector<uint32_t>> shingles;
  for (const std::string& text : texts) shingles.push_back(Shingles(text));
  size_t there = 0;
  size_t missed = 0;
  const DuplicateGroups found = FindGroups(texts);
  for (size_t i = 0; i < texts.size(); ++i) {
    for (size_t j = i + 1; j < texts.size(); ++j) {
      if (Jaccard(shingles[i], shingles[j]) < 0.8) continue;
      ++there;
      if (found.group_of[i] != found.group_of[j]) ++missed;
    }
  }
  EXPECT_GT(there, 100u);
  EXPECT_LE(missed, there / 50);
  for (const DuplicateLink& link : found.links) {
    EXPECT_GE(Jaccard(shingles[link.text], shingles[link.other]), 0.8) << texts[link.text] << "\n" << texts[link.other];
    EXPECT_LT(link.other, link.text);
  }
}

TEST(NearDuplicates, LinksJoinEachGroupAndNoMore) {
  SplitMix64 random(2);
  std::vector<std::string> texts;
  const std::string base = RandomWords(random, 30);
  for (size_t i = 0; i < 200; ++i) {
    std::string text = i % 3 == 0 ? RandomWords(random, 12) : base;
    text[random.Below(text.size())] = '#';
    texts.push_back(text);
  }
  const DuplicateGroups found = FindGroups(texts);
  const std::set<size_t> groups(found.group_of.begin(), found.group_of.end());
  EXPECT_EQ(found.links.size(), texts.size() - groups.size());
  for (const DuplicateLink& link : found.links) EXPECT_EQ(found.group_of[link.text], found.group_of[link.other]);
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_LE(found.group_of[i], i);
    EXPECT_EQ(found.group_of[found.group_of[i]], found.group_of[i]);
  }
}

TEST(NearDuplicates, ThreadsDontChangeTheGroups) {
  SplitMix64 random(3);
  std::vector<std::string> texts;
  for (size_t i = 0; i < 400; ++i) texts.push_back(RandomWords(random, 3 + random.Below(3)).substr(0, 12));
  const DuplicateGroups one = FindGroups(texts, 0.3, 1);
  const DuplicateGroups three = FindGroups(texts, 0.3, 3);
  EXPECT_EQ(one.group_of, three.group_of);
  EXPECT_EQ(one.links.size(), three.links.size());
}

TEST(NearDuplicates, LongTextsAreComparedWhole) {
  SplitMix64 random(4);
  const std::string book = RandomWords(random, 5000);
  std::string other_half = book.substr(0, book.size() / 2) + RandomWords(random, 2500);
  std::string typo = book;
  typo[typo.size() / 3] = '#';
  const DuplicateGroups found = FindGroups({book, other_half, typo});
  EXPECT_EQ(found.group_of, (std::vector<size_t>{0, 1, 0}));
}

TEST(NearDuplicates, ALongTextThatIsAPartOfAnotherIsFound) {
  SplitMix64 random(8);
  std::vector<std::string> texts;
  for (size_t i = 0; i < 60; ++i) {
    texts.push_back(RandomWords(random, 500));
    // A mail with a long signature: four fifths of the larger set are in both.
    texts.push_back(texts.back() + ' ' + RandomWords(random, 115));
  }
  const DuplicateGroups found = FindGroups(texts);
  size_t there = 0, missed = 0;
  for (size_t i = 0; i < texts.size(); i += 2) {
    if (Jaccard(Shingles(texts[i]), Shingles(texts[i + 1])) < 0.8) continue;
    ++there;
    missed += found.group_of[i] == found.group_of[i + 1] ? 0 : 1;
  }
  EXPECT_GT(there, 50u);
  EXPECT_LE(missed, 1u);
}

TEST(NearDuplicates, OneTextRepeatedAndOneTemplateFilledManyTimesEndSoon) {
  SplitMix64 random(5);
  std::vector<std::string> texts(20000, "the same text again and again");
  for (size_t i = 0; i < 20000; ++i) {
    texts.push_back("Dear customer, your one-time code is " + std::to_string(random.Below(1000000)) +
                    ", keep it secret");
  }
  const DuplicateGroups found = FindGroups(texts);
  EXPECT_EQ(found.group_of[19999], 0u);
  EXPECT_EQ(found.links.size(), texts.size() - std::set(found.group_of.begin(), found.group_of.end()).size());
}

TEST(NearDuplicates, AcceptsEmptyAndUnusualTextsAndAnEmptySet) {
  EXPECT_TRUE(FindGroups({}).group_of.empty());
  EXPECT_EQ(FindGroups({"", "", "x"}).group_of, (std::vector<size_t>{0, 0, 2}));
  EXPECT_EQ(FindGroups({"\xFF\xFE", "a", "\xFF\xFE"}).group_of, (std::vector<size_t>{0, 1, 0}));
  EXPECT_EQ(FindGroups({"a b c d e f", "a b c d e g"}, 1).group_of, (std::vector<size_t>{0, 1}));
}

TEST(NearDuplicates, RefusesAnInvalidSimilarity) {
  ThreadPool pool(1);
  EXPECT_EQ(FindDuplicates({}, 0, pool).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(FindDuplicates({}, 1.5, pool).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace winnow
