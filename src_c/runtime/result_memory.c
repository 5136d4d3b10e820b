/* Recycled memory: see runtime/result_memory.h.

   Each piece is a mapping of its own, of whole huge pages, so that the advice to use huge pages ends with it. Its first bytes
   hold its size. The lock is only try-locked: on contention a call allocates or unmaps without the cache. If a process forks
   while another thread holds the lock, the child never uses the cache again. */
#define _GNU_SOURCE
#include "runtime/result_memory.h"

#if defined(__unix__) || defined(__APPLE__)
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum { SLOTS = 16, HEADER = 64 };
#define HUGE_PAGE ((size_t)1 << 21)

typedef struct {
    size_t mapped;
} header;

static atomic_flag taken = ATOMIC_FLAG_INIT;
static header *kept[SLOTS]; /* in the order of their release */
static int count;
static size_t total, limit;

static int lock(void) { return !atomic_flag_test_and_set_explicit(&taken, memory_order_acquire); }

static void unlock(void) { atomic_flag_clear_explicit(&taken, memory_order_release); }

static header *header_of(void *buffer) { return (header *)((char *)buffer - HEADER); }

static size_t whole_pages(size_t bytes) { return (bytes + HEADER + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1); }

static header *map_pages(size_t bytes)
{
    /* one huge page more, so that the mapping can begin at a border of huge pages */
    char *start = mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    size_t before = -(uintptr_t)start & (HUGE_PAGE - 1);
    if (before)
        munmap(start, before);
    munmap(start + before + bytes, HUGE_PAGE - before);
    header *h = (header *)(start + before);
#ifdef MADV_HUGEPAGE
    madvise(h, bytes, MADV_HUGEPAGE); /* without it, small pages are used */
#endif
    h->mapped = bytes;
    return h;
}

static header *remove_kept(int at)
{
    header *h = kept[at];
    memmove(kept + at, kept + at + 1, sizeof *kept * (size_t)(--count - at));
    total -= h->mapped;
    return h;
}

/* The smallest kept piece that is large enough and at most a quarter larger. */
static header *find_kept(size_t bytes)
{
    int best = -1;
    for (int k = 0; k < count; k++)
        if (kept[k]->mapped >= bytes && kept[k]->mapped <= bytes + bytes / 4
            && (best < 0 || kept[k]->mapped < kept[best]->mapped))
            best = k;
    return best < 0 ? NULL : remove_kept(best);
}

/* Unmaps the oldest pieces until at most `bytes` are kept and there is a free slot. */
static void shrink(size_t bytes)
{
    while (count && (total > bytes || count == SLOTS)) {
        header *h = remove_kept(0);
        munmap(h, h->mapped);
    }
}

void *fa_result_acquire(size_t bytes)
{
    header *h = NULL;
    if (bytes > SIZE_MAX / 2)
        return NULL;
    size_t wanted = whole_pages(bytes);
    if (lock()) {
        h = find_kept(wanted);
        unlock();
    }
    if (!h)
        h = map_pages(wanted);
    return h ? (char *)h + HEADER : NULL;
}

void fa_result_release(void *buffer)
{
    header *h = header_of(buffer);
    int keep = 0;
    if (lock()) {
        keep = h->mapped <= limit;
        if (keep) {
            shrink(limit - h->mapped);
            kept[count++] = h;
            total += h->mapped;
        }
        unlock();
    }
    if (!keep)
        munmap(h, h->mapped);
}

void *fa_result_resize(void *buffer, size_t bytes)
{
    size_t room = header_of(buffer)->mapped - HEADER;
    if (bytes <= room && whole_pages(bytes) == room + HEADER)
        return buffer;
    void *other = fa_result_acquire(bytes);
    if (other) {
        memcpy(other, buffer, bytes < room ? bytes : room);
        fa_result_release(buffer);
    }
    return other;
}

size_t fa_result_memory_limit(size_t bytes)
{
    size_t left = 0;
    if (lock()) {
        limit = bytes ? bytes + HUGE_PAGE : 0; /* room for the header of one piece of just so many bytes */
        shrink(limit);
        left = total;
        unlock();
    }
    return left;
}

size_t fa_result_memory_clear(void)
{
    size_t freed = 0;
    if (lock()) {
        freed = total;
        shrink(0);
        unlock();
    }
    return freed;
}

#else /* no mmap: Python then uses NumPy's own memory */
void *fa_result_acquire(size_t bytes) { (void)bytes; return NULL; }
void fa_result_release(void *buffer) { (void)buffer; }
void *fa_result_resize(void *buffer, size_t bytes) { (void)buffer; (void)bytes; return NULL; }
size_t fa_result_memory_limit(size_t bytes) { (void)bytes; return 0; }
size_t fa_result_memory_clear(void) { return 0; }
#endif
