// The tables that features are made of.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/random.h"
#include "linear/ngram_trie.h"
#include "linear/row_counter.h"
#include "linear/word_table.h"

namespace winnow {
namespace {

TEST(NgramTrie, FindsWhatWasAdded) {
  NgramTrie trie;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> expected;
  Random random(5);
  for (int i = 0; i < 20000; ++i) {
    const uint32_t parent = random.Below(static_cast<uint32_t>(trie.nodes())), symbol = random.Below(50);
    const uint32_t node = trie.FindOrAdd(parent, symbol).node;
    const auto [place, is_new] = expected.try_emplace({parent, symbol}, node);
    ASSERT_EQ(place->second, node);
    if (is_new) {
      ASSERT_EQ(node, trie.nodes() - 1) << "numbered in order";
      ASSERT_EQ(trie.parent(node), parent);
      ASSERT_EQ(trie.symbol(node), symbol);
    }
  }
  for (uint32_t parent = 0; parent < trie.nodes(); ++parent) {
    for (uint32_t symbol = 0; symbol < 50; ++symbol) {
      const auto* entry = trie.Find(parent, symbol);
      const auto place = expected.find({parent, symbol});
      ASSERT_EQ(entry != nullptr, place != expected.end());
      if (entry != nullptr) {
        ASSERT_EQ(entry->node, place->second);
      }
    }
  }
}

TEST(WordTable, TellsWordsApartWhateverTheirLength) {
  WordTable table;
  std::map<std::string, uint32_t> expected;
  Random random(6);
  for (int i = 0; i < 20000; ++i) {
    std::string word;
    for (uint32_t n = random.Below(24); n > 0; --n) word += random.Below(8) == 0 ? 'b' : 'a';
    const std::string padded = word + std::string(WordTable::kPadding, 'a');  // what stands behind it is no part of it
    const std::string_view view(padded.data(), word.size());
    const auto known = expected.find(word);
    ASSERT_EQ(table.Find(view), known == expected.end() ? WordTable::kNone : known->second);
    const uint32_t number = table.FindOrAdd(view);
    ASSERT_EQ(expected.try_emplace(word, number).first->second, number);
    ASSERT_EQ(table.word(number), word);
  }
  EXPECT_EQ(table.size(), expected.size());
}

TEST(RowCounter, CountsAndSorts) {
  RowCounter counter;
  Random random(7);
  for (const size_t columns : {1u, 64u, 65u, 4096u, 4097u, 300000u, 10u}) {
    counter.Resize(columns);
    for (int round = 0; round < 3; ++round) {
      std::map<int32_t, uint32_t> expected;
      for (int i = 0; i < 500; ++i) {
        const auto column = static_cast<int32_t>(random.Below(static_cast<uint32_t>(columns)));
        ++expected[column];
        counter.Add(column);
      }
      counter.Sort();
      ASSERT_EQ(counter.size(), expected.size());
      size_t i = 0;
      for (const auto& [column, count] : expected) {
        ASSERT_EQ(counter.columns()[i++], column);
        ASSERT_EQ(counter.count(column), count);
      }
      counter.Clear();
    }
  }
}

}  // namespace
}  // namespace winnow
