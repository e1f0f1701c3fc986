#include "server/foreign_routes.h"

#include <fmt/format.h>

#include <algorithm>

namespace winnow {
namespace {

/// What to use instead.
enum class Use {
  kClassify,
  kClassifyModel,
  kModels,
  kHealth,
  kReady,
  kDocs,
  kNoText,
  kEmbed,
  kModerate,
  kIndex,
  kMetrics,
  kMail
};

/// A route of another API. In `path`, '*' matches one or more characters other than '/'.
struct ForeignRoute {
  std::string_view path;
  std::string_view api;
  Use use;
};

// Sources: platform.openai.com/docs/api-reference; kserve.github.io (V1 protocol); tensorflow.org/tfx/serving/api_rest;
// pytorch.org/serve (inference and management API); the Triton Inference Server's docs/protocol; Text Embeddings
// Inference's OpenAPI document; Hugging Face's Inference API; rasa.com (HTTP API); Azure ML's scoring URL; gradio.app;
// rspamd.com (protocol).
constexpr ForeignRoute kForeignRoutes[] = {
    {"/v1/chat/completions", "OpenAI's API", Use::kClassify},
    {"/v1/completions", "OpenAI's API", Use::kClassify},
    {"/v1/responses", "OpenAI's API", Use::kClassify},
    {"/v1/classifications", "OpenAI's API", Use::kClassify},
    {"/v1/models/*:predict", "KServe v1", Use::kClassifyModel},
    {"/v1/models/*:explain", "KServe v1", Use::kClassifyModel},
    {"/v1/models/*:classify", "TensorFlow Serving", Use::kClassifyModel},
    {"/v1/models/*/versions/*:predict", "TensorFlow Serving", Use::kClassifyModel},
    {"/v1/models/*/versions/*:classify", "TensorFlow Serving", Use::kClassifyModel},
    {"/v1/models/*/versions/*", "TensorFlow Serving", Use::kModels},
    {"/v1/models/*/metadata", "TensorFlow Serving", Use::kModels},
    {"/v2/models", "other servers", Use::kIndex},
    {"/v2/models/*/config", "Triton", Use::kModels},
    {"/v2/models/*/versions/*/config", "Triton", Use::kModels},
    {"/v2/models/*/stats", "Triton", Use::kMetrics},
    {"/v2/models/*/versions/*/stats", "Triton", Use::kMetrics},
    {"/v2/models/stats", "Triton", Use::kMetrics},
    {"/v2/models/*/generate", "Triton", Use::kClassifyModel},
    {"/predictions/*", "TorchServe", Use::kClassifyModel},
    {"/predictions/*/*", "TorchServe", Use::kClassifyModel},
    {"/explanations/*", "TorchServe", Use::kClassifyModel},
    {"/ping", "TorchServe and SageMaker", Use::kHealth},
    {"/models/*", "TorchServe and Hugging Face's Inference API", Use::kClassifyModel},
    {"/models/*/*", "Hugging Face's Inference API", Use::kClassifyModel},
    {"/pipeline/text-classification/*", "Hugging Face's Inference API", Use::kClassifyModel},
    {"/pipeline/text-classification/*/*", "Hugging Face's Inference API", Use::kClassifyModel},
    {"/embed_all", "Text Embeddings Inference", Use::kEmbed},
    {"/embed_sparse", "Text Embeddings Inference", Use::kNoText},
    {"/embeddings", "OpenAI's API without its prefix", Use::kEmbed},
    {"/moderations", "OpenAI's API without its prefix", Use::kModerate},
    {"/rerank", "Text Embeddings Inference", Use::kNoText},
    {"/similarity", "Text Embeddings Inference", Use::kNoText},
    {"/decode", "Text Embeddings Inference", Use::kNoText},
    {"/vertex", "Text Embeddings Inference", Use::kClassify},
    {"/generate", "Text Generation Inference", Use::kClassify},
    {"/model/parse", "Rasa", Use::kClassify},
    {"/score", "Azure ML", Use::kClassify},
    {"/api/predict", "Gradio", Use::kClassify},
    {"/run/predict", "Gradio", Use::kClassify},
    {"/call/predict", "Gradio", Use::kClassify},
    {"/gradio_api/call/predict", "Gradio", Use::kClassify},
    {"/v1/predict", "other servers", Use::kClassify},
    {"/v1/predictions", "other servers", Use::kClassify},
    {"/v1/infer", "other servers", Use::kClassify},
    {"/v2/infer", "other servers", Use::kClassify},
    {"/v1/classify/*", "other servers", Use::kClassifyModel},
    {"/api/classify", "other servers", Use::kClassify},
    {"/api/v1/classify", "other servers", Use::kClassify},
    {"/api/v1/predict", "other servers", Use::kClassify},
    {"/classify", "other servers", Use::kClassify},
    {"/predict/*", "other servers", Use::kClassifyModel},
    {"/predict_batch", "other servers", Use::kClassify},
    {"/batch_predict", "other servers", Use::kClassify},
    {"/predictions", "other servers", Use::kClassify},
    {"/inference", "other servers", Use::kClassify},
    {"/infer", "other servers", Use::kClassify},
    {"/checkv2", "rspamd", Use::kMail},
    {"/check", "rspamd", Use::kMail},
    {"/symbols", "rspamd", Use::kMail},
    {"/learnspam", "rspamd", Use::kMail},
    {"/learnham", "rspamd", Use::kMail},
    {"/fuzzyadd", "rspamd", Use::kMail},
    {"/fuzzydel", "rspamd", Use::kMail},
    {"/stat", "rspamd", Use::kMail},
    {"/healthz", "other servers", Use::kHealth},
    {"/livez", "other servers", Use::kHealth},
    {"/health/live", "other servers", Use::kHealth},
    {"/v1/health", "other servers", Use::kHealth},
    {"/status", "other servers", Use::kHealth},
    {"/readyz", "other servers", Use::kReady},
    {"/health/ready", "other servers", Use::kReady},
    {"/swagger", "other servers", Use::kDocs},
    {"/redoc", "other servers", Use::kDocs},
    {"/api/docs", "other servers", Use::kDocs},
    {"/swagger.json", "other servers", Use::kDocs},
};

bool Matches(std::string_view pattern, std::string_view path) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == path;
  if (!path.starts_with(pattern.substr(0, star))) return false;
  path.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  // As little as will do: what a '*' stands for is not empty, and ends before the next '/'.
  for (size_t taken = 1; taken <= path.size() && path[taken - 1] != '/'; ++taken) {
    if (Matches(pattern, path.substr(taken))) return true;
  }
  return false;
}

std::string_view Instruction(Use use) {
  switch (use) {
    case Use::kClassify:
      return R"(classify texts with POST /v1/classify and a body such as {"text": "You won a prize"})";
    case Use::kClassifyModel:
      return R"(classify texts with POST /v1/classify and a body such as {"text": "You won a prize", "model": "NAME"})";
    case Use::kModels:
      return "list the models with GET /models";
    case Use::kHealth:
      return "use GET /health";
    case Use::kReady:
      return "use GET /ready";
    case Use::kDocs:
      return "use GET /docs or GET /openapi.json";
    case Use::kNoText:
      return R"(this server classifies texts only: POST /v1/classify with a body such as {"text": "You won a prize"})";
    case Use::kEmbed:
      return R"(use POST /v1/embeddings with a body such as {"input": "You won a prize", "model": "NAME"})";
    case Use::kModerate:
      return R"(use POST /v1/moderations with a body such as {"input": "You won a prize"})";
    case Use::kIndex:
      return "list the models with POST /v2/repository/index or GET /models";
    case Use::kMetrics:
      return "use GET /metrics";
    case Use::kMail:
      return "a server with --filter and --store has POST /checkv2, /learnspam and /learnham";
  }
  return "";
}

}  // namespace

std::optional<std::string> PointerFrom(std::string_view path) {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const auto* const found =
      std::ranges::find_if(kForeignRoutes, [&](const ForeignRoute& route) { return Matches(route.path, path); });
  if (found == std::end(kForeignRoutes)) return std::nullopt;
  return fmt::format("this path belongs to {}, which this server does not implement; {}", found->api,
                     Instruction(found->use));
}

}  // namespace winnow
