/* soft_fma.h against the processor's or the C library's fma: prints the number of differences. */
#include <math.h>
#include <stdio.h>
#include "math/soft_fma.h"

static uint64_t state = 88172645463325252u;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

/* Any bits, exponents near each other, few significant bits, or about the end of the range. */
static double number(int kind)
{
    const uint64_t bits = next(), fraction = bits & 0xfffffffffffff, sign = bits & (uint64_t)1 << 63;
    switch (kind) {
    case 0: return fa_fma_double(bits);
    case 1: return fa_fma_double(sign | (1023 - 60 + next() % 120) << 52 | fraction);
    case 2: return fa_fma_double(sign | (1023 - 3 + next() % 6) << 52 | (fraction >> 49 << 49) | next() % 2);
    case 3: return fa_fma_double(sign | next() % 60 << 52 | fraction);
    default: return fa_fma_double(sign | (500 + next() % 50) << 52 | fraction); /* products become subnormal */
    }
}

static int differ(double x, double y) { return x == x ? fa_fma_bits(x) != fa_fma_bits(y) : y == y; }

int main(void)
{
    const double special[] = {0.0, -0.0, 1, -1, 0x1p-1074, -0x1p-1074, 0x1p-1022, 0x1.fffffffffffffp1023, INFINITY, -INFINITY, NAN};
    enum { SPECIAL = sizeof special / sizeof *special };
    long wrong = 0, wrong_single = 0;
    for (int i = 0; i < 3000000; i++) {
        double a = number(i % 5), b = number(i / 5 % 5), c = number(i / 25 % 5);
        if (i % 3 == 0) /* near cancellation */
            c = -a * b * (1 + (double)(next() % 5) * 0x1p-52);
        if (i < SPECIAL * SPECIAL * SPECIAL) {
            a = special[i % SPECIAL];
            b = special[i / SPECIAL % SPECIAL];
            c = special[i / SPECIAL / SPECIAL];
        }
        wrong += differ(fa_soft_fma(a, b, c), fma(a, b, c));
        float x = (float)a, y = (float)b, z = (float)c;
        wrong_single += differ(fa_soft_fmaf(x, y, z), fmaf(x, y, z));
        uint64_t bits[2] = {next(), next()};
        float any[4];
        memcpy(any, bits, sizeof any);
        wrong_single += differ(fa_soft_fmaf(any[0], any[1], any[2]), fmaf(any[0], any[1], any[2]));
    }
    printf("%ld %ld\n", wrong, wrong_single);
    return 0;
}
