/* Recycled memory for large results, for the Python face: a page that the process has not touched before
   costs the kernel more time than most activations take to fill it. */
#ifndef FA_BUFFERS_H
#define FA_BUFFERS_H

#include <stddef.h>

/* At least so many bytes, 64-byte aligned, not zeroed; NULL if there is no memory. */
void *fa_buffer_take(size_t bytes);

/* Gives a buffer back: it is kept for the next that asks, within the limit, or unmapped. */
void fa_buffer_give(void *buffer);

/* The same contents in a buffer of another size, as realloc. */
void *fa_buffer_resize(void *buffer, size_t bytes);

/* Unmaps what is kept beyond so many bytes, now and from now on; returns how many stay. */
size_t fa_buffer_limit(size_t bytes);

/* Unmaps all that is kept; returns how many bytes that were. */
size_t fa_buffer_clear(void);

#endif
