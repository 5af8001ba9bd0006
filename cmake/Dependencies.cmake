# SPDX-License-Identifier: Apache-2.0

# Everything the project needs from outside. A missing piece ends the configuration with the name of the
# Debian/Ubuntu package that brings it.

# millrace_require(<package> <debian package> [arguments of find_package...])
macro(millrace_require package debian_package)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    message(
      FATAL_ERROR
        "millrace needs ${package}, which was not found (looked for: ${package} ${ARGN}).\n"
        "Install the package: apt-get install ${debian_package}\n"
        "or run tools/setup, which installs everything.")
  endif()
endmacro()

# Finds a header and a library without a CMake package of their own; makes the target millrace::<name>.
function(millrace_require_library name debian_package header library)
  find_path(MILLRACE_${name}_INCLUDE_DIR ${header})
  find_library(MILLRACE_${name}_LIBRARY ${library})
  mark_as_advanced(MILLRACE_${name}_INCLUDE_DIR MILLRACE_${name}_LIBRARY)
  if(NOT MILLRACE_${name}_INCLUDE_DIR OR NOT MILLRACE_${name}_LIBRARY)
    message(
      FATAL_ERROR "millrace needs ${name} (header ${header}, library ${library}), which was not found.\n"
                  "Install the package: apt-get install ${debian_package}\n"
                  "or run tools/setup, which installs everything.")
  endif()
  if(NOT TARGET millrace::${name})
    add_library(millrace::${name} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(
      millrace::${name} PROPERTIES IMPORTED_LOCATION "${MILLRACE_${name}_LIBRARY}"
                                   INTERFACE_INCLUDE_DIRECTORIES "${MILLRACE_${name}_INCLUDE_DIR}")
  endif()
endfunction()

include(${CMAKE_CURRENT_LIST_DIR}/MillraceThirdParty.cmake)
include(LibRdKafka)

millrace_require(nlohmann_json nlohmann-json3-dev)
if(MILLRACE_BUILD_TESTS)
  millrace_require(GTest "libgtest-dev libgmock-dev")
endif()
if(MILLRACE_BUILD_BENCHMARKS)
  millrace_require(benchmark libbenchmark-dev)
endif()
if(MILLRACE_BUILD_EXAMPLES OR MILLRACE_BUILD_TESTS OR MILLRACE_BUILD_BENCHMARKS)
  millrace_require(CLI11 libcli11-dev)
endif()
if(MILLRACE_BUILD_EXAMPLES)
  millrace_require_library(xgboost libxgboost-dev xgboost/c_api.h xgboost)
endif()
