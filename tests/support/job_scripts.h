/// Jobs that are shell scripts, for tests of the job runner.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jobs/job_runner.h"
#include "support/eventually.h"
#include "support/temporary_directory.h"

namespace winnow {

class JobRunnerTest : public testing::Test {
 protected:
  JobRunnerOptions Options() {
    JobRunnerOptions options;
    options.directory = dir_.path() / "jobs";
    options.program = {"sh", "-c"};
    options.patience = std::chrono::milliseconds(2000);
    return options;
  }
  std::unique_ptr<JobRunner> Open(JobRunnerOptions options) { return JobRunner::Open(std::move(options)).value(); }

  static JobPlan Script(std::string script) {
    return {.kind = "train", .arguments = {std::move(script)}, .title = "a script"};
  }

  static Job WaitFor(const JobRunner& runner, const std::string& id, JobState state) {
    const auto reached = [&] {
      const std::optional<Job> job = runner.Find(id);
      return job && job->state == state;
    };
    EXPECT_TRUE(Eventually(reached)) << "the job did not become " << NameOf(state);
    return runner.Find(id).value();
  }

  static std::vector<std::string> EventTypes(const JobRunner& runner, const std::string& id) {
    std::vector<std::string> types;
    const std::vector<JobEvent> events = runner.Events(id, 0, 1000).value();
    for (const JobEvent& event : events) {
      const Json* detail = event.data.Find("state");
      if (detail == nullptr) detail = event.data.Find("message");
      types.push_back(event.data["type"].str() + (detail != nullptr ? " " + detail->str() : ""));
    }
    return types;
  }

  TemporaryDirectory dir_;
};

}  // namespace winnow
