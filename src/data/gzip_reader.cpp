#include "data/gzip_reader.h"

#include <algorithm>
#include <cstring>

namespace winnow {
namespace {

constexpr size_t kInputBytes = size_t{1} << 16;
constexpr int kGzipWindow = 15 + 16;  // the largest window, and gzip's header and trailer

bool IsGzip(const unsigned char* bytes, size_t count) { return count >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b; }

}  // namespace

void GzipReader::Closer::operator()(z_stream* stream) const {
  inflateEnd(stream);
  delete stream;
}

Result<GzipReader> GzipReader::Open(const std::filesystem::path& path) {
  GzipReader reader;
  reader.file_ = TRY(InputFile::Open(path));
  reader.input_.resize(kInputBytes);
  return reader;
}

Error GzipReader::Damaged(const std::string& reason) const {
  return {ErrorCode::kInvalidData, name() + ": damaged or incomplete gzip data: " + reason,
          "download or compress the file again; `gzip -t` checks it"};
}

Result<void> GzipReader::Fill(size_t wanted) {
  if (begin_ > 0 && end_ - begin_ < wanted) {
    std::memmove(input_.data(), input_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ - begin_ < wanted && !file_ended_) {
    const size_t got = TRY(file_.Read(reinterpret_cast<char*>(input_.data()) + end_, input_.size() - end_));
    file_ended_ = got == 0;
    end_ += got;
    packed_bytes_ += got;
  }
  return {};
}

Result<void> GzipReader::Begin() {
  begun_ = true;
  TRY(Fill(2));
  if (!IsGzip(input_.data() + begin_, end_ - begin_)) return {};
  auto stream = std::make_unique<z_stream>();
  if (inflateInit2(stream.get(), kGzipWindow) != Z_OK)
    return Fail(ErrorCode::kIo, name() + ": cannot unpack: out of memory");
  stream_.reset(stream.release());
  return {};
}

Result<size_t> GzipReader::Unpack(char* bytes, size_t count) {
  stream_->next_out = reinterpret_cast<Bytef*>(bytes);
  stream_->avail_out = static_cast<uInt>(count);
  while (stream_->avail_out > 0 && !ended_) {
    TRY(Fill(1));
    if (begin_ == end_) return std::unexpected(Damaged("unexpected end of file"));
    stream_->next_in = input_.data() + begin_;
    stream_->avail_in = static_cast<uInt>(end_ - begin_);
    const int status = inflate(stream_.get(), Z_NO_FLUSH);
    begin_ = end_ - stream_->avail_in;
    if (status == Z_STREAM_END) {
      TRY(Fill(2));
      ended_ = !IsGzip(input_.data() + begin_, end_ - begin_) || inflateReset(stream_.get()) != Z_OK;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      return std::unexpected(Damaged(stream_->msg != nullptr ? stream_->msg : "a dictionary is required"));
    }
  }
  return count - stream_->avail_out;
}

Result<size_t> GzipReader::Read(char* bytes, size_t count) {
  if (!begun_) TRY(Begin());
  if (gzip()) return Unpack(bytes, count);
  size_t done = 0;
  while (done < count) {
    TRY(Fill(1));
    const size_t some = std::min(count - done, end_ - begin_);
    if (some == 0) break;
    std::memcpy(bytes + done, input_.data() + begin_, some);
    begin_ += some;
    done += some;
  }
  return done;
}

}  // namespace winnow
