#include "base/line_writer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

std::string Contents(const std::filesystem::path& path) {
  std::ostringstream contents;
  contents << std::ifstream(path).rdbuf();
  return contents.str();
}

int OpenFile(const std::filesystem::path& path) { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600); }

TEST(LineWriter, WritesAllLinesInOrderBeforeItGoes) {
  const TemporaryDirectory directory;
  std::string expected;
  {
    LineWriter writer(OpenFile(directory.path() / "log"), /*owned=*/true);
    for (int i = 0; i < 1000; ++i) {
      writer.Write(std::to_string(i));
      expected += std::to_string(i) + "\n";
    }
  }
  EXPECT_EQ(Contents(directory.path() / "log"), expected);
}

TEST(LineWriter, WritesLinesThatComeAfterAReplacementToTheOtherFile) {
  const TemporaryDirectory directory;
  {
    LineWriter writer(OpenFile(directory.path() / "a"), /*owned=*/true);
    writer.Write("before");
    writer.Replace(OpenFile(directory.path() / "b"));
    writer.Write("after");
  }
  EXPECT_EQ(Contents(directory.path() / "a"), "before\n");
  EXPECT_EQ(Contents(directory.path() / "b"), "after\n");
}

/// Writes to the pipe until it takes nothing more.
void Fill(int pipe) {
  const int flags = ::fcntl(pipe, F_GETFL);
  ASSERT_EQ(::fcntl(pipe, F_SETFL, flags | O_NONBLOCK), 0);
  const std::string block(1024, 'x');
  while (::write(pipe, block.data(), block.size()) > 0) continue;
  ASSERT_EQ(errno, EAGAIN);
  ASSERT_EQ(::fcntl(pipe, F_SETFL, flags), 0);
}

TEST(LineWriter, APipeThatNobodyReadsCostsLinesAndNoTime) {
  std::array<int, 2> ends = {};
  ASSERT_EQ(::pipe(ends.data()), 0);
  Fill(ends[1]);
  {
    LineWriter writer(ends[1], /*owned=*/true, /*max_bytes=*/10000);
    for (int i = 0; i < 2000; ++i) writer.Write(std::string(999, 'x'));
    EXPECT_EQ(writer.lost(), 1990) << "ten lines of 1,000 bytes wait for the pipe";
  }  // returns although the pipe is full
  ::close(ends[0]);
}

/// Writes two lines, neither of which the descriptor takes, and expects that the writer says so.
void ExpectBothLinesLost(int descriptor) {
  LineWriter writer(descriptor, /*owned=*/true);
  writer.Write("a");
  writer.Write("b");
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (writer.lost() < 2 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_EQ(writer.lost(), 2);
}

TEST(LineWriter, CountsLinesThatCannotBeWritten) { ExpectBothLinesLost(::open("/dev/full", O_WRONLY)); }

TEST(LineWriter, APipeWhoseReaderHasGoneCostsLinesAndNotTheProcess) {
  std::array<int, 2> ends = {};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ::close(ends[0]);
  ExpectBothLinesLost(ends[1]);
}

}  // namespace
}  // namespace winnow
