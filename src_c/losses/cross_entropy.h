/* Cross-entropy of the softmax of rows: log sum e^(x - m) + m - x[target] with the row's maximum m, and its gradient
   softmax(x) - onehot(target), both times the weight of the target. For a distribution p it is sum p (log sum e^(x - m) + m - x),
   and the gradient is softmax(x) sum(p) - p.

   The terms of the maxima are not part of the sum (rows/logsumexp.h), so the loss and the gradient keep their digits where they
   are close to 0, for a confident and correct prediction. Rows of less than 16 classes are transposed, 16 of them side by side.
   If exactly one x is +inf, the result is the limit; for two there is none. */

/* Up to 16 rows. */
typedef struct {
    const fa_class_loss_call *call;
    const REAL *x, *probs; /* probs: the call's target_probs, or NULL */
    REAL *grad;
    int count;
    int counts[ROW_LANES];       /* 0: the row is ignored */
    ptrdiff_t target[ROW_LANES]; /* the class of a row that counts; -1 if there are probs */
    REAL m[ROW_LANES];
    double sum_without_max[ROW_LANES], max_count[ROW_LANES]; /* as in rows/logsumexp.h, of terms times ROW_UNIT */
    REAL log_sum[ROW_LANES], inverse[ROW_LANES]; /* log sum e^(x - m), and 1 / the sum of terms */
    double part[ROW_LANES]; /* the factor of softmax in the gradient: the weight of the target, or sum(p) */
} FN(class_rows);

/* e^(x - m) ROW_UNIT. */
INLINE REAL FN(class_term)(REAL x, REAL m)
{
    REAL d_low, d = FN(two_diff)(x, m, &d_low);
    return FN(row_exp_low)(d, d_low, ROUNDER + (EXPONENT_BIAS + ROW_SHIFT));
}

NOINLINE REAL FN(class_maximum)(const REAL *x, ptrdiff_t n) { return FN(row_maximum)(x, n); }

/* Sets m, sum_without_max and max_count of one row, and writes its terms to `terms` unless that is NULL. Up to 8 elements of a
   lane are added in REAL. */
INLINE void FN(class_sum_row)(FN(class_rows) *rows, int r, const REAL *x, REAL *terms, ptrdiff_t n)
{
    const REAL m = FN(class_maximum)(x, n);
    double sum = 0, lost = 0, all[ROW_LANES], max_count[ROW_LANES];
    FA_FOR_LANES(ROW_LANES) max_count[l] = 0;
    for (ptrdiff_t i = 0; i < n;) {
        REAL part[ROW_LANES], count[ROW_LANES], last[ROW_LANES];
        const ptrdiff_t end = n - i < 8 * ROW_LANES ? n : i + 8 * ROW_LANES;
        FA_FOR_LANES(ROW_LANES) part[l] = count[l] = 0;
        for (; i + ROW_LANES <= end; i += ROW_LANES)
            FA_FOR_LANES(ROW_LANES)
            {
                REAL term = FN(class_term)(x[i + l], m);
                part[l] += x[i + l] == m ? 0 : term;
                count[l] += x[i + l] == m ? 1 : 0;
                if (terms)
                    terms[i + l] = term;
            }
        if (i < end) {
            const int left = (int)(end - i);
            for (int l = 0; l < ROW_LANES; l++)
                last[l] = l < left ? x[i + l] : m;
            FA_FOR_LANES(ROW_LANES)
            {
                REAL term = FN(class_term)(last[l], m);
                part[l] += last[l] == m ? 0 : term;
                count[l] += last[l] == m && l < left ? 1 : 0;
                last[l] = term;
            }
            for (int l = 0; l < left && terms; l++)
                terms[i + l] = last[l];
        }
        i = end;
        FA_FOR_LANES(ROW_LANES) all[l] = part[l];
        FA_FOR_LANES(ROW_LANES) max_count[l] += count[l];
        fa_add(&sum, &lost, fa_tree_16(all));
    }
    rows->m[r] = m;
    rows->sum_without_max[r] = fa_total(sum, lost);
    rows->max_count[r] = fa_tree_16(max_count);
}

