# Compiler flags that every target shares: warnings, hardening, sanitizers.
add_compile_options(-Wall -Wextra -Wconversion -Wno-sign-conversion -Wshadow
  -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef
  -fno-common -fstack-protector-strong -fstack-clash-protection)
add_compile_definitions(_GNU_SOURCE BULKHEAD_VERSION="${PROJECT_VERSION}")
if(CMAKE_C_COMPILER_ID MATCHES "Clang")
  add_compile_options(-Wno-missing-field-initializers)	# of libseccomp's macros; gcc sees whose they are
endif()
if(BULKHEAD_WERROR)
  add_compile_options(-Werror)
endif()
if(NOT BULKHEAD_CUSTODY)
  add_compile_definitions(BULKHEAD_CUSTODY_OFF=1)
endif()
if(BULKHEAD_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  add_compile_definitions(BULKHEAD_SANITIZE=1)
else()
  add_compile_definitions($<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()
if(BULKHEAD_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_link_options(-pie -Wl,-z,relro -Wl,-z,now -Wl,--as-needed)
include_directories(${CMAKE_SOURCE_DIR}/lib ${CMAKE_SOURCE_DIR})

find_package(PkgConfig REQUIRED)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
link_libraries(PkgConfig::UV)
