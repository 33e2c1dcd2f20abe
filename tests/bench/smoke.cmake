# SPDX-License-Identifier: Apache-2.0
# Runs the benchmark on the smallest shape, makes a page of it, and tries two wrong command lines.
file(REMOVE_RECURSE "${folder}")
file(MAKE_DIRECTORY "${folder}")

include("${CMAKE_CURRENT_LIST_DIR}/expect.cmake")

expect(0 "sq16_b1" "${bench}" --shapes sq16_b1 --seconds 1 --output "${folder}/results.json")
file(READ "${folder}/results.json" json)
string(JSON format GET "${json}" format)
string(JSON median GET "${json}" measurements 0 seconds median)
if(NOT format STREQUAL "carousel-bench" OR NOT median GREATER 0)
  message(FATAL_ERROR "format ${format}, median ${median}")
endif()
expect(0 "page.html" "${carousel}" report "${folder}/results.json" --output "${folder}/page.html")
file(READ "${folder}/page.html" page)
string(FIND "${page}" "sq16_b1" at)
if(at EQUAL -1)
  message(FATAL_ERROR "the page does not mention sq16_b1")
endif()

 expect(0 "sq16_b16" "${bench}" --lengths --shapes "*16_b16" --backend scalar --threads 1 --seconds 1
  --output "${folder}/lengths.json")
file(READ "${folder}/lengths.json" json)
string(JSON samples GET "${json}" lengths 0 samples)
if(samples LESS 3)
  message(FATAL_ERROR "${samples} samples")
endif()
expect(0 "gru_sq16_b1" "${bench}" --shapes sq16_b1 --cell gru --seconds 1 --threads 1)
expect(0 "gru_reset_first_sq16_b1" "${bench}" --shapes sq16_b1 --cell gru --reset-first --seconds 1 --threads 1)
expect(2 "--cell: 'tree' is not one of lstm, gru, rnn" "${bench}" --cell tree)
expect(2 "only a GRU has a reset gate" "${bench}" --reset-first)
expect(2 "no shape 'sq17'" "${bench}" --shapes sq17)
expect(2 "--threads" "${bench}" --threads 0)

# Builds without ONNX Runtime's header say so; others find no library in an empty folder.
file(MAKE_DIRECTORY "${folder}/empty")
foreach(text "--peers: " "libonnxruntime-dev" "onnxruntime-node")
  expect(2 "${text}" "${CMAKE_COMMAND}" -E env "CAROUSEL_ONNXRUNTIME=${folder}/empty"
    "${bench}" --peers --shapes sq16_b1)
endforeach()
expect(2 "--peers" "${bench}" --peers --lengths)

# A whole network: a folder with a model and its input, and what is none.
set(network "${folder}/networks/forecast")
file(MAKE_DIRECTORY "${network}")
file(COPY_FILE "${examples}/from-pytorch/forecast.safetensors" "${network}/model.safetensors")
file(COPY_FILE "${examples}/from-pytorch/x.npy" "${network}/input_x.npy")
expect(0 "forecast" "${bench}" --networks "${folder}/networks" --seconds 1
  --output "${folder}/networks.json")
file(READ "${folder}/networks.json" json)
foreach(part whole recurrent)
  string(JSON median GET "${json}" networks 0 ${part} median)
  if(NOT median GREATER 0)
    message(FATAL_ERROR "${part}: median ${median}")
  endif()
endforeach()
expect(2 "has no folder with a file model" "${bench}" --networks "${folder}/empty" --seconds 1)
expect(2 "is not a folder" "${bench}" --networks "${folder}/nowhere" --seconds 1)
file(MAKE_DIRECTORY "${folder}/bare")
file(COPY_FILE "${examples}/from-pytorch/forecast.safetensors" "${folder}/bare/model.safetensors")
expect(2 "there is no input_NAME.npy" "${bench}" --networks "${folder}/bare" --seconds 1)
