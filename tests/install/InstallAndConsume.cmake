# SPDX-License-Identifier: Apache-2.0
cmake_minimum_required(VERSION 3.25)

set(prefix "${WORK_DIR}/prefix")
set(consumer "${WORK_DIR}/consumer")
file(REMOVE_RECURSE "${prefix}" "${consumer}")

execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${prefix}" OUTPUT_QUIET
                        COMMAND_ERROR_IS_FATAL ANY)
execute_process(
  COMMAND "${CMAKE_COMMAND}" -S "${CONSUMER_DIR}" -B "${consumer}" -G "${GENERATOR}" -D "CMAKE_PREFIX_PATH=${prefix}" -D
          "CMAKE_C_COMPILER=${C_COMPILER}" -D "CMAKE_CXX_COMPILER=${CXX_COMPILER}" -D "CMAKE_CXX_FLAGS=${FLAGS}"
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${consumer}" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${consumer}/consumer" COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${consumer}/consumer_test" COMMAND_ERROR_IS_FATAL ANY)
