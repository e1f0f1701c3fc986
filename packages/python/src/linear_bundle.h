/// Bundles of linear models whose features and weights Python gives, for winnow.from_sklearn.
#pragma once

#include <nanobind/nanobind.h>

namespace winnow::python {

/// Adds the function write_linear_bundle to the module.
void BindLinearBundle(nanobind::module_& module);

}  // namespace winnow::python