/* The same for 16 transposed rows; the terms overwrite x. */
static void FN(class_sum_transposed)(FN(class_rows) *rows, REAL *x, ptrdiff_t n)
{
    FA_FOR_LANES(ROW_LANES) rows->m[l] = -INFINITY;
    FA_FOR_LANES(ROW_LANES) rows->sum_without_max[l] = rows->max_count[l] = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        FA_FOR_LANES(ROW_LANES) rows->m[l] = x[i * ROW_LANES + l] > rows->m[l] ? x[i * ROW_LANES + l] : rows->m[l];
    for (ptrdiff_t i = 0; i < n; i++) {
        REAL *at = x + i * ROW_LANES, others[ROW_LANES], maxima[ROW_LANES];
        FA_FOR_LANES(ROW_LANES)
        {
            REAL term = FN(class_term)(at[l], rows->m[l]);
            others[l] = at[l] == rows->m[l] ? 0 : term;
            maxima[l] = at[l] == rows->m[l] ? 1 : 0;
            at[l] = term;
        }
        FA_FOR_LANES(ROW_LANES) rows->sum_without_max[l] += others[l];
        FA_FOR_LANES(ROW_LANES) rows->max_count[l] += maxima[l];
    }
}

/* Returns sum(p), and as *distance sum(p (m - x)). */
static double FN(class_prob_sums)(const REAL *p, const REAL *x, REAL m, ptrdiff_t n, double *distance)
{
    double sum = 0, lost = 0, far_lost = 0, lanes[ROW_LANES];
    *distance = 0;
    for (ptrdiff_t i = 0; i < n;) {
        REAL part[ROW_LANES], far[ROW_LANES];
        const ptrdiff_t end = n - i < 8 * ROW_LANES ? n : i + 8 * ROW_LANES;
        FA_FOR_LANES(ROW_LANES) part[l] = far[l] = 0;
        for (; i + ROW_LANES <= end; i += ROW_LANES)
            FA_FOR_LANES(ROW_LANES)
            {
                part[l] += p[i + l];
                far[l] += FN(weighted)(p[i + l], m - x[i + l]);
            }
        for (int l = 0; i < end; i++, l++) {
            part[l] += p[i];
            far[l] += FN(weighted)(p[i], m - x[i]);
        }
        FA_FOR_LANES(ROW_LANES) lanes[l] = part[l];
        fa_add(&sum, &lost, fa_tree_16(lanes));
        FA_FOR_LANES(ROW_LANES) lanes[l] = far[l];
        fa_add(distance, &far_lost, fa_tree_16(lanes));
    }
    *distance = fa_total(*distance, far_lost);
    return fa_total(sum, lost);
}

/* Returns the loss of a row, and sets rows->part. */
static double FN(class_value)(FN(class_rows) *rows, int r)
{
    const fa_class_loss_call *call = rows->call;
    const REAL *x = rows->x + r * call->classes, m = rows->m[r];
    const ptrdiff_t target = rows->target[r];
    double value;
    if (!rows->counts[r])
        return rows->part[r] = 0;
    if (rows->probs) {
        rows->part[r] = FN(class_prob_sums)(rows->probs + r * call->classes, x, m, call->classes, &value);
        return value + (rows->part[r] == 0 ? 0 : rows->part[r] * rows->log_sum[r]);
    }
    rows->part[r] = call->weight ? ((const REAL *)call->weight)[target] : 1;
    value = rows->log_sum[r] + ((double)m - (double)x[target]);
    return rows->part[r] == 0 && value == INFINITY ? 0 : rows->part[r] * value;
}

/* The loss and the gradient of a row with one +inf, in the limit: the loss is 0 or inf, and softmax is 1 at the +inf. */
static double FN(class_infinite_row)(const FN(class_rows) *rows, int r, double scale)
{
    const ptrdiff_t n = rows->call->classes, target = rows->target[r];
    double value = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        const REAL x = rows->x[r * n + i];
        double p = i == target ? rows->part[r] : rows->counts[r] && rows->probs ? rows->probs[r * n + i] : 0;
        value = x < INFINITY && p != 0 ? INFINITY : value;
        if (rows->grad)
            rows->grad[r * n + i] = (REAL)(((x < INFINITY ? 0 : rows->part[r]) - p) * scale);
    }
    return value;
}

