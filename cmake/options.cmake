set(SINTER_SANITIZE "" CACHE STRING "sanitizers to build with: address,undefined or thread; with fuzzer-no-link (clang) there is a target fuzz")
option(SINTER_BUILD_BENCHMARKS "build the programs under bench/" OFF)
option(SINTER_UNITY "compile several files at a time: quicker from nothing, slower after an edit" ON)

find_program(CCACHE ccache)
if(CCACHE)
  # The tests' headers are precompiled; what their macros and dates could change, they do not use.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra $<$<CXX_COMPILER_ID:GNU>:-Werror> $<$<COMPILE_LANGUAGE:CXX>:-Wno-missing-field-initializers>)
# gcc 12 warns falsely on `"literal" + std::string` (GCC bug 105329).
add_compile_options($<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-restrict>)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
# One section per function, so that linking a generated binary can drop what it does not use.
add_compile_options(-ffunction-sections -fdata-sections)
if(SINTER_SANITIZE)
  # Instrumented code sets off false warnings of gcc 12's flow analysis.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized> $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-clobbered>)
  add_compile_options(-fsanitize=${SINTER_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SINTER_SANITIZE})
endif()

# sinter_library(NAME DEPENDS...): a static library of all .cpp files of this folder and below.
function(sinter_library name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARGN})
endfunction()

# sinter_unity(TARGET FOLDERS...): the files of each folder are compiled eight at a time, since most of the time goes into
# their headers. Names in anonymous namespaces must differ within such a folder. The preset `dev`, in which one edits and
# builds again, compiles each file by itself.
function(sinter_unity target)
  if(NOT SINTER_UNITY)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  foreach(folder ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp)
    string(MAKE_C_IDENTIFIER "${folder}" prefix)
    set(index 0)
    foreach(source ${sources})
      math(EXPR group "${index} / 8")
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${prefix}${group})
      math(EXPR index "${index} + 1")
    endforeach()
  endforeach()
endfunction()
