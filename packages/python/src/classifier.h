/// The classifier of winnow._core: a bundle, texts in, columns of results out.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/typing.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "classify/bundle_classifier.h"
#include "errors.h"

namespace winnow::python {

/// A dictionary of arrays, or of columns of texts, by name.
using ByName = nb::typed<nb::dict, nb::str, nb::any>;

struct ClassifierOptions {
  int threads = 0;
  Weights weights = Weights::kAuto;
  std::optional<LongText> long_text = {};
  std::optional<bool> fold_disguises = {};
  bool verify = true;
};

/// A loaded bundle with its threads. Any number of Python threads may use it at the same time.
class PythonClassifier {
 public:
  /// Loads a bundle without the interpreter lock. Throws Winnow's exceptions.
  PythonClassifier(std::filesystem::path bundle, const ClassifierOptions& options);
  PythonClassifier(const PythonClassifier&) = delete;
  PythonClassifier& operator=(const PythonClassifier&) = delete;
  ~PythonClassifier();

  /// Classifies texts (python/texts.h), and returns a dictionary of NumPy arrays: probabilities [texts, labels], label,
  /// top, score, confidence, threshold, abstained, scope_score, out_of_scope [texts] and, of multi-label models,
  /// decided [texts, labels].
  ByName Classify(nb::handle texts, const ClassifyOptions& options);
  /// Classifies the texts that the template of the bundle makes of columns, which is a dictionary.
  ByName ClassifyColumns(const ByName& columns, const ClassifyOptions& options);
  /// Returns the document of ExplanationJson.
  std::string Explain(const std::string& text, const ClassifyOptions& options);
  /// Returns what the bundle says about itself.
  std::string Description();

 private:
  struct Loaded {
    explicit Loaded(int threads) : pool(threads) {}
    ThreadPool pool;
    std::optional<BundleClassifier> classifier;
  };
  void Load();
  /// Drops what is loaded. In a forked process, it is left as it is: its threads, for which its destructor would wait,
  /// are not here.
  void Drop();
  /// Returns what is loaded. In a forked process, where the threads of the parent are missing, the bundle is loaded
  /// again first; by each thread that comes meanwhile, which is why callers share it. The caller holds the interpreter
  /// lock.
  std::shared_ptr<const Loaded> Current();
  static ByName ClassifyViews(const BundleClassifier& model, std::span<const InputTextView> views,
                              const ClassifyOptions& options);

  std::filesystem::path bundle_;
  ClassifierOptions options_;
  std::shared_ptr<const Loaded> loaded_;
  pid_t process_ = 0;
};

/// Adds the class to the module.
void BindClassifier(nb::module_& module);

}  // namespace winnow::python
