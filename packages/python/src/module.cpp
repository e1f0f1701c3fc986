/// winnow._core, the native part of the Python package. The package's own Python files are its only users.
#include <nanobind/nanobind.h>

#include "base/log.h"
#include "base/progress.h"
#include "classifier.h"
#include "commands.h"
#include "linear_bundle.h"

NB_MODULE(_core, module) {
  module.doc() = "The native part of the package winnow.";
  module.attr("version") = WINNOW_VERSION;
  // Daemon threads may hold a classifier when the interpreter ends, which is no error.
  nanobind::set_leak_warnings(false);
  // Lines for people come by callbacks; what is left of the log are warnings.
  winnow::SetUpLogging({winnow::LogLevel::kWarning, winnow::LogFormat::kText});
  winnow::SetProgressShown(false);
  winnow::python::BindClassifier(module);
  winnow::python::BindCommands(module);
  winnow::python::BindLinearBundle(module);
}
