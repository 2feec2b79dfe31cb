# cmake --install and the .deb (cpack --config build/release/CPackConfig.cmake).
install(TARGETS runnerfs RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# mount -t fuse.runnerfs finds the program by this name. Relative, and below the prefix of the installation: that of the
# .deb is not the one that was configured.
install(CODE "set(sbin \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_SBINDIR}\")
  file(MAKE_DIRECTORY \"\${sbin}\")
  file(CREATE_LINK ../${CMAKE_INSTALL_BINDIR}/runnerfs \"\${sbin}/mount.fuse.runnerfs\" SYMBOLIC)")
install(FILES man/runnerfs.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES man/runnerfs.7 man/runnerfs-audit.7 man/runnerfs-formats.7 man/runnerfs-p2p.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7)
install(FILES completions/runnerfs.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME runnerfs)
install(FILES completions/_runnerfs DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES README.md SECURITY.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME runnerfs)
set(CPACK_PACKAGE_CONTACT "runnerfs maintainers <maintainers@users.noreply.github.com>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "fuse3, ca-certificates")
# Opened only for keys in the keyring, so that nothing else finds it.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "gh, libsecret-1-0")
set(CPACK_STRIP_FILES ON)
include(CPack)
