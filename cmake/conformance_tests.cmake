# Tests against the tools that users run our files in and talk to our server with. A tool comes from the package index into an
# environment that is made once, by whichever test comes first; the test is skipped where the index cannot be reached.

# winnow_conformance_test(NAME SCRIPT [argument...] [VENV environment] [TIMEOUT seconds])
function(winnow_conformance_test name script)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "VENV;TIMEOUT" "")
  set(arguments ${ARG_UNPARSED_ARGUMENTS})
  if(ARG_VENV)
    list(APPEND arguments --venv ${build}/${ARG_VENV}-venv)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 900)
  endif()
  winnow_script_test(conformance.${name} tools/conformance/${script}.py ${arguments} LABELS conformance TIMEOUT ${ARG_TIMEOUT})
endfunction()

# winnow_probe(NAME FOLDER)
# A program that a script asks what a part of ours does: NAME.cpp of tools/conformance, linked with the folder that it is about.
function(winnow_probe name folder)
  add_executable(${name} tools/conformance/${name}.cpp)
  target_link_libraries(${name} PRIVATE winnow_${folder})
endfunction()

winnow_conformance_test(Onnx onnx ${program} VENV conformance)
winnow_conformance_test(LinearOnnx linear_onnx ${program} VENV conformance)
set_tests_properties(conformance.Onnx conformance.LinearOnnx PROPERTIES RESOURCE_LOCK conformance-venv)
winnow_conformance_test(TensorBoard tensorboard ${program} VENV tensorboard)
winnow_probe(linear_probe linear)
winnow_conformance_test(ScikitLearn sklearn $<TARGET_FILE:linear_probe> VENV sklearn)
winnow_probe(request_probe server)
winnow_conformance_test(HttpGrammar http_grammar $<TARGET_FILE:request_probe> VENV http)
winnow_conformance_test(Serve serve ${program} VENV serve)
winnow_conformance_test(OpenAi openai_client ${program} VENV openai)
winnow_conformance_test(ModelCard model_card ${program} VENV card)
winnow_conformance_test(Deployments deployments ${program} VENV deployments)
winnow_conformance_test(Workflow workflow ${program} VENV workflow)

# Both versions of transformers that users have, which save and read tokenizers differently.
winnow_probe(tokenize_probe classify)
foreach(version 4.57 5)
  winnow_conformance_test(TokenizerVariants.${version} tokenizer_variants ${program} $<TARGET_FILE:tokenize_probe>
                          --transformers ${version} --texts 40 VENV tokenizer-${version} TIMEOUT 1200)
endforeach()

# Where this Python has torch and transformers, which are too large to be installed by the way.
winnow_conformance_test(ZeroShot zero_shot ${program})
winnow_conformance_test(PyTorchBin pytorch_bin ${program})
winnow_conformance_test(Encoders encoders ${program})

# Against modules of Python's own library; more inputs by --files and --messages.
winnow_probe(csv_probe data)
winnow_conformance_test(CsvModule csv_module $<TARGET_FILE:csv_probe> TIMEOUT 300)
winnow_probe(mail_probe mail)
winnow_conformance_test(EmailModule email_module $<TARGET_FILE:mail_probe> TIMEOUT 300)

# Artifact stores against servers of the package indexes, with faults injected on the way.
winnow_probe(artifact_probe artifacts)
winnow_conformance_test(Artifacts artifacts $<TARGET_FILE:artifact_probe> VENV artifacts)
winnow_script_test(end_to_end.artifact_folder tests/end_to_end/test_artifact_folder.py $<TARGET_FILE:artifact_probe>
                   LABELS slow TIMEOUT 900)
