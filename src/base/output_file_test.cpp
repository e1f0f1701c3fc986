#include "base/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class OutputFile : public ::testing::Test {
 protected:
  fs::path Path(const std::string& name) const { return directory_.path() / name; }
  TemporaryDirectory directory_;
};

TEST_F(OutputFile, APipeReceivesTheBytesAndStays) {
  const fs::path pipe = Path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string contents(300'000, 'x');  // more than a pipe holds
  std::string got;
  std::thread reader([&] {
    const int fd = ::open(pipe.c_str(), O_RDONLY);
    std::array<char, 1 << 16> buffer{};
    for (ssize_t count; (count = ::read(fd, buffer.data(), buffer.size())) > 0;)
      got.append(buffer.data(), static_cast<size_t>(count));
    ::close(fd);
  });
  const Result<void> written = WriteOutputFile(pipe, contents);
  reader.join();
  ASSERT_TRUE(written) << written.error().Text();
  EXPECT_EQ(got, contents);
  EXPECT_TRUE(fs::is_fifo(pipe));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path()), {}), 1);
}

TEST_F(OutputFile, APipeWhoseReaderGoesIsAnError) {
  const fs::path pipe = Path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  ::signal(SIGPIPE, SIG_IGN);
  std::thread reader([&] { ::close(::open(pipe.c_str(), O_RDONLY)); });
  const Result<void> written = WriteOutputFile(pipe, std::string(300'000, 'x'));
  reader.join();
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIo);
}

TEST_F(OutputFile, ADescriptorOfTheProcessIsWrittenWhereItStands) {
  const int fd = ::open(Path("file").c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_EQ(::write(fd, "first,", 6), 6);
  ASSERT_TRUE(WriteOutputFile("/dev/fd/" + std::to_string(fd), "second"));
  ASSERT_TRUE(WriteOutputFile("/proc/self/fd/" + std::to_string(fd), ",third"));
  fs::create_symlink("/dev/fd/" + std::to_string(fd), Path("link"));
  ASSERT_TRUE(WriteOutputFile(Path("link"), ",fourth"));
  EXPECT_EQ(ReadFile(Path("file")).value(), "first,second,third,fourth");
  ::close(fd);
  EXPECT_FALSE(WriteOutputFile("/dev/fd/" + std::to_string(fd), "closed"));
  EXPECT_TRUE(fs::is_symlink(Path("link")));
}

TEST_F(OutputFile, ALinkStaysAndItsTargetIsWritten) {
  fs::create_directory(Path("elsewhere"));
  ASSERT_TRUE(WriteFileAtomically(Path("elsewhere/target"), "old"));
  fs::create_symlink("elsewhere/target", Path("link"));
  fs::create_symlink("link", Path("link of a link"));
  ASSERT_TRUE(WriteOutputFile(Path("link of a link"), "new"));
  EXPECT_TRUE(fs::is_symlink(Path("link")));
  EXPECT_TRUE(fs::is_symlink(Path("link of a link")));
  EXPECT_EQ(ReadFile(Path("elsewhere/target")).value(), "new");
  fs::create_symlink("elsewhere/none", Path("dangling"));
  ASSERT_TRUE(WriteOutputFile(Path("dangling"), "made"));
  EXPECT_EQ(ReadFile(Path("elsewhere/none")).value(), "made");
  fs::create_symlink("loop", Path("loop"));
  EXPECT_FALSE(WriteOutputFile(Path("loop"), "x"));
}

TEST_F(OutputFile, WhatIsNoFileIsRefusedAndStays) {
  fs::create_directory(Path("directory"));
  for (const Result<void>& result : {CheckOutputFile(Path("directory")), WriteOutputFile(Path("directory"), "x")}) {
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().message.find("is a directory"), std::string::npos) << result.error().message;
  }
  ASSERT_EQ(::mkfifo(Path("pipe").c_str(), 0600), 0);
  EXPECT_FALSE(WriteFileAtomically(Path("pipe"), "x")) << "a file of a directory of ours is never a pipe";
  EXPECT_TRUE(fs::is_fifo(Path("pipe")));
}

TEST_F(OutputFile, AnInputIsRecognizedUnderEveryName) {
  ASSERT_TRUE(WriteFileAtomically(Path("data"), "x"));
  fs::create_hard_link(Path("data"), Path("hard"));
  fs::create_symlink("data", Path("soft"));
  const std::vector<fs::path> inputs = {Path("none"), Path("data")};
  for (const char* name : {"data", "./data", "hard", "soft"}) {
    const Result<void> result = CheckOutputFile(Path(name), inputs);
    ASSERT_FALSE(result) << name;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_TRUE(CheckOutputFile(Path("other"), inputs));
  const std::vector<fs::path> devices = {"/dev/null"};
  EXPECT_TRUE(CheckOutputFile("/dev/null", devices)) << "only looked at";
}

TEST_F(OutputFile, LinesAreAppendedToFilesAndPassedToPipes) {
  ASSERT_TRUE(AppendOutputLine(Path("history"), "one"));
  fs::create_symlink("history", Path("link"));
  ASSERT_TRUE(AppendOutputLine(Path("link"), "two"));
  EXPECT_EQ(ReadFile(Path("history")).value(), "one\ntwo\n");
  ASSERT_EQ(::mkfifo(Path("pipe").c_str(), 0600), 0);
  const int reader = ::open(Path("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_TRUE(AppendOutputLine(Path("pipe"), "three"));
  std::array<char, 16> got{};
  EXPECT_EQ(::read(reader, got.data(), got.size()), 6);
  ::close(reader);
}

}  // namespace
}  // namespace winnow
