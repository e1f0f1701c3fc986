# Seconds that tests take on two cores, roughly, those of ten and more: ctest --parallel starts the longest first, so that none of
# them runs alone at the end. Those of the browser run one after another, which takes longest of all, and begin at once.
set(browser_chain 500)
set(costs
  packaging.reproducible 340        docs.migrate.setfit 40            packaging.stranger 130            packages.python 150
  conformance.Artifacts 90          packages.js 120                   scenario.chaos 60                 scenario.chaos_sqlite 40
  end_to_end.few 60                 end_to_end.resume 40              docs.migrate.transformers 30      conformance.ScikitLearn 60
  scenario.lifecycle_full 55        end_to_end.retrain 25             conformance.Onnx 45               conformance.LinearOnnx 35
  portability.aarch64 40            end_to_end.filter_admin 40        packaging.image 40                end_to_end.page_routes 35
  end_to_end.classify_server 35     end_to_end.milter 35              end_to_end.hostile_clients 35     end_to_end.soak 35
  conformance.TokenizerVariants.5 30  conformance.TokenizerVariants.4.57 30  end_to_end.filter_postgres 30  scenario.lifecycle 30
  conformance.Workflow 30           end_to_end.forget 25              end_to_end.report 25              conformance.Deployments 25
  end_to_end.experiments 25         conformance.Serve 25              end_to_end.calibrate 25           end_to_end.retrain_kills 20
  end_to_end.review 25              end_to_end.registry 25            end_to_end.wasm 20                end_to_end.backup 20
  end_to_end.long_text 20           end_to_end.special_files 20       packaging.sdist 20
  packaging.tarball 20              end_to_end.bad_input 15           docs.migrate.scikit-learn 15      end_to_end.integrity 15
  end_to_end.disguises 15           docs.migrate.onnxruntime-node 15  end_to_end.lifecycle 15           compatibility.stores 15
  end_to_end.library 15             end_to_end.quantize 15            scenario.filter 15                deployments.monitoring 10)
while(costs)
  list(POP_FRONT costs test seconds)
  if(TEST ${test})  # some need Node or Python
    set_property(TEST ${test} PROPERTY COST ${seconds})
  endif()
endwhile()
get_property(tests DIRECTORY ${PROJECT_SOURCE_DIR} PROPERTY TESTS)
foreach(test ${tests})
  if(test MATCHES "^web\\.")
    set_property(TEST ${test} PROPERTY COST ${browser_chain})
  endif()
endforeach()

# NumPy's matrix products in as many threads as the machine has cores wait for each other busily where several tests share the cores:
# conformance.ScikitLearn takes twice the CPU time that it takes with one.
foreach(test ${tests})
  if(test MATCHES "^conformance\\.")
    set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT OPENBLAS_NUM_THREADS=1)
  endif()
endforeach()
