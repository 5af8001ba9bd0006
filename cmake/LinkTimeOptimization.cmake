# SPDX-License-Identifier: Apache-2.0

# With MILLRACE_LTO and GCC, programs are optimised across the library's files, because a record passes through several.
# Objects are "fat": they also contain machine code, so that tests link without LTO. Other programs would be linked with
# LTO, which takes half a minute per link. Therefore the LTO code is not installed by default.
set(millrace_lto_options)
if(MILLRACE_LTO AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(millrace_lto_options -flto=auto -ffat-lto-objects)
endif()

# For a library that takes part in LTO.
function(millrace_optimise_library target)
  target_compile_options(${target} PRIVATE ${millrace_lto_options})
endfunction()

# For all programs that are declared later in this folder and below. Not for tests: it takes long.
macro(millrace_optimise_programs)
  add_compile_options(${millrace_lto_options})
  add_link_options(${millrace_lto_options})
endmacro()
