# SPDX-License-Identifier: Apache-2.0

# librdkafka, one pinned version, static, from source (docs/architecture.md says why). The source comes from
#   1. MILLRACE_LIBRDKAFKA_SOURCE: a source folder or tarball,
#   2. the cache folder, where tools/setup puts it,
#   3. a download of the upstream commit, from MILLRACE_LIBRDKAFKA_URL.
# It is built once per version, flavour and compiler, into the cache folder, where every build tree finds it.
#
# Defines: target millrace::rdkafka, and MILLRACE_LIBRDKAFKA_PREFIX with
#   include/librdkafka/rdkafka.h   lib/librdkafka.a   src/*.h and config.h (internal; for the shims)
set(MILLRACE_LIBRDKAFKA_VERSION 2.14.2)
set(MILLRACE_LIBRDKAFKA_COMMIT 65160574f8983f2063646c35cad0c9fa0b4905d7)
set(MILLRACE_LIBRDKAFKA_SOURCE "" CACHE PATH "librdkafka ${MILLRACE_LIBRDKAFKA_VERSION}: source folder or tarball")
set(MILLRACE_LIBRDKAFKA_URL "https://github.com/confluentinc/librdkafka/archive/${MILLRACE_LIBRDKAFKA_COMMIT}.tar.gz"
    CACHE STRING "Where the archive of the upstream commit is downloaded from, when it comes to that")
# Checksum of the files of src/, which all of these sources share. GitHub regenerates its archives, so their checksums change.
set(MILLRACE_LIBRDKAFKA_SRC_SHA256 d303822484d5f6db168e38fed7b256fc4b9278c1d3769cf15990a7bfc51ce860)

# Fails unless src/ of the folder `source` has the checksum MILLRACE_LIBRDKAFKA_SRC_SHA256.
function(millrace_check_librdkafka source)
  file(GLOB_RECURSE files RELATIVE "${source}/src" "${source}/src/*")
  list(SORT files)
  set(sums "")
  foreach(file IN LISTS files)
    file(SHA256 "${source}/src/${file}" sum)
    string(APPEND sums "${sum}  ${file}\n")
  endforeach()
  string(SHA256 sum "${sums}")
  if(NOT sum STREQUAL MILLRACE_LIBRDKAFKA_SRC_SHA256)
    message(FATAL_ERROR "The download from ${MILLRACE_LIBRDKAFKA_URL} is not librdkafka ${MILLRACE_LIBRDKAFKA_VERSION}:\n"
                        "the checksum of its src/ is ${sum}, not ${MILLRACE_LIBRDKAFKA_SRC_SHA256}.")
  endif()
endfunction()

# An empty value counts as not set, as in tools/lib.sh.
if(NOT "$ENV{MILLRACE_CACHE}" STREQUAL "")
  set(default_cache "$ENV{MILLRACE_CACHE}")
