# SPDX-License-Identifier: Apache-2.0

# Sanitizers apply to everything built here, and to nothing that is installed from a normal build.
# Sets MILLRACE_FLAVOUR, the matching build of librdkafka: plain, asan or tsan.
if(NOT MILLRACE_SANITIZE)
  set(MILLRACE_FLAVOUR plain)
elseif(MILLRACE_SANITIZE STREQUAL "address,undefined")
  set(MILLRACE_FLAVOUR asan)
elseif(MILLRACE_SANITIZE STREQUAL "thread")
  set(MILLRACE_FLAVOUR tsan)
else()
  message(FATAL_ERROR "MILLRACE_SANITIZE is '${MILLRACE_SANITIZE}'; known are 'address,undefined' and 'thread'")
endif()

if(MILLRACE_SANITIZE)
  add_compile_options(-fsanitize=${MILLRACE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MILLRACE_SANITIZE})
endif()

# Instruments for libFuzzer; the program that is fuzzed also links its main function.
if(MILLRACE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()
