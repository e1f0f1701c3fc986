/// Which users of an experiment see the candidate: a fixed place of each user on a line from 0 to 1, and the parts of
/// the line that belong to the arms.
#pragma once

#include <cstdint>
#include <string_view>

namespace winnow {

/// kNone: the user sees the champion and is not counted.
enum class Arm : uint8_t { kNone, kControl, kCandidate };

/// Returns "none", "control" or "candidate".
std::string_view NameOf(Arm arm);

/// Returns the user's place: uniform in [0, 1), and a function of the experiment's id and the user alone, so that all
/// servers agree without asking each other. Places of one user in two experiments are independent. MurmurHash3 of the
/// id, a zero byte and the user; allocates nothing for names of up to 480 bytes together.
double PlaceOf(std::string_view experiment_id, std::string_view user);

/// Returns the arm of a place while the candidate has `candidate_share` of all users: [0, share) is the candidate's,
/// and as long a part at the other end is the control group's; from a share of one half on, all other users are. As the
/// share grows, users enter the candidate's arm and none leave it.
Arm ArmOf(double place, double candidate_share);

/// Returns the candidate's share among the users of the two arms: one half up to a share of one half, then the share.
double ShareInExperiment(double candidate_share);

}  // namespace winnow
