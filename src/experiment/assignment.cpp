#include "experiment/assignment.h"

#include <algorithm>
#include <array>
#include <string>

#include "experiment/murmur3.h"

namespace winnow {

std::string_view NameOf(Arm arm) {
  switch (arm) {
    case Arm::kControl:
      return "control";
    case Arm::kCandidate:
      return "candidate";
    case Arm::kNone:
      break;
  }
  return "none";
}

double PlaceOf(std::string_view experiment_id, std::string_view user) {
  const size_t size = experiment_id.size() + 1 + user.size();
  std::array<char, 481> small;
  std::string large;
  if (size > small.size()) large.resize(size);
  char* const key = large.empty() ? small.data() : large.data();
  *std::copy(experiment_id.begin(), experiment_id.end(), key) = '\0';
  std::copy(user.begin(), user.end(), key + experiment_id.size() + 1);
  return static_cast<double>(Murmur3({key, size}).low >> 11) * 0x1p-53;
}

Arm ArmOf(double place, double candidate_share) {
  if (place < candidate_share) return Arm::kCandidate;
  return place >= 1 - std::min(candidate_share, 1 - candidate_share) ? Arm::kControl : Arm::kNone;
}

double ShareInExperiment(double candidate_share) { return std::max(candidate_share, 0.5); }

}  // namespace winnow
