#include "base/input_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

std::string All(InputFile& file) {
  std::string all;
  std::array<char, 7> buffer{};
  for (;;) {
    const Result<size_t> got = file.Read(buffer.data(), buffer.size());
    if (!got) return got.error().message;
    if (*got == 0) return all;
    all.append(buffer.data(), *got);
  }
}

TEST(InputFile, FilesAndPipesAreReadToTheirEnds) {
  TemporaryDirectory directory;
  const auto file = directory.path() / "file", pipe = directory.path() / "pipe";
  std::ofstream(file) << "contents of a file";
  InputFile opened = InputFile::Open(file).value();
  EXPECT_EQ(All(opened), "contents of a file");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(120));  // longer than one wait
    const int fd = ::open(pipe.c_str(), O_WRONLY);
    EXPECT_EQ(::write(fd, "crumbs ", 7), 7);
    std::this_thread::sleep_for(std::chrono::milliseconds(120));
    EXPECT_EQ(::write(fd, "of a pipe", 9), 9);
    ::close(fd);
  });
  InputFile stream = InputFile::Open(pipe).value();
  EXPECT_EQ(All(stream), "crumbs of a pipe");
  writer.join();
}

TEST(InputFile, APipeWhoseWriterHasGoneIsAtItsEnd) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ::close(ends[1]);
  InputFile file = InputFile::Open("/dev/fd/" + std::to_string(ends[0])).value();  // as a shell's <(true) gives it
  EXPECT_EQ(All(file), "");
  ::close(ends[0]);
}

TEST(InputFile, WhatCannotBeReadIsNamed) {
  TemporaryDirectory directory;
  EXPECT_EQ(InputFile::Open(directory.path() / "none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(InputFile::Open(directory.path()).error().code, ErrorCode::kInvalidData);
}

TEST(InputFile, OnlyRegularFilesOfABoundedSizePassTheCheck) {
  TemporaryDirectory directory;
  const auto file = directory.path() / "file", pipe = directory.path() / "pipe";
  std::ofstream(file) << "12345";
  EXPECT_TRUE(CheckRegularFile(file, 5));
  EXPECT_EQ(CheckRegularFile(file, 4).error().code, ErrorCode::kInvalidData);
  EXPECT_EQ(CheckRegularFile(directory.path() / "none", 4).error().code, ErrorCode::kNotFound);
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(CheckRegularFile(pipe, 4).error().code, ErrorCode::kIo);
  EXPECT_EQ(CheckRegularFile(directory.path(), 4).error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace winnow
