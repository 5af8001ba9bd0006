# SPDX-License-Identifier: Apache-2.0

# Removes the code for link-time optimisation from ARCHIVE with OBJCOPY, and keeps the machine code.
cmake_minimum_required(VERSION 3.25)

execute_process(
  COMMAND "${OBJCOPY}" --wildcard "--remove-section=.gnu.lto_*" "--remove-section=.gnu.debuglto_*"
          "--strip-symbol=__gnu_lto_v1" "${ARCHIVE}" COMMAND_ERROR_IS_FATAL ANY)
