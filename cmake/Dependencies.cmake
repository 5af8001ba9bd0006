# SPDX-License-Identifier: Apache-2.0

# The dependencies of the project.
include(MillraceRequire)
include(MillraceThirdParty)
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
