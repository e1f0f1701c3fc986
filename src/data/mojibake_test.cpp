#include "data/mojibake.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(Mojibake, IsFoundWithWhatItWas) {
  const auto cafe = FindMojibake("un cafÃ© noir");
  ASSERT_TRUE(cafe);
  EXPECT_EQ(cafe->broken, "Ã©");
  EXPECT_EQ(cafe->repaired, "é");
  const auto quote = FindMojibake("itâ€™s hers, isnâ€™t it");
  ASSERT_TRUE(quote);
  EXPECT_EQ(quote->repaired, "’");
  EXPECT_EQ(quote->count, 2u);
  EXPECT_EQ(FindMojibake("wow ðŸ™‚")->repaired, "🙂");
  EXPECT_EQ(FindMojibake("Ð¿Ñ€Ð¸Ð²ÐµÑ‚")->count, 6u);
  EXPECT_EQ(FindMojibake("win Â£1000")->repaired, "£");
}

TEST(Mojibake, RealWordsAreNone) {
  for (const char* text : {"", "plain", "café, naïve, Zürich", "«CAFÉ»", "São Paulo", "привет", "今天",
                           "🙂 £5 – it’s", "Â", "Ã", "â€"}) {
    EXPECT_FALSE(FindMojibake(text)) << text;
  }
}

TEST(Mojibake, BytesThatAreNoTextAreSurvived) {
  std::string bytes;
  for (int i = 0; i < 4096; ++i) bytes += static_cast<char>((static_cast<unsigned>(i) * 2654435761u) >> 13);
  bytes += "\xC3\x83\xC2\xA9";  // "Ã©", among what is no text
  size_t found = 0;
  for (size_t begin = 0; begin < bytes.size(); begin += 64) {
    const auto mojibake = FindMojibake(std::string_view(bytes).substr(begin));
    if (!mojibake) continue;
    ++found;
    EXPECT_LT(mojibake->repaired.size(), mojibake->broken.size());
  }
  EXPECT_EQ(found, 65u);
  EXPECT_FALSE(FindMojibake("\xC3"));
  EXPECT_FALSE(FindMojibake("\xC3\x83\xC2"));
}

}  // namespace
}  // namespace winnow