elseif(NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
  set(default_cache "$ENV{XDG_CACHE_HOME}/millrace")
else()
  set(default_cache "$ENV{HOME}/.cache/millrace")
endif()
set(MILLRACE_CACHE "${default_cache}" CACHE PATH "Where sources and builds of librdkafka are kept")

set(librdkafka_cached_source "${MILLRACE_CACHE}/sources/librdkafka-${MILLRACE_LIBRDKAFKA_VERSION}.tar.gz")
if(MILLRACE_LIBRDKAFKA_SOURCE)
  set(librdkafka_source "${MILLRACE_LIBRDKAFKA_SOURCE}")
  if(NOT EXISTS "${librdkafka_source}")
    message(FATAL_ERROR "MILLRACE_LIBRDKAFKA_SOURCE names '${librdkafka_source}', which does not exist.")
  endif()
else()
  set(librdkafka_source "${librdkafka_cached_source}")
endif()

# The key of the build: everything that makes builds of the same source differ. A source that the user names may have any
# content, so it is part of the key. Sanitizers differ between compilers; plain C does not.
file(SHA256 "${PROJECT_SOURCE_DIR}/tools/build-librdkafka" librdkafka_recipe)
set(librdkafka_features)
if(MILLRACE_OIDC)
  set(librdkafka_features --with-oidc)
endif()
set(librdkafka_allocator)
set(MILLRACE_LIBRDKAFKA_HAS_JEMALLOC OFF)
if(MILLRACE_JEMALLOC AND MILLRACE_FLAVOUR STREQUAL "plain") # Sanitizers watch the system's.
  find_library(MILLRACE_JEMALLOC_LIBRARY libjemalloc_pic.a)
  mark_as_advanced(MILLRACE_JEMALLOC_LIBRARY)
  if(NOT MILLRACE_JEMALLOC_LIBRARY)
    message(FATAL_ERROR "millrace needs libjemalloc_pic.a for librdkafka's memory, which was not found. Install it with\n"
                        "  apt-get install libjemalloc-dev\n"
                        "or run millrace's tools/setup, which installs everything, or do without: -D MILLRACE_JEMALLOC=OFF.")
  endif()
  set(MILLRACE_LIBRDKAFKA_HAS_JEMALLOC ON)
  list(APPEND librdkafka_features --jemalloc "${MILLRACE_JEMALLOC_LIBRARY}")
  file(SHA256 "${MILLRACE_JEMALLOC_LIBRARY}" librdkafka_allocator)
endif()
set(librdkafka_key "${librdkafka_recipe};${MILLRACE_LIBRDKAFKA_SOURCE};${librdkafka_features};${librdkafka_allocator}")
if(NOT MILLRACE_FLAVOUR STREQUAL "plain")
  string(APPEND librdkafka_key ";${CMAKE_C_COMPILER};${CMAKE_C_COMPILER_VERSION}")
endif()
string(SHA256 librdkafka_key "${librdkafka_key}")
string(SUBSTRING "${librdkafka_key}" 0 12 librdkafka_key)
set(MILLRACE_LIBRDKAFKA_PREFIX
    "${MILLRACE_CACHE}/librdkafka/${MILLRACE_LIBRDKAFKA_VERSION}-${MILLRACE_FLAVOUR}-${librdkafka_key}")

set(librdkafka_marker "${MILLRACE_LIBRDKAFKA_PREFIX}/.complete")
if(NOT EXISTS "${librdkafka_marker}")
  # Several build trees may be configured concurrently: the first one builds, the others wait for it.
  file(MAKE_DIRECTORY "${MILLRACE_CACHE}/librdkafka")
  file(LOCK "${MILLRACE_LIBRDKAFKA_PREFIX}.lock" GUARD FILE TIMEOUT 900)
endif()
if(NOT EXISTS "${librdkafka_marker}")
  if(NOT EXISTS "${librdkafka_source}")
    message(STATUS "librdkafka: no source in ${MILLRACE_CACHE} (tools/setup puts one there); downloading upstream's.\n"
                   "   Should that fail: name a tarball of it with -D MILLRACE_LIBRDKAFKA_SOURCE=FILE, or another address\n"
                   "   of the same archive with -D MILLRACE_LIBRDKAFKA_URL=URL.")
    include(FetchContent)
    FetchContent_Declare(
      librdkafka_upstream URL "${MILLRACE_LIBRDKAFKA_URL}" DOWNLOAD_EXTRACT_TIMESTAMP ON SOURCE_SUBDIR none)
    set(FETCHCONTENT_QUIET OFF)
    FetchContent_MakeAvailable(librdkafka_upstream)
    set(librdkafka_source "${librdkafka_upstream_SOURCE_DIR}")
    millrace_check_librdkafka("${librdkafka_source}")
  endif()
  message(STATUS "librdkafka ${MILLRACE_LIBRDKAFKA_VERSION} (${MILLRACE_FLAVOUR}): building once, into the cache")
  execute_process(
    COMMAND
      "${CMAKE_COMMAND}" -E env "CC=${CMAKE_C_COMPILER}" "CXX=${CMAKE_CXX_COMPILER}"
      "${PROJECT_SOURCE_DIR}/tools/build-librdkafka" --version ${MILLRACE_LIBRDKAFKA_VERSION} --source
      "${librdkafka_source}" --flavour ${MILLRACE_FLAVOUR} ${librdkafka_features} --prefix "${MILLRACE_LIBRDKAFKA_PREFIX}"
    RESULT_VARIABLE librdkafka_result)
  if(NOT librdkafka_result EQUAL 0)
    message(FATAL_ERROR "librdkafka ${MILLRACE_LIBRDKAFKA_VERSION} could not be built (see above). It needs gcc, make and the packages\n"
                        "zlib1g-dev libssl-dev libsasl2-dev libzstd-dev liblz4-dev, and libcurl4-openssl-dev with MILLRACE_OIDC;\n"
                        "tools/setup installs them and fetches the source.")
  endif()
endif()

add_library(millrace::rdkafka STATIC IMPORTED GLOBAL)
set_target_properties(
  millrace::rdkafka
  PROPERTIES IMPORTED_LOCATION "${MILLRACE_LIBRDKAFKA_PREFIX}/lib/librdkafka.a"
             INTERFACE_INCLUDE_DIRECTORIES "${MILLRACE_LIBRDKAFKA_PREFIX}/include"
             INTERFACE_LINK_LIBRARIES "${MILLRACE_RDKAFKA_LINK_LIBRARIES}")
