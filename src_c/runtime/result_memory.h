/* Recycled memory for large results, for the Python face: a page that the process has not touched before
   costs the kernel more time than most activations take to fill it. */
#ifndef FASTACT_RESULT_MEMORY_H
#define FASTACT_RESULT_MEMORY_H

#include <stddef.h>

/* At least so many bytes, 64-byte aligned, not zeroed; NULL if there is no memory. */
void *fa_result_acquire(size_t bytes);

/* Gives a buffer back: it is kept for the next that asks, within the limit, or unmapped. */
void fa_result_release(void *buffer);

/* The same contents in a buffer of another size, as realloc. */
void *fa_result_resize(void *buffer, size_t bytes);

/* Unmaps what is kept beyond so many bytes, now and from now on; returns how many stay. */
size_t fa_result_memory_limit(size_t bytes);

/* Unmaps all that is kept; returns how many bytes that were. */
size_t fa_result_memory_clear(void);

#endif
