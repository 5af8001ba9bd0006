# SPDX-License-Identifier: Apache-2.0

cmake_minimum_required(VERSION 3.25)

# Checks who includes whom, against the drawing of the layers in docs/architecture.md. Usage:
#   cmake -D SOURCE_DIR=<root of the project> [-D ALL_IN_USE=ON] -P CheckLayers.cmake
# ALL_IN_USE: what the table allows and no file uses is an error too.

# A folder, "state/memtable" for instance, is a layer of its own, apart from its subfolders.

# For each folder of include/millrace: the folders of include/millrace it may include besides itself. detail/X is the inside
# of X, and may include it; detail/graph, detail/nodes and detail/ops lie between processor and dsl.
set(public_core detail/core)
set(public_detail/core core)
set(public_serde core detail/serde)
set(public_detail/serde core detail/core serde)
set(public_windows core detail/core serde detail/windows)
set(public_detail/windows core serde detail/serde windows)
set(public_metrics "")
set(public_state core detail/core serde windows detail/state)
set(public_detail/state core detail/core serde detail/serde windows state)
set(public_processor core detail/core state detail/state detail/processor)
set(public_detail/processor core detail/core processor)
set(public_detail/graph core detail/core detail/state processor)
set(public_detail/nodes core detail/core serde detail/serde windows detail/windows state detail/state processor
    detail/processor detail/graph)
set(public_detail/ops core detail/core serde detail/serde windows detail/windows detail/state processor detail/processor
    detail/graph detail/nodes)
set(public_dsl core detail/core serde detail/serde windows detail/windows state detail/state processor detail/processor
    detail/graph detail/nodes detail/ops detail/dsl)
set(public_detail/dsl core detail/core serde detail/serde windows state detail/state processor detail/processor detail/graph
    detail/nodes detail/ops dsl)
set(public_client core serde windows metrics state detail/state processor)
set(public_testing core serde detail/serde state processor client detail/testing)
set(public_detail/testing core testing)

# For each folder of src: the folders of src it may include besides itself (src_), and those of include/millrace
# (src_public_).
set(src_core "")
set(src_public_core core)
set(src_serde core)
set(src_public_serde core serde detail/serde)
set(src_windows "")
set(src_public_windows core detail/core windows detail/windows)
set(src_metrics core)
set(src_public_metrics metrics)

set(src_kafka core)
set(src_public_kafka core detail/core)
set(src_kafka/rdkafka core kafka)
set(src_public_kafka/rdkafka core)

# state: format, budget <- engine <- memtable <- stores <- task.
set(src_state/format core)
set(src_public_state/format core detail/serde windows detail/state)
set(src_state/budget "")
set(src_public_state/budget "")
set(src_state/engine "")
set(src_public_state/engine core serde state)
set(src_state/engine/rocksdb core state/format state/budget state/engine)
set(src_public_state/engine/rocksdb core state)
set(src_state/memtable core state/format state/engine)
set(src_public_state/memtable core state detail/state)
set(src_state/stores core state/format state/budget state/engine state/memtable)
set(src_public_state/stores core detail/core state detail/state)
set(src_state/task core state/format state/budget state/engine state/stores)
set(src_public_state/task core state detail/state)

# Topologies: operators <- topology <- dsl.
set(src_operators core)
set(src_public_operators core detail/core detail/serde detail/state processor detail/graph detail/nodes)
set(src_topology core operators)
set(src_public_topology core detail/state processor detail/graph detail/nodes detail/ops dsl detail/dsl)
set(src_dsl core topology)
set(src_public_dsl core serde detail/serde detail/nodes dsl detail/dsl)

set(src_assignment core kafka topology)
set(src_public_assignment core detail/serde)
set(src_restore core metrics kafka state/task)
set(src_public_restore core state)

# runtime: task <- commit, global <- thread.
set(src_runtime/task core metrics kafka state/format state/task topology restore)
set(src_public_runtime/task core detail/serde processor detail/graph detail/nodes client)
set(src_runtime/commit core metrics kafka runtime/task)
set(src_public_runtime/commit core detail/nodes client)
set(src_runtime/global core metrics kafka state/format state/task topology restore runtime/task)
set(src_public_runtime/global core state detail/graph detail/nodes)
set(src_runtime/thread core metrics kafka state/budget state/task topology assignment restore
    runtime/task runtime/commit runtime/global)
set(src_public_runtime/thread core detail/graph client)

set(src_client/settings core kafka)
set(src_public_client/settings core state processor detail/graph client)
set(src_client core metrics kafka kafka/rdkafka state/budget state/task topology assignment restore runtime/task runtime/global
    runtime/thread client/settings)
set(src_public_client core detail/serde state client)

