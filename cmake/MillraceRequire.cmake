# SPDX-License-Identifier: Apache-2.0

# How the build, and users of the installed package, find dependencies of the distribution. If one is missing, the
# configuration fails with the name of the Debian/Ubuntu package that contains it.

# millrace_require(<package> <debian packages> [arguments of find_package...])
macro(millrace_require package debian_packages)
  find_package(${package} ${ARGN} QUIET)
  if(NOT ${package}_FOUND)
    message(
      FATAL_ERROR
        "millrace needs ${package} (looked for: ${package} ${ARGN}), which was not found. Install it with\n"
        "  apt-get install ${debian_packages}\n"
        "or run millrace's tools/setup, which installs everything.")
  endif()
endmacro()

# millrace_require_library(<name> <debian package> <header> <library>)
# The same for a library without a CMake package; defines the target millrace::<name>.
function(millrace_require_library name debian_package header library)
  find_path(MILLRACE_${name}_INCLUDE_DIR ${header})
  find_library(MILLRACE_${name}_LIBRARY ${library})
  mark_as_advanced(MILLRACE_${name}_INCLUDE_DIR MILLRACE_${name}_LIBRARY)
  if(NOT MILLRACE_${name}_INCLUDE_DIR OR NOT MILLRACE_${name}_LIBRARY)
    message(
      FATAL_ERROR
        "millrace needs ${name} (header ${header}, library ${library}), which was not found. Install it with\n"
        "  apt-get install ${debian_package}\n"
        "or run millrace's tools/setup, which installs everything.")
  endif()
  if(NOT TARGET millrace::${name})
    add_library(millrace::${name} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(
      millrace::${name} PROPERTIES IMPORTED_LOCATION "${MILLRACE_${name}_LIBRARY}"
                                   INTERFACE_INCLUDE_DIRECTORIES "${MILLRACE_${name}_INCLUDE_DIR}")
  endif()
endfunction()
