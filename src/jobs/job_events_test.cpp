#include "jobs/job_events.h"

#include <gtest/gtest.h>

#include <vector>

namespace winnow {
namespace {

TEST(JobEvents, LinesBecomeEvents) {
  EXPECT_FALSE(EventOfLine(""));
  const Json plain = EventOfLine("Killed").value();
  EXPECT_EQ(plain["type"].str(), "log");
  EXPECT_EQ(plain["level"].str(), "error");
  EXPECT_EQ(plain["message"].str(), "Killed");
  const Json error = EventOfLine(R"({"time":1.0,"level":"error","message":"no rows","hint":"add some"})").value();
  EXPECT_EQ(error["level"].str(), "error");
  EXPECT_EQ(error["message"].str(), "no rows; add some");
}

TEST(JobEvents, MessagesDoNotShowWhereTheWorkspaceIs) {
  const std::vector<std::string> hidden = {"/srv/ws/", "ws/", ""};
  EXPECT_EQ(WithoutPaths("wrote /srv/ws/models/spam and ws/data/a.csv", hidden), "wrote models/spam and data/a.csv");
  EXPECT_EQ(WithoutPaths("/srv/ws//srv/ws/x", hidden), "x");
  EXPECT_EQ(WithoutPaths("nothing", {}), "nothing");
}

}  // namespace
}  // namespace winnow
