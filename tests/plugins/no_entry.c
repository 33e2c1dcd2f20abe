/* SPDX-License-Identifier: Apache-2.0 */
/* A shared library that is no plug-in. */
__attribute__((visibility("default"))) int carousel_backend_plug_in(void);
int carousel_backend_plug_in(void) { return 0; }
