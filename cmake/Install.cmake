# SPDX-License-Identifier: Apache-2.0

# Installs the library as a CMake package: find_package(millrace) defines millrace::millrace, millrace::testing and
# millrace::protobuf. The pinned librdkafka is installed with it; everything else comes from the distribution.
include(CMakePackageConfigHelpers)

set(millrace_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/millrace")
install(
  TARGETS millrace millrace_testing millrace_protobuf
  EXPORT millraceTargets
  FILE_SET HEADERS)
install(
  EXPORT millraceTargets
  NAMESPACE millrace::
  DESTINATION "${millrace_cmake_dir}")
if(millrace_lto_options AND NOT MILLRACE_INSTALL_LTO)
  install(CODE "set(OBJCOPY \"${CMAKE_OBJCOPY}\")
    foreach(library IN ITEMS millrace millrace_testing)
      set(ARCHIVE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/lib\${library}.a\")
      include(\"${PROJECT_SOURCE_DIR}/cmake/RemoveLtoCode.cmake\")
    endforeach()")
endif()
install(FILES "${MILLRACE_LIBRDKAFKA_PREFIX}/lib/librdkafka.a" DESTINATION "${CMAKE_INSTALL_LIBDIR}/millrace")
file(GLOB librdkafka_licences "${MILLRACE_LIBRDKAFKA_PREFIX}/LICENSE*")
install(FILES ${librdkafka_licences} DESTINATION "${CMAKE_INSTALL_DOCDIR}/librdkafka")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

set(librdkafka_library "${CMAKE_INSTALL_LIBDIR}/millrace/librdkafka.a")
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/millraceConfig.cmake.in" "${PROJECT_BINARY_DIR}/millraceConfig.cmake"
  INSTALL_DESTINATION "${millrace_cmake_dir}"
  PATH_VARS librdkafka_library)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/millraceConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/millraceConfig.cmake" "${PROJECT_BINARY_DIR}/millraceConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/MillraceThirdParty.cmake" "${PROJECT_SOURCE_DIR}/cmake/MillraceRequire.cmake"
        DESTINATION "${millrace_cmake_dir}")
