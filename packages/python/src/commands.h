/// The commands train, evaluate, calibrate and quantize as functions of winnow._core.
#pragma once

#include <nanobind/nanobind.h>

namespace winnow::python {

/// Adds the function run_command(command, arguments, callback) to the module.
void BindCommands(nanobind::module_& module);

}  // namespace winnow::python
