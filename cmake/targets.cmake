# One INTERFACE target carries the language, the warnings and the include root.
add_library(closewait_options INTERFACE)
target_compile_features(closewait_options INTERFACE cxx_std_20)
target_include_directories(closewait_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(closewait_options INTERFACE
  -Wall -Wextra -Wno-missing-field-initializers -Wconversion -Wshadow -Wold-style-cast -Werror=return-type -Werror=switch)
target_compile_definitions(closewait_options INTERFACE
  CLOSEWAIT_VERSION="${PROJECT_VERSION}"
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_STD_INVOKE_RESULT)
if(CLOSEWAIT_SANITIZE)
  # The vptr check opens descriptors of its own and cries wolf in tests that leave none.
  target_compile_options(closewait_options INTERFACE
    -fsanitize=${CLOSEWAIT_SANITIZE} -fno-sanitize=vptr -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(closewait_options INTERFACE -fsanitize=${CLOSEWAIT_SANITIZE})
endif()

# Preset fuzz: what a fuzzer is to find its way through counts its branches.
option(CLOSEWAIT_FUZZ "build the fuzzers (clang)" OFF)
if(CLOSEWAIT_FUZZ)
  # clang 14 cannot compile coroutines with its check of the types of functions that are called.
  target_compile_options(closewait_options INTERFACE
    -fsanitize=fuzzer-no-link,float-cast-overflow -fno-sanitize=function)
  add_custom_target(fuzzers)
endif()

# closewait_library(NAME SOURCES file... LINKS target...): a folder's library, closewait_NAME.
# What a folder may use is what it links here; tests/source_rules holds the #include lines to it.
function(closewait_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_library(closewait_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(closewait_${name} PUBLIC closewait_options ${ARG_LINKS})
  if(name MATCHES "_for_tests$") # as a test: some include the kernel's headers, some the C library's
    set_target_properties(closewait_${name} PROPERTIES UNITY_BUILD OFF)
  endif()
endfunction()

# closewait_program(NAME SOURCE LINKS target...): a thin main, put into bin/.
function(closewait_program name source)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE closewait_options ${ARG_LINKS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
endfunction()

# GoogleTest's headers are most of what a test costs to compile: once, for all of them. A compiler
# cache does without: a precompiled header of another folder is another one to it.
if(CMAKE_CXX_COMPILER_LAUNCHER MATCHES "ccache")
  set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)
endif()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/test_headers.cc CONTENT "")
add_library(closewait_test_headers OBJECT ${CMAKE_BINARY_DIR}/test_headers.cc)
target_link_libraries(closewait_test_headers PUBLIC closewait_options closewait_base GTest::gmock)
target_precompile_headers(closewait_test_headers PRIVATE
  <gmock/gmock.h> <gtest/gtest.h> <algorithm> <functional> <map> <memory> <string> <vector>)

# closewait_test(NAME SOURCES file_test.cc... LINKS target...): one test program a folder,
# each of its cases one CTest test.
function(closewait_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name}_test ${ARG_SOURCES})
  set_target_properties(${name}_test PROPERTIES UNITY_BUILD OFF) # each has its own helpers
  target_precompile_headers(${name}_test REUSE_FROM closewait_test_headers)
  target_link_libraries(${name}_test PRIVATE
    closewait_options closewait_base ${ARG_LINKS} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name}_test DISCOVERY_MODE PRE_TEST TEST_PREFIX ${name}.
    PROPERTIES TIMEOUT 120 ENVIRONMENT "CLOSEWAIT_BIN=${CMAKE_BINARY_DIR}/bin")
endfunction()

# closewait_fuzzer(NAME SOURCE LINKS target... SEEDS folder... DICTIONARY file LONGEST bytes): in
# preset fuzz the program bin/fuzz-NAME, and a test fuzz.NAME that runs it for some seconds and keeps
# its corpus for the next time. To go on for longer:
# bin/fuzz-NAME -max_total_time=1200 -max_len=BYTES CORPUS SEEDS.
function(closewait_fuzzer name source)
  if(NOT CLOSEWAIT_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "DICTIONARY;LONGEST" "LINKS;SEEDS" ${ARGN})
  closewait_program(fuzz-${name} ${source} LINKS ${ARG_LINKS})
  target_link_options(fuzz-${name} PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzzers fuzz-${name})
  set(corpus ${CMAKE_CURRENT_BINARY_DIR}/fuzz_corpus)
  file(MAKE_DIRECTORY ${corpus})
  list(TRANSFORM ARG_SEEDS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  add_test(NAME fuzz.${name} COMMAND fuzz-${name}
    -runs=100000 -max_total_time=30 -max_len=${ARG_LONGEST}
    -dict=${CMAKE_CURRENT_SOURCE_DIR}/${ARG_DICTIONARY}
    ${corpus} ${ARG_SEEDS})
endfunction()
