# SPDX-License-Identifier: Apache-2.0

# Configures SOURCE_DIR with SETTING, which hides a dependency: this must fail with an error that contains NEEDED and the
# PACKAGE of the distribution that contains it.
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE "${WORK_DIR}")
execute_process(
  COMMAND "${CMAKE_COMMAND}" -S "${SOURCE_DIR}" -B "${WORK_DIR}" -G "${GENERATOR}" -D "CMAKE_C_COMPILER=${C_COMPILER}" -D
          "CMAKE_CXX_COMPILER=${CXX_COMPILER}" -D "CMAKE_PREFIX_PATH=${PREFIX_PATH}" -D "${SETTING}"
  RESULT_VARIABLE result
  OUTPUT_VARIABLE output
  ERROR_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "configured although ${NEEDED} was hidden:\n${output}")
endif()
foreach(expected "millrace needs ${NEEDED} " "  apt-get install [^\n]*${PACKAGE}")
  if(NOT output MATCHES "${expected}")
    message(FATAL_ERROR "the error does not say '${expected}':\n${output}")
  endif()
endforeach()
file(REMOVE_RECURSE "${WORK_DIR}")
