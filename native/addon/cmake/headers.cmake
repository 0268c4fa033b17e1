# Finds the headers of Node-API, node-addon-api and libuv without downloading anything.

# Sets `variable` to the first of the directories that has `header`, unless it is set already; fails with `advice`. What
# was found is not cached: the next run may be told of other directories.
function(necko_find_header variable header advice)
  if(${variable})
    if(NOT EXISTS "${${variable}}/${header}")
      message(FATAL_ERROR "${variable} has no ${header}: ${${variable}}")
    endif()
    return()
  endif()
  find_path(found ${header} PATHS ${ARGN} NO_DEFAULT_PATH NO_CACHE)
  if(NOT found)
    message(FATAL_ERROR "${header} was not found. ${advice}")
  endif()
  set(${variable} "${found}" PARENT_SCOPE)
endfunction()

# Sets NECKO_NODE_API_INCLUDE, NECKO_NODE_ADDON_API_INCLUDE and NECKO_UV_INCLUDE. cmake-js passes the first two in
# CMAKE_JS_INC; cmake alone finds them in node_modules. libuv's header comes with Node's own headers, beside the
# executable, or with the system's libuv: its interface has been stable since 1.0, so any version does.
macro(necko_find_headers)
  set(modules "${CMAKE_CURRENT_SOURCE_DIR}/node_modules")
  find_program(node_program NAMES node nodejs NO_CACHE)
  set(node_include "")
  if(node_program)
    file(REAL_PATH "${node_program}" node_executable)
    get_filename_component(node_bin "${node_executable}" DIRECTORY)
    get_filename_component(node_include "${node_bin}/../include/node" ABSOLUTE)
  endif()
  necko_find_header(NECKO_NODE_API_INCLUDE node_api.h
    "Install the project's npm packages: npm ci"
    ${CMAKE_JS_INC} "${modules}/node-api-headers/include" "${node_include}")
  necko_find_header(NECKO_NODE_ADDON_API_INCLUDE napi.h
    "Install the project's npm packages: npm ci"
    ${CMAKE_JS_INC} "${modules}/node-addon-api")
  necko_find_header(NECKO_UV_INCLUDE uv.h
    "Install libuv's header (Debian: libuv1-dev) or Node with its headers, or set NECKO_UV_INCLUDE."
    "${node_include}" /usr/include/node /usr/local/include/node /usr/include /usr/local/include /opt/homebrew/include)
endmacro()
