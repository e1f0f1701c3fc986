# Tests of the pages in docs: their links and options, what is generated of the program, and the code and commands on them.
winnow_script_test(docs.links tests/docs/test_links.py LABELS style)
winnow_script_test(docs.options tests/docs/test_options.py LABELS style)
winnow_script_test(docs.troubleshooting tests/docs/test_troubleshooting.py LABELS style)
winnow_script_test(docs.audit tests/docs/test_audit.py LABELS style)
winnow_script_test(docs.BlocksFindDifferences tests/docs/test_blocks.py LABELS style)
winnow_script_test(docs.ShellBlocksFindDifferences tests/docs/test_shell_blocks.py LABELS style)
winnow_script_test(docs.KeptRunsRunAgain tests/docs/test_kept_runs.py LABELS style)

# The reference of HTTP routes, which is generated.
winnow_script_test(docs.http tests/docs/test_http_page.py ${program} LABELS slow TIMEOUT 900)
winnow_script_test(docs.package_pages tests/docs/test_package_pages.py ${program} LABELS slow TIMEOUT 900)
winnow_script_test(docs.http-routes tools/docs/http_reference.py ${program} --check LABELS slow TIMEOUT 900)
# The pages as a site.
winnow_script_test(docs.site tests/docs/test_site.py LABELS slow TIMEOUT 900)

# The code of docs/migrate, on the side of the other tool and on Winnow's. Environments are made once, by whichever test comes
# first, and packages are built in one folder each.
foreach(page transformers setfit fasttext scikit-learn text-embeddings-inference onnxruntime-node)
  winnow_script_test(docs.migrate.${page} tests/docs/test_migrate.py ${program} ${page} --build ${build} LABELS conformance TIMEOUT 1200)
endforeach()
set_tests_properties(docs.migrate.scikit-learn PROPERTIES RESOURCE_LOCK python-package)
set_tests_properties(docs.migrate.setfit PROPERTIES RESOURCE_LOCK torch-venv)
set_tests_properties(docs.migrate.transformers PROPERTIES RESOURCE_LOCK "python-package;torch-venv")
set_tests_properties(docs.migrate.onnxruntime-node PROPERTIES RESOURCE_LOCK js-package)

# The commands of docs/tutorials and docs/how-to, and what they print.
foreach(page tutorials/sms-filter tutorials/intent-router tutorials/mail-triage tutorials/moderation
        how-to/import-data how-to/imbalanced-classes how-to/choose-a-threshold how-to/add-a-label how-to/reduce-size how-to/explain
        how-to/classify-a-file how-to/several-models how-to/nginx how-to/api-keys how-to/prometheus how-to/busy-machine
        how-to/upgrade how-to/move how-to/delete-texts how-to/ci)
  string(REPLACE "/" "." name ${page})
  winnow_script_test(docs.${name} tests/docs/test_commands.py ${program} ${page} LABELS slow TIMEOUT 600)
endforeach()