# testing/embedded: log <- broker <- clients.
set(src_testing core kafka state/budget state/task topology runtime/task runtime/global client/settings)
set(src_public_testing core detail/serde state detail/state detail/nodes client testing)
set(src_testing/embedded/log core kafka)
set(src_public_testing/embedded/log core)
set(src_testing/embedded/broker core kafka testing/embedded/log)
set(src_public_testing/embedded/broker testing)
set(src_testing/embedded/clients core kafka testing/embedded/log testing/embedded/broker)
set(src_public_testing/embedded/clients core)
set(src_testing/embedded kafka testing/embedded/broker testing/embedded/clients)
set(src_public_testing/embedded core testing)
set(src_testing/simulation core kafka topology testing/embedded/log testing/embedded/broker testing/embedded/clients)
set(src_public_testing/simulation core detail/graph detail/state serde detail/serde client testing)

file(REAL_PATH "${SOURCE_DIR}" root)

# Reads the includes of `file`, in folder `layer`, reports those outside the allowed lists, and appends the allowances
# used to the global properties used_public_<layer> and used_private_<layer>.
function(check_file file layer public_allowed private_allowed)
  file(STRINGS "${root}/${file}" includes REGEX "^ *# *include +\"")
  foreach(include IN LISTS includes)
    string(REGEX REPLACE "^[^\"]*\"([^\"]*)\".*" "\\1" included "${include}")
    if(NOT included MATCHES "/")
      continue()
    endif()
    cmake_path(GET included PARENT_PATH folder)
    if(folder STREQUAL "millrace")
      message(SEND_ERROR "${file}: '${included}' is for users; include the header that is needed")
    elseif(folder MATCHES "^millrace/(.*)")
      if(NOT CMAKE_MATCH_1 IN_LIST public_allowed)
        message(SEND_ERROR "${file}: layer '${layer}' may not include '${included}'")
      endif()
      set_property(GLOBAL APPEND PROPERTY used_public_${layer} "${CMAKE_MATCH_1}")
    elseif(file MATCHES "^include/")
      message(SEND_ERROR "${file}: public headers include others as \"millrace/...\", not '${included}'")
    elseif(IS_DIRECTORY "${root}/src/${folder}")
      if(NOT folder IN_LIST private_allowed)
        message(SEND_ERROR "${file}: layer '${layer}' may not include '${included}'")
      endif()
      set_property(GLOBAL APPEND PROPERTY used_private_${layer} "${folder}")
    endif()
  endforeach()
endfunction()

# Reports what `layer` may include and does not: the property `used` against the list `allowed`.
function(check_unused layer used allowed)
  get_property(in_use GLOBAL PROPERTY ${used})
  foreach(folder IN LISTS allowed)
    if(NOT folder IN_LIST in_use)
      message(SEND_ERROR "layer '${layer}' may include '${folder}' and does not; remove it from the layer table")
    endif()
  endforeach()
  set_property(GLOBAL PROPERTY ${used} "")
endfunction()

file(GLOB_RECURSE headers RELATIVE "${root}/include/millrace" "${root}/include/millrace/*/*.hpp")
set(layers "")
foreach(header IN LISTS headers)
  cmake_path(GET header PARENT_PATH layer)
  if(NOT DEFINED public_${layer})
    message(SEND_ERROR "include/millrace/${header}: folder '${layer}' is missing from the layer table")
  endif()
  check_file("include/millrace/${header}" ${layer} "${layer};${public_${layer}}" "")
  list(APPEND layers ${layer})
endforeach()
list(REMOVE_DUPLICATES layers)
foreach(layer IN LISTS layers)
  if(ALL_IN_USE)
    check_unused(${layer} used_public_${layer} "${public_${layer}}")
  endif()
  set_property(GLOBAL PROPERTY used_public_${layer} "")
endforeach()

file(GLOB_RECURSE sources RELATIVE "${root}/src" "${root}/src/*/*.hpp" "${root}/src/*/*.cpp")
set(layers "")
foreach(source IN LISTS sources)
  cmake_path(GET source PARENT_PATH layer)
  if(NOT DEFINED src_${layer})
    message(SEND_ERROR "src/${source}: folder '${layer}' is missing from the layer table")
  endif()
  check_file("src/${source}" ${layer} "${src_public_${layer}}" "${layer};${src_${layer}}")
  list(APPEND layers ${layer})
endforeach()
list(REMOVE_DUPLICATES layers)
if(ALL_IN_USE)
  foreach(layer IN LISTS layers)
    check_unused(${layer} used_public_${layer} "${src_public_${layer}}")
    check_unused(${layer} used_private_${layer} "${src_${layer}}")
  endforeach()
endif()

# A check that looked at nothing must not pass.
list(LENGTH headers header_count)
list(LENGTH sources source_count)
if(header_count EQUAL 0 OR source_count EQUAL 0)
  message(FATAL_ERROR "no headers or no sources found under ${root}")
endif()
message(STATUS "layers: checked ${header_count} public headers and ${source_count} private files")
