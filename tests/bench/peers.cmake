# SPDX-License-Identifier: Apache-2.0
# Runs the benchmark with ONNX Runtime, which has to agree with the backends on every cell and on two
# directions. Skipped where there is none.
include("${CMAKE_CURRENT_LIST_DIR}/expect.cmake")
file(REMOVE_RECURSE "${folder}")
file(MAKE_DIRECTORY "${folder}")

if("$ENV{CAROUSEL_ONNXRUNTIME}" STREQUAL "")
  execute_process(COMMAND "${bench}" --peers --shapes vadcell --threads 1 --backend xsimd --seconds 1
    --output "${folder}/other.json" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(result EQUAL 2 AND output MATCHES "built without ONNX Runtime|library cannot be opened")
    message("skipped, no ONNX Runtime: ${output}")
    return()
  endif()
endif()

expect(0 "onnxruntime" "${bench}" --peers --compare --shapes vadcell,asr_bi320,sq16_b1 --seconds 1
  --output "${folder}/results.json")
file(READ "${folder}/results.json" json)
string(JSON version GET "${json}" versions backends onnxruntime)
if(NOT version MATCHES "^ONNX Runtime 1\\.[0-9]+")
  message(FATAL_ERROR "version ${version}")
endif()
string(JSON count LENGTH "${json}" measurements)
set(measured 0)
math(EXPR last "${count} - 1")
foreach(i RANGE ${last})
  string(JSON backend GET "${json}" measurements ${i} backend)
  if(backend STREQUAL "onnxruntime")
    string(JSON median GET "${json}" measurements ${i} seconds median)
    string(JSON agrees GET "${json}" measurements ${i} agrees)
    if(NOT median GREATER 0 OR NOT agrees)
      message(FATAL_ERROR "measurement ${i}: median ${median}, agrees ${agrees}")
    endif()
    math(EXPR measured "${measured} + 1")
  endif()
endforeach()
if(measured LESS 2)
  message(FATAL_ERROR "ONNX Runtime was measured ${measured} times")
endif()

expect(0 "page.html" "${carousel}" report "${folder}/results.json" --output "${folder}/page.html")
file(READ "${folder}/page.html" page)
if(NOT page MATCHES "b-onnxruntime\"></i>onnxruntime")
  message(FATAL_ERROR "the page does not show onnxruntime")
endif()
expect(0 "speed.svg" "${carousel}" report "${folder}/results.json" --output "${folder}/page.html"
  --picture "${folder}/speed.svg")
file(READ "${folder}/speed.svg" picture)
if(NOT picture MATCHES "sq16_b1: [0-9.]+ times as fast as ONNX Runtime")
  message(FATAL_ERROR "the picture has no bar of ONNX Runtime")
endif()

# In 8 bits, its arithmetic is another one, and near float32.
expect(0 "its y off by" "${bench}" --peers --precision int8 --backend xsimd
  --shapes vadcell,sq16_b1 --threads 1 --seconds 1 --output "${folder}/other.json")
foreach(cell gru rnn)
  expect(0 "onnxruntime" "${bench}" --peers --backend xsimd --shapes vadcell --cell ${cell} --seconds 1
    --threads 1 --output "${folder}/other.json")
endforeach()
expect(2 "the picture needs" "${carousel}" report "${folder}/other.json" --picture "${folder}/none.svg")
