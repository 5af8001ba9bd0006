# SPDX-License-Identifier: Apache-2.0

# Takes the code for link-time optimisation out of ARCHIVE, with OBJCOPY; the machine code beside it stays.
cmake_minimum_required(VERSION 3.25)

execute_process(
  COMMAND "${OBJCOPY}" --wildcard "--remove-section=.gnu.lto_*" "--remove-section=.gnu.debuglto_*"
          "--strip-symbol=__gnu_lto_v1" "${ARCHIVE}" COMMAND_ERROR_IS_FATAL ANY)
