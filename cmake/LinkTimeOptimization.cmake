# SPDX-License-Identifier: Apache-2.0

# With MILLRACE_LTO and GCC, programs are optimised across the library's files: a record's path leads through several.
# Objects are "fat", with machine code beside it, so that tests link without LTO. Programs outside would not: the linker
# takes what it finds, and each link would take half a minute. So the code for it is not installed unless asked for.
set(millrace_lto_options)
if(MILLRACE_LTO AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(millrace_lto_options -flto=auto -ffat-lto-objects)
endif()

# For a library that programs may be optimised with.
function(millrace_optimise_library target)
  target_compile_options(${target} PRIVATE ${millrace_lto_options})
endfunction()

# For all programs that are declared below this folder from here on. Tests are left out: it takes long.
macro(millrace_optimise_programs)
  add_compile_options(${millrace_lto_options})
  add_link_options(${millrace_lto_options})
endmacro()
