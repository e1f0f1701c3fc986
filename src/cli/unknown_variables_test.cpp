#include "cli/unknown_variables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(UnknownVariables, AMisspeltOneIsNamedWithWhatWasMeant) {
  EXPECT_THAT(
      UnknownVariableWarnings(std::vector<std::string>{"WINNOW_API_KEY_FLIE=keys.txt", "HOME=/", "WINNOW_QQQQ=1"}),
      ElementsAre("the environment variable WINNOW_API_KEY_FLIE has no effect: no command has an option of this "
                  "name; did you mean 'WINNOW_API_KEY_FILE'?",
                  "the environment variable WINNOW_QQQQ has no effect: no command has an option of this name"));
}

TEST(UnknownVariables, OptionsOfAnyCommandAndOtherVariablesAreKnown) {
  EXPECT_THAT(UnknownVariableWarnings(std::vector<std::string>{
                  "WINNOW_EPOCHS=3", "WINNOW_BATCH_SIZE=8", "WINNOW_LEARNING_RATE=1", "WINNOW_API_KEY=k",
                  "WINNOW_API_KEY_FILE=f", "WINNOW_ISA=avx2", "WINNOW_WEB_DIR=w", "WINNOW_DATA_MIRROR=m",
                  "WINNOW_ENGINE=wasm", "WINNOW_PORT=1", "WINNOW_PORT_8080_TCP=tcp://10.0.0.1:8080",
                  "WINNOW_SERVICE_HOST=10.0.0.1", "WINNOW_TEST_FUZZ_SECONDS=20", "PATH=WINNOW_X"}),
              IsEmpty());
}

}  // namespace
}  // namespace winnow
