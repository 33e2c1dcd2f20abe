/* SPDX-License-Identifier: Apache-2.0 */
/* A plug-in of ABI version 1 (Carousel 0.1): its table as that version had it, written out, since
   no header has it any more. Whoever calls one of its functions takes it for something else. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct table {
  uint32_t abi_version;
  uint32_t reserved;
  size_t struct_size;
  size_t spec_size;
  size_t args_size;
  const char* name;
  const char* version;
  const char* description;
  void (*functions[9])(void); /* available, supports, layer_create, ..., forward */
} table;

static void never(void) { abort(); }

__attribute__((visibility("default"))) const table* carousel_backend_plugin(const void* host,
                                                                            char* error,
                                                                            size_t error_size);
const table* carousel_backend_plugin(const void* host, char* error, size_t error_size) {
  (void)host, (void)error, (void)error_size;
  static const table old = {1,
                            0,
                            sizeof(table),
                            144,
                            96,
                            "version1",
                            "1.0",
                            "from the time of Carousel 0.1",
                            {never, never, never, never, never, never, never, never, never}};
  return &old;
}
