/* Prints a hash of each form's results, in each dtype, on a fixed set of inputs: one a line. It needs nothing
   but the C library, so that any compiler and processor can be compared; FASTACT_ISA chooses the code. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

enum { N = 20011, FORMS = FA_FORM_COUNT, DTYPES = FA_BFLOAT16 + 1 };
static const size_t size_of[DTYPES] = {4, 8, 2, 2};
static const int exponent_bits[DTYPES] = {8, 11, 5, 8};

/* Special values, then random bits, so of any size and sign, some not numbers; every other one with an exponent next to
   that of 1. */
static void fill(char *x, fa_dtype dtype, uint64_t seed)
{
    int width = (int)(8 * size_of[dtype]), mantissa = width - 1 - exponent_bits[dtype];
    uint64_t bias = (1ull << (exponent_bits[dtype] - 1)) - 1;
    for (int i = 0; i < N; i++) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        uint64_t bits = seed ^ seed >> 31;
        if (i % 2) {
            uint64_t sign = bits >> 63, exponent = bias - 8 + (bits >> 40) % 16;
            bits &= (1ull << mantissa) - 1;
            bits |= (sign << exponent_bits[dtype] | exponent) << mantissa;
        }
        if (i < 8) /* zeros, subnormals and infinities of both signs */
            bits = (uint64_t)(i & 1) << (width - 1) | (i < 2 ? 0 : i < 4 ? 1 : ((1ull << exponent_bits[dtype]) - 1) << mantissa);
        memcpy(x + (size_t)i * size_of[dtype], &bits, size_of[dtype]);
    }
}

/* FNV-1a; every NaN counts as the same one. */
static uint64_t hash(uint64_t before, const char *x, fa_dtype dtype, int n)
{
    int width = (int)(8 * size_of[dtype]), mantissa = width - 1 - exponent_bits[dtype];
    uint64_t infinity = ((1ull << exponent_bits[dtype]) - 1) << mantissa;
    for (int i = 0; i < n; i++) {
        uint64_t bits = 0;
        memcpy(&bits, x + (size_t)i * size_of[dtype], size_of[dtype]);
        if ((bits & ((1ull << (width - 1)) - 1)) > infinity)
            bits = infinity + 1;
        before = (before ^ bits) * 1099511628211ull;
    }
    return before;
}

static char arrays[5][8 * N];

static void elementwise(const char *name)
{
    const fa_activation *activation = fa_find(name);
    const float single[] = {0.7f, 1.9f, 3.1f};
    const double twice[] = {0.7, 1.9, 3.1};
    for (int dtype = 0; dtype < DTYPES; dtype++)
        for (int form = 0; form < FORMS; form++) {
            if (!fa_has_form(activation, form))
                continue;
            memset(arrays[3], 0, 2 * sizeof arrays[3]);
            for (int k = 0; k < 3; k++)
                fill(arrays[k], dtype, 1 + (uint64_t)k);
            const void *in[] = {arrays[0], arrays[1], arrays[2]};
            void *out[] = {arrays[3], arrays[4]};
            const void *parameters = dtype == FA_FLOAT32 ? (const void *)single : twice;
            if (fa_apply(activation, form, dtype, in, out, N, parameters) == FA_OK)
                printf("%s %d %d %016llx\n", name, form, dtype,
                       (unsigned long long)hash(hash(1469598103934665603ull, arrays[3], dtype, N), arrays[4], dtype, N));
        }
}

static void rows(void)
{
    const int shapes[][3] = {{1, 20000, 1}, {20, 1000, 1}, {1250, 16, 1}, {11, 7, 13}, {3, 257, 5}};
    for (int dtype = 0; dtype < 2; dtype++)
        for (int form = 0; form < FA_ROW_FORM_COUNT; form++)
            for (int k = 0; k < 5; k++) {
                int n = shapes[k][0] * shapes[k][1] * shapes[k][2];
                for (int i = 0; i < n; i++)
                    for (int j = 0; j < 2; j++) {
                        double value = (i * 7919 + j * 31) % 4001 / 100.0 - 20;
                        float narrow = (float)value;
                        memcpy(arrays[j] + (size_t)i * size_of[dtype], dtype ? (void *)&value : (void *)&narrow,
                               size_of[dtype]);
                    }
                memset(arrays[3], 0, sizeof arrays[3]);
                if (fa_rows(form, dtype, arrays[0], arrays[1], arrays[3], shapes[k][0], shapes[k][1], shapes[k][2])
                    == FA_OK)
                    printf("row %d %d %d %016llx\n", form, dtype, k,
                           (unsigned long long)hash(1, arrays[3], dtype, n));
            }
}

static void bytes(void)
{
    unsigned char table[256];
    for (int k = 0; k < 256; k++)
        table[k] = (unsigned char)(k * 167 + 13);
    fill(arrays[0], FA_FLOAT64, 1);
    for (int n = 1; n < N; n = 3 * n + 2) {
        fa_bytes_call call = {table, (unsigned char *)arrays[0], (unsigned char *)arrays[4]};
        fa_look_up_bytes(table, call.x, (unsigned char *)arrays[3], n);
        fa_table->bytes(&call, 0, n); /* with VBMI another one */
        uint64_t found = 1;
        for (int i = 0; i < n; i++)
            found = ((found ^ (unsigned char)arrays[3][i]) * 1099511628211ull ^ call.y[i]) * 1099511628211ull;
        printf("bytes %d %016llx\n", n, (unsigned long long)found);
    }
}

int main(void)
{
    printf("%s\n", fa_isa());
#define PRINT(name, ...) elementwise(#name);
    FA_ACTIVATIONS(PRINT)
    rows();
    bytes();
    return 0;
}
