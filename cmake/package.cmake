# ./dev package: a Debian package of what cmake --install installs, and of the component "debian": what only a package that
# owns /usr and /etc may install. Its dependencies are found by dpkg-shlibdeps; libcurl is loaded when it is needed, and so
# named here. WINNOW_DEBIAN_REVISION tells apart packages of one version.
set(WINNOW_DEBIAN_REVISION "1" CACHE STRING "Revision of the Debian package")
set(debian ${PROJECT_SOURCE_DIR}/deploy/debian)

# The changelog of the package has the date of the last commit, so that two builds are equal. git archive writes it into
# the file (.gitattributes), for those who build without git.
file(STRINGS ${PROJECT_SOURCE_DIR}/cmake/commit_date.txt date LIMIT_COUNT 1)
if(date MATCHES "Format")
  execute_process(COMMAND git -C ${PROJECT_SOURCE_DIR} log -1 --format=%aD OUTPUT_VARIABLE date
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT date)
  set(date "Thu, 01 Jan 1970 00:00:00 +0000")
endif()
set(package_files ${PROJECT_BINARY_DIR}/debian)
configure_file(${debian}/changelog.in ${package_files}/changelog @ONLY)
file(READ ${PROJECT_SOURCE_DIR}/NOTICE notice)
string(REGEX REPLACE "\n+$" "" notice "${notice}")
string(REGEX REPLACE "\n\n" "\n.\n" notice "${notice}")
string(REPLACE "\n" "\n " notice "${notice}")
configure_file(${debian}/copyright.in ${package_files}/copyright @ONLY)
# On Debian, the text of the license and the program's own changelog are where Debian has them.
install(CODE "
  set(root \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
  set(doc \"\${root}/share/doc/winnow\")
  file(REMOVE \"\${doc}/LICENSE\")
  file(COPY ${package_files}/copyright DESTINATION \"\${doc}\")
  file(COPY_FILE ${package_files}/changelog \"\${doc}/changelog.Debian\")
  file(COPY_FILE ${PROJECT_SOURCE_DIR}/CHANGELOG.md \"\${doc}/changelog\")
  execute_process(COMMAND gzip -9nf changelog changelog.Debian WORKING_DIRECTORY \"\${doc}\" COMMAND_ERROR_IS_FATAL ANY)
" COMPONENT debian EXCLUDE_FROM_ALL)
install(DIRECTORY examples/data DESTINATION share/doc/winnow/examples COMPONENT debian EXCLUDE_FROM_ALL)
install(PROGRAMS examples/demo.sh DESTINATION share/doc/winnow/examples COMPONENT debian EXCLUDE_FROM_ALL)
file(GLOB units CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/deploy/systemd/*)
install(FILES ${units} DESTINATION /lib/systemd/system COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES deploy/config/serve.toml DESTINATION /etc/winnow COMPONENT debian EXCLUDE_FROM_ALL)
install(FILES ${debian}/lintian-overrides DESTINATION share/lintian/overrides RENAME winnow COMPONENT debian EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME winnow)
set(CPACK_PACKAGE_CONTACT "Winnow contributors <maintainers@winnow.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "trains, checks and serves small text classifiers")
set(CPACK_PACKAGE_DESCRIPTION_FILE ${debian}/description)
# Everything, then the component "debian". DESTDIR is what keeps /etc and /lib of the package apart from those of the machine.
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};winnow;ALL;/;${PROJECT_BINARY_DIR};winnow;debian;/")
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
                                                WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${WINNOW_DEBIAN_REVISION})
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libcurl4, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/postinst ${debian}/prerm ${debian}/postrm ${debian}/conffiles ${debian}/triggers)
include(CPack)
