# What the installed program consists of, as CycloneDX, and the licenses of all parts, which tools/sbom.py finds out from Debian's
# packages and from what web/build.sh installed. Elsewhere they are left out, and that is said.
configure_file(${PROJECT_SOURCE_DIR}/cmake/write_bill_of_materials.cmake.in write_bill_of_materials.cmake @ONLY)
install(SCRIPT ${PROJECT_BINARY_DIR}/write_bill_of_materials.cmake)
