# SPDX-License-Identifier: Apache-2.0

# Uses ccache if it is installed. Paths below the source folder are hashed relative to it, so that several work trees
# of one repository share their results. A launcher that is already set is kept.
find_program(MILLRACE_CCACHE ccache)
if(MILLRACE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(launcher env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1
               CCACHE_SLOPPINESS=include_file_mtime,include_file_ctime,pch_defines,time_macros ${MILLRACE_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

# Uses a fast linker if it is installed: the tests link one program per suite.
find_program(MILLRACE_MOLD mold)
find_program(MILLRACE_LLD ld.lld)
if(MILLRACE_MOLD AND (NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU" OR CMAKE_CXX_COMPILER_VERSION
                                                                  VERSION_GREATER_EQUAL 12.1))
  add_link_options(-fuse-ld=mold)
elseif(MILLRACE_LLD)
  add_link_options(-fuse-ld=lld)
endif()
