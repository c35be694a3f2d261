/* Whether this is built with the address sanitizer, which maps terabytes, traces its own process and
 * writes where the code alone would not: 1 or 0, for preprocessor and code. */
#pragma once

#if defined(__SANITIZE_ADDRESS__) /* gcc */
#define SANITIZED 1
#elif defined(__has_feature) /* clang */
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif
