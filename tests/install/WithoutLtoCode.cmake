# SPDX-License-Identifier: Apache-2.0

# The installed library has no code for link-time optimisation, unless it was configured; and the script that removes it
# works on an archive that has it.
cmake_minimum_required(VERSION 3.25)

function(has_lto_code archive result)
  execute_process(
    COMMAND "${OBJDUMP}" -h "${archive}"
    OUTPUT_VARIABLE sections
    COMMAND_ERROR_IS_FATAL ANY)
  string(FIND "${sections}" ".gnu.lto_" at)
  if(at EQUAL -1)
    set(${result} FALSE PARENT_SCOPE)
  else()
    set(${result} TRUE PARENT_SCOPE)
  endif()
endfunction()

has_lto_code("${INSTALLED}" installed_has)
if(installed_has AND NOT MAY_HAVE_LTO)
  message(FATAL_ERROR "the installed library has code for link-time optimisation: ${INSTALLED}")
endif()

file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${WORK_DIR}")
file(WRITE "${WORK_DIR}/part.cpp" "int part() { return 0; }\n")
file(WRITE "${WORK_DIR}/main.cpp" "int part();\nint main() { return part(); }\n")
set(ARCHIVE "${WORK_DIR}/libpart.a")
execute_process(COMMAND "${CXX_COMPILER}" -O2 -g1 -flto=auto -ffat-lto-objects -c part.cpp WORKING_DIRECTORY "${WORK_DIR}"
                                                                                   COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${AR}" qc "${ARCHIVE}" part.o WORKING_DIRECTORY "${WORK_DIR}" COMMAND_ERROR_IS_FATAL ANY)
has_lto_code("${ARCHIVE}" has_before)
include("${SOURCE_DIR}/cmake/RemoveLtoCode.cmake")
has_lto_code("${ARCHIVE}" has_after)
if(NOT has_before OR has_after)
  message(FATAL_ERROR "code for link-time optimisation: before ${has_before}, after ${has_after}")
endif()
execute_process(COMMAND "${CXX_COMPILER}" main.cpp "${ARCHIVE}" -o main WORKING_DIRECTORY "${WORK_DIR}" COMMAND_ERROR_IS_FATAL
                        ANY)
execute_process(COMMAND "${WORK_DIR}/main" COMMAND_ERROR_IS_FATAL ANY)
