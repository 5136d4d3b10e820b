/* An inference step in C: a layer with gelu, a layer with softmax, for a batch of rows. The matrix product is a plain
   loop here; cblas_sgemm takes its place where there is a BLAS. Compile it against an installed fastact with

     cc c_inference.c $(PKG_CONFIG_PATH=$(python -c "import fastact; print(fastact.get_library_dir())")/pkgconfig \
         pkg-config --cflags --libs fastact) */
#include <stdio.h>
#include <stdlib.h>
#include "fastact.h"

enum { BATCH = 6, INPUTS = 5, HIDDEN = 32, CLASSES = 3 };

static void check(fa_status status)
{
    if (status != FA_OK) {
        fprintf(stderr, "fastact: %s\n", fa_status_text(status));
        exit(1);
    }
}

/* z = x w, of shapes (rows, columns), (rows, inner) and (inner, columns), row by row. */
static void product(const float *x, const float *w, float *z, int rows, int inner, int columns)
{
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < columns; c++) {
            float sum = 0;
            for (int k = 0; k < inner; k++)
                sum += x[r * inner + k] * w[k * columns + c];
            z[r * columns + c] = sum;
        }
}

/* Numbers that a test can make too: multiples of 1/16 from -2 to 2. */
static void fill(float *array, int n, int seed)
{
    for (int i = 0; i < n; i++)
        array[i] = (float)((i * 37 + seed * 11) % 65 - 32) / 16;
}

int main(void)
{
    static float x[BATCH * INPUTS], w1[INPUTS * HIDDEN], b1[HIDDEN], h[BATCH * HIDDEN];
    static float w2[HIDDEN * CLASSES], b2[CLASSES], p[BATCH * CLASSES];
    fill(x, BATCH * INPUTS, 1);
    fill(w1, INPUTS * HIDDEN, 2);
    fill(b1, HIDDEN, 3);
    fill(w2, HIDDEN * CLASSES, 4);
    fill(b2, CLASSES, 5);

    const fa_activation *gelu = fa_find("gelu"), *identity = fa_find("identity");
    const void *hidden[] = {h, b1}, *last[] = {p, b2};
    void *to_hidden[] = {h}, *to_last[] = {p};

    product(x, w1, h, BATCH, INPUTS, HIDDEN);
    check(fa_apply_biased(gelu, FA_BIASED, FA_FLOAT32, hidden, to_hidden, BATCH, HIDDEN, NULL));
    product(h, w2, p, BATCH, HIDDEN, CLASSES);
    check(fa_apply_biased(identity, FA_BIASED, FA_FLOAT32, last, to_last, BATCH, CLASSES, NULL));
    check(fa_rows(FA_SOFTMAX, FA_FLOAT32, p, NULL, p, BATCH, CLASSES, 1));

    for (int r = 0; r < BATCH; r++)
        printf("%a %a %a\n", p[r * CLASSES], p[r * CLASSES + 1], p[r * CLASSES + 2]);
    return 0;
}
