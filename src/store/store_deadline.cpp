#include "store/store_deadline.h"

#include <algorithm>
#include <utility>

namespace winnow {
namespace {

thread_local StoreDeadline::Clock::time_point this_threads_deadline = StoreDeadline::Clock::time_point::max();

}  // namespace

StoreDeadline::StoreDeadline(Clock::time_point until)
    : former_(std::exchange(this_threads_deadline, std::min(until, this_threads_deadline))) {}

StoreDeadline::~StoreDeadline() { this_threads_deadline = former_; }

StoreDeadline::Clock::time_point StoreDeadline::OfThisThread() { return this_threads_deadline; }

}  // namespace winnow
