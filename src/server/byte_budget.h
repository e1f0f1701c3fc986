/// A limit on the memory that requests of all clients take together, shared fairly among the clients.
///
/// A client may take as much as is still free after its request (the dynamic thresholds of Choudhury and Hahne,
/// "Dynamic queue length thresholds for shared-memory packet switches", 1998, with a factor of 1): one client alone can
/// take half of the memory, two a third each, n clients 1/(n+1) each. So a part is always free for a client that has
/// taken nothing yet, without a fixed limit per client.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/mutex.h"

namespace winnow {

/// The memory of a budget. Thread-safe.
class ByteBudget : public std::enable_shared_from_this<ByteBudget> {
 public:
  explicit ByteBudget(uint64_t bytes) : bytes_(bytes) {}

  /// The bytes that one request has taken, which its destruction gives back. To be used by one thread at a time. A
  /// default-constructed share belongs to no budget, and takes whatever it is asked to.
  class Share {
   public:
    Share() = default;
    Share(std::shared_ptr<ByteBudget> budget, std::string client)
        : budget_(std::move(budget)), client_(std::move(client)) {}
    Share(Share&& other) noexcept;
    Share& operator=(Share&& other) noexcept;
    ~Share() { Release(); }

    /// Takes more bytes. Returns false, and takes none, if the client's part of the budget does not allow them.
    bool Grow(uint64_t bytes);
    /// Gives all bytes back.
    void Release();

   private:
    std::shared_ptr<ByteBudget> budget_;
    std::string client_;
    uint64_t taken_ = 0;
  };

  /// Returns an empty share for a request of this client.
  Share ShareOf(std::string client) { return {shared_from_this(), std::move(client)}; }

  /// Returns the number of bytes that are taken.
  uint64_t taken() const;

 private:
  bool Take(const std::string& client, uint64_t bytes);
  void GiveBack(const std::string& client, uint64_t bytes);

  const uint64_t bytes_;
  mutable Mutex mutex_;
  uint64_t taken_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, uint64_t> clients_ GUARDED_BY(mutex_);  // those that have taken something
};

}  // namespace winnow
