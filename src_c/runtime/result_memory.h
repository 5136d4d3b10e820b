/* Recycled memory for large results of the Python functions. The operating system takes more time to provide a page that the
   process has not touched before than most activations take to fill it. */
#ifndef FASTACT_RESULT_MEMORY_H
#define FASTACT_RESULT_MEMORY_H

#include <stddef.h>

/* Memory of at least so many bytes, 64-byte aligned and not initialised; NULL if there is none. */
void *fa_result_acquire(size_t bytes);

/* Releases memory: it is kept for a later fa_result_acquire if the limit allows, else unmapped. */
void fa_result_release(void *buffer);

/* As realloc. */
void *fa_result_resize(void *buffer, size_t bytes);

/* Sets the limit of the bytes that are kept; returns how many are. */
size_t fa_result_memory_limit(size_t bytes);

/* Unmaps everything that is kept; returns how many bytes that were. */
size_t fa_result_memory_clear(void);

#endif
