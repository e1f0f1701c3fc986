/// Data files of a test, and what they are read as.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "data/dataset.h"
#include "support/gzip_file.h"
#include "support/temporary_directory.h"

namespace winnow {

/// A test fixture that writes data files into a temporary directory and reads them as data sets.
class DatasetFiles : public ::testing::Test {
 protected:
  std::filesystem::path Write(const std::string& name, std::string_view contents) {
    const std::filesystem::path path = directory_.path() / name;
    EXPECT_TRUE(WriteFileAtomically(path, contents));
    return path;
  }
  std::filesystem::path WriteGzip(const std::string& name, std::string_view contents) {
    const std::filesystem::path path = directory_.path() / name;
    winnow::WriteGzip(path, contents);
    return path;
  }
  Result<Dataset> Read(const std::filesystem::path& file, const ReadOptions& options = {}) {
    const std::vector<std::filesystem::path> files = {file};
    return ReadDataset(files, options, report_);
  }
  /// Every example as "label+label:text".
  std::vector<std::string> Rows(const std::filesystem::path& file, const ReadOptions& options = {}) {
    const Result<Dataset> dataset = Read(file, options);
    if (!dataset) return {"error: " + dataset.error().Text()};
    std::vector<std::string> rows;
    for (const Example& example : dataset->examples) {
      std::string row;
      for (const int32_t id : example.labels)
        row += (row.empty() ? "" : "+") + dataset->labels.names.at(static_cast<size_t>(id));
      rows.push_back(row + ":" + example.text);
    }
    return rows;
  }
  std::string ErrorOf(const std::filesystem::path& file, const ReadOptions& options = {}) {
    const Result<Dataset> dataset = Read(file, options);
    return dataset ? "no error" : dataset.error().Text();
  }

  TemporaryDirectory directory_;
  ReadReport report_;
};

}  // namespace winnow
