# libwinnow: the installed API of include/winnow, in C++ and in C, as one shared library, with a CMake package
# (find_package(Winnow), Winnow::winnow) and pkg-config files (winnow; winnow-c for C). What it is made of stays inside.
include(CMakePackageConfigHelpers)

add_library(winnow_library SHARED ${PROJECT_SOURCE_DIR}/src/classify/classifier.cpp
                                  ${PROJECT_SOURCE_DIR}/src/pipeline/trainer.cpp $<TARGET_OBJECTS:winnow_capi>)
set_target_properties(winnow_library PROPERTIES OUTPUT_NAME winnow EXPORT_NAME winnow VERSION ${PROJECT_VERSION}
                                                SOVERSION ${PROJECT_VERSION_MAJOR})
target_link_libraries(winnow_library PRIVATE winnow_classify winnow_pipeline winnow_cli)
# The static libraries behind it bring shared ones, such as those of ONNX, that it does not call.
target_link_options(winnow_library PRIVATE -Wl,--exclude-libs,ALL -Wl,--as-needed
                    -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/libwinnow.map)
set_property(TARGET winnow_library PROPERTY LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/libwinnow.map)
target_include_directories(winnow_library INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(winnow_library INTERFACE cxx_std_23)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Winnow)
install(TARGETS winnow_library EXPORT WinnowTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT WinnowTargets NAMESPACE Winnow:: DESTINATION ${package})
configure_package_config_file(cmake/WinnowConfig.cmake.in WinnowConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(WinnowConfigVersion.cmake COMPATIBILITY SameMinorVersion)
configure_file(cmake/winnow.pc.in winnow.pc @ONLY)
configure_file(cmake/winnow-c.pc.in winnow-c.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/WinnowConfig.cmake ${PROJECT_BINARY_DIR}/WinnowConfigVersion.cmake
        DESTINATION ${package})
install(FILES ${PROJECT_BINARY_DIR}/winnow.pc ${PROJECT_BINARY_DIR}/winnow-c.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