/* Subtracts the target from the gradient, which is softmax(x) part scale before. */
static void FN(class_subtract_target)(const FN(class_rows) *rows, int r, double scale)
{
    const ptrdiff_t n = rows->call->classes, target = rows->target[r];
    REAL *grad = rows->grad + r * n;
    if (!rows->counts[r]) {
        FA_SIMD_LOOP grad[i] = 0;
    } else if (rows->probs) {
        const REAL *p = rows->probs + r * n, factor = (REAL)scale;
        FA_SIMD_LOOP grad[i] = FN(fma)(-p[i], factor, grad[i]);
    } else { /* for a target that is a maximum, 1 - softmax is the sum of the other terms */
        double others = rows->sum_without_max[r] + (rows->max_count[r] - 1) * ROW_UNIT, weight = rows->part[r] * scale;
        int is_max = rows->x[r * n + target] == rows->m[r];
        grad[target] = (REAL)(is_max ? -others * rows->inverse[r] * weight : grad[target] - weight);
    }
}

/* The losses of up to 16 rows, and their gradients. */
static void FN(class_rows_losses)(FN(class_rows) *rows, double scale, double *value)
{
    const ptrdiff_t n = rows->call->classes;
    const int is_transposed = n < ROW_LANES;
    REAL x[ROW_LANES * ROW_LANES], factor[ROW_LANES], *grad = rows->grad;
    if (is_transposed) {
        for (ptrdiff_t i = 0; i < n; i++)
            for (int r = 0; r < ROW_LANES; r++)
                x[i * ROW_LANES + r] = r < rows->count ? rows->x[r * n + i] : 0;
        FN(class_sum_transposed)(rows, x, n);
    }
    for (int r = 0; r < rows->count && !is_transposed; r++) {
        if (grad)
            FN(class_sum_row)(rows, r, rows->x + r * n, grad + r * n, n);
        else
            FN(class_sum_row)(rows, r, rows->x + r * n, NULL, n);
    }
    FA_FOR_LANES(ROW_LANES)
    {
        REAL others = (REAL)(rows->sum_without_max[l] / ROW_UNIT + (rows->max_count[l] - 1));
        rows->log_sum[l] = others <= 1 ? FN(log1p)(others) : FN(log)(1 + others);
        rows->inverse[l] = (REAL)(1 / (rows->sum_without_max[l] + rows->max_count[l] * ROW_UNIT));
    }
    for (int r = 0; r < rows->count; r++) {
        value[r] = FN(class_value)(rows, r);
        factor[r] = (REAL)(rows->part[r] * scale);
    }
    if (grad && is_transposed) {
        for (ptrdiff_t i = 0; i < n; i++)
            FA_FOR_LANES(ROW_LANES) x[i * ROW_LANES + l] *= rows->inverse[l] * factor[l];
        for (int r = 0; r < rows->count; r++)
            for (ptrdiff_t i = 0; i < n; i++)
                grad[r * n + i] = x[i * ROW_LANES + r];
    }
    for (int r = 0; r < rows->count; r++) {
        REAL *here = grad + r * n;
        if (grad && !is_transposed)
            FA_SIMD_LOOP here[i] = here[i] * rows->inverse[r] * factor[r];
        if (rows->m[r] == INFINITY && rows->max_count[r] == 1 && rows->sum_without_max[r] == rows->sum_without_max[r])
            value[r] = FN(class_infinite_row)(rows, r, scale);
        else if (grad)
            FN(class_subtract_target)(rows, r, scale);
    }
}

/* Rows [begin, end); returns the sum of their losses. The gradient is times `scale`. */
static double FN(run_cross_entropy)(const fa_class_loss_call *call, double scale, ptrdiff_t begin, ptrdiff_t end)
{
    double sum = 0, lost = 0, value[ROW_LANES];
    REAL *values = call->values;
    FN(class_rows) rows = {.call = call};
    FA_FOR_LANES(ROW_LANES) rows.sum_without_max[l] = rows.max_count[l] = 1; /* finite values for absent rows */
    for (ptrdiff_t first = begin; first < end; first += ROW_LANES) {
        const ptrdiff_t at = first * call->classes;
        rows.count = (int)(end - first < ROW_LANES ? end - first : ROW_LANES);
        rows.x = (const REAL *)call->x + at;
        rows.probs = call->target_probs ? (const REAL *)call->target_probs + at : NULL;
        rows.grad = call->grad ? (REAL *)call->grad + at : NULL;
        for (int r = 0; r < rows.count; r++)
            rows.counts[r] = fa_class_of_row(call, first + r, &rows.target[r]);
        FN(class_rows_losses)(&rows, scale, value);
        for (int r = 0; r < rows.count; r++) {
            fa_add(&sum, &lost, value[r]);
            if (values)
                values[first + r] = (REAL)value[r];
        }
    }
    return fa_total(sum, lost);
}
