# SPDX-License-Identifier: Apache-2.0
# protobuf's lite library compiled from its sources, of the version that the host's compiler is of.
set(source "${CAROUSEL_WASM_DEPS}/protobuf/src")
find_program(CAROUSEL_PROTOC protoc)
mark_as_advanced(CAROUSEL_PROTOC)
if(NOT EXISTS "${source}" OR NOT CAROUSEL_PROTOC)
  set(Protobuf_FOUND FALSE)
  return()
endif()
if(TARGET protobuf::protoc)
  return()
endif()
add_executable(protobuf::protoc IMPORTED GLOBAL)
set_target_properties(protobuf::protoc PROPERTIES IMPORTED_LOCATION "${CAROUSEL_PROTOC}")

set(sources)
foreach(name IN ITEMS
    any_lite arena arenastring arenaz_sampler extension_set generated_enum_util
    generated_message_tctable_lite generated_message_util implicit_weak_message inlined_string_field
    io/coded_stream io/strtod io/zero_copy_stream io/zero_copy_stream_impl io/zero_copy_stream_impl_lite map
    message_lite parse_context repeated_field repeated_ptr_field stubs/bytestream stubs/common stubs/int128
    stubs/status stubs/statusor stubs/stringpiece stubs/stringprintf stubs/structurally_valid stubs/strutil
    stubs/time wire_format_lite)
  list(APPEND sources "${source}/google/protobuf/${name}.cc")
endforeach()
add_library(carousel_protobuf STATIC ${sources})
target_include_directories(carousel_protobuf SYSTEM PUBLIC "${source}")
target_compile_options(carousel_protobuf PRIVATE -w)
set_target_properties(carousel_protobuf PROPERTIES UNITY_BUILD OFF)
add_library(protobuf::libprotobuf-lite ALIAS carousel_protobuf)
set(Protobuf_VERSION "of ${source}")
