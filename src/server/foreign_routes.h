/// Routes of other servers. Clients of their APIs, and people who know them, try these paths first; a response that
/// names the route to use saves them the search.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace winnow {

/// Returns what to use in place of a route of OpenAI's API, KServe v1, TorchServe, TensorFlow Serving, Triton, Text
/// Embeddings Inference, Hugging Face's Inference API or other common servers, with an example of a body; nothing for
/// a path that is none of theirs. `path` has no query.
std::optional<std::string> PointerFrom(std::string_view path);

}  // namespace winnow
