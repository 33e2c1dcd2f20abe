/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CAROUSEL_EXPORT_H
#define CAROUSEL_EXPORT_H

/**
 * \file
 * Marks what applications may call. Everything else is hidden in the shared library. Of the static
 * library everything is hidden (CAROUSEL_STATIC, which its CMake target and pkg-config file
 * define), so that a plug-in which contains it exports none of it: two plug-ins in one process may
 * each bring a Carousel of their own.
 */
#if defined(CAROUSEL_STATIC) || !defined(__GNUC__)
#define CAROUSEL_API
#else
#define CAROUSEL_API __attribute__((visibility("default")))
#endif

#endif
