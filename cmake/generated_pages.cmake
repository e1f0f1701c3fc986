# Manual pages and completions, which the program writes when it is installed. -n keeps the time out of the compressed
# files, so that two builds are equal.
install(CODE [[
  set(root "$ENV{DESTDIR}${CMAKE_INSTALL_PREFIX}")
  function(winnow_run)
    execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
  endfunction()
  set(winnow "${root}/bin/winnow")
  set(man "${root}/share/man/man1")
  file(MAKE_DIRECTORY ${man} ${root}/share/bash-completion/completions ${root}/share/zsh/vendor-completions
       ${root}/share/fish/vendor_completions.d)
  winnow_run(${winnow} help --manual ${man})
  file(GLOB pages ${man}/winnow*.1)
  winnow_run(gzip -9nf ${pages})
  foreach(shell bash zsh fish)
    set(bash_file bash-completion/completions/winnow)
    set(zsh_file zsh/vendor-completions/_winnow)
    set(fish_file fish/vendor_completions.d/winnow.fish)
    execute_process(COMMAND ${winnow} help --completion ${shell} OUTPUT_FILE ${root}/share/${${shell}_file}
                    COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
]])
