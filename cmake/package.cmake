# ./dev package: a Debian package of what cmake --install installs. Its dependencies are found by dpkg-shlibdeps; libcurl
# is loaded when it is needed, and so named here.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME winnow)
set(CPACK_PACKAGE_CONTACT "Winnow contributors <winnow@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Trains, checks and serves small text classifiers")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libcurl4, ca-certificates")
set(CPACK_DEBIAN_PACKAGE_SECTION science)
include(CPack)
