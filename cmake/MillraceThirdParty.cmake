# SPDX-License-Identifier: Apache-2.0

# Dependencies of a program that links the static library. Used by the build and, installed next to
# millraceConfig.cmake, by users. Requires millrace_require(), millrace_require_library() and MILLRACE_OIDC.
set(THREADS_PREFER_PTHREAD_FLAG ON)
millrace_require(Threads libc6-dev)
millrace_require(RocksDB librocksdb-dev 7.8 CONFIG)
millrace_require(spdlog libspdlog-dev CONFIG)
millrace_require(Protobuf "libprotobuf-dev protobuf-compiler")
millrace_require_library(xxhash libxxhash-dev xxhash.h xxhash)

# Linking the shared RocksDB takes a fraction of the time of the static one; Debian and Ubuntu have both.
if(NOT TARGET millrace::rocksdb)
  add_library(millrace::rocksdb INTERFACE IMPORTED GLOBAL)
  if(TARGET RocksDB::rocksdb-shared)
    target_link_libraries(millrace::rocksdb INTERFACE RocksDB::rocksdb-shared)
  else()
    target_link_libraries(millrace::rocksdb INTERFACE RocksDB::rocksdb)
  endif()
endif()

# Dependencies of librdkafka.
millrace_require(ZLIB zlib1g-dev)
millrace_require(OpenSSL libssl-dev)
set(millrace_oidc_libraries)
if(MILLRACE_OIDC)
  millrace_require(CURL libcurl4-openssl-dev)
  set(millrace_oidc_libraries CURL::libcurl)
endif()
millrace_require_library(zstd libzstd-dev zstd.h zstd)
millrace_require_library(lz4 liblz4-dev lz4.h lz4)
millrace_require_library(sasl2 libsasl2-dev sasl/sasl.h sasl2)
set(MILLRACE_RDKAFKA_LINK_LIBRARIES
    ZLIB::ZLIB
    OpenSSL::SSL
    OpenSSL::Crypto
    ${millrace_oidc_libraries}
    millrace::zstd
    millrace::lz4
    millrace::sasl2
    Threads::Threads
    m
    ${CMAKE_DL_LIBS})
