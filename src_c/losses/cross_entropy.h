/* Cross-entropy of rows: log sum e^(x - m) + m - x[target], m the row's maximum, and its gradient
   softmax(x) - onehot(target), both times the target's factor. Or, for a distribution, the sum of
   share (log sum e^(x - m) + m - x), and softmax(x) sum(share) - share.

   The maxima's own terms stay out of the sum: so the loss and the gradient of a right and confident answer,
   which are next to 0, keep their digits. Rows of less than 16 classes are turned, 16 of them side
   by side. A single +inf takes all the probability; of two there is no limit. */
#undef TERM_SHIFT
#undef TERM_LOWEST
#undef TERM_TOP
#define TERM_SHIFT LIT(100, 900) /* terms carry 2^100, so that none that shows is subnormal; */
#define TERM_TOP LIT(0x1p100f, 0x1p900) /* that of a maximum exactly this */
#define TERM_LOWEST LIT(-130.0f, -800.0)

/* What is known of up to 16 rows. */
typedef struct {
    const fa_class_loss_call *call;
    const REAL *x, *share;
    REAL *grad;
    ptrdiff_t first; /* row */
    int count;
    int counts[LOSS_LANES];       /* 0: a row that is left out */
    ptrdiff_t target[LOSS_LANES]; /* the class of a row that counts; -1 where there are shares */
    REAL m[LOSS_LANES];
    double others[LOSS_LANES], max_count[LOSS_LANES]; /* the sum of their terms; and how many maxima there are */
    REAL log_sum[LOSS_LANES], inverse[LOSS_LANES];
    double part[LOSS_LANES]; /* of softmax in the gradient: the factor or sum(share) */
} FN(class_rows);

/* e^(x - m) with the rounding error of x - m, which e^ would multiply by |x - m|. */
INLINE REAL FN(class_term)(REAL x, REAL m)
{
    REAL d = x - m, back = d - x, d_low = (x - (d - back)) - (m + back);
    d_low = d < TERM_LOWEST ? 0 : d_low;
    FN(exp_parts) e = FN(exp_short)(FN(max)(d, TERM_LOWEST), -TERM_SHIFT);
    REAL term = FN(fma)(e.q, e.scale, e.scale);
    return FN(fma)(term, d_low, term);
}

/* The largest element, NaN ignored: it comes back through the sum. */
static REAL FN(class_maximum)(const REAL *x, ptrdiff_t n)
{
    enum { WIDE = 4 * LOSS_LANES }; /* four chains: a comparison and a selection take several cycles */
    REAL m[WIDE], largest = -INFINITY;
    ptrdiff_t i = 0;
    for (int l = 0; l < WIDE; l++)
        m[l] = -INFINITY;
    for (; i + WIDE <= n; i += WIDE)
#pragma omp simd
        for (int l = 0; l < WIDE; l++)
            m[l] = x[i + l] > m[l] ? x[i + l] : m[l];
    for (; i + LOSS_LANES <= n; i += LOSS_LANES)
        FA_FOR_LOSS_LANES m[l] = x[i + l] > m[l] ? x[i + l] : m[l];
    for (int width = WIDE / 2; width > 0; width /= 2)
        for (int l = 0; l < width; l++)
            m[l] = m[l + width] > m[l] ? m[l + width] : m[l];
    for (; i < n; i++)
        largest = x[i] > largest ? x[i] : largest;
    return m[0] > largest ? m[0] : largest;
}

/* Of one row m, the others and the tops; terms go to `terms`, if there is such a place. Parts of 8 elements a
   lane are added in REAL. */
INLINE void FN(class_sum_row)(FN(class_rows) *rows, int r, const REAL *x, REAL *terms, ptrdiff_t n)
{
    const REAL m = FN(class_maximum)(x, n);
    double sum = 0, lost = 0, all[LOSS_LANES], max_count[LOSS_LANES];
    FA_FOR_LOSS_LANES max_count[l] = 0;
    for (ptrdiff_t i = 0; i < n;) {
        REAL part[LOSS_LANES], count[LOSS_LANES], last[LOSS_LANES];
        const ptrdiff_t end = n - i < 8 * LOSS_LANES ? n : i + 8 * LOSS_LANES;
        FA_FOR_LOSS_LANES part[l] = count[l] = 0;
        for (; i + LOSS_LANES <= end; i += LOSS_LANES)
            FA_FOR_LOSS_LANES
            {
                REAL term = FN(class_term)(x[i + l], m);
                part[l] += x[i + l] == m ? 0 : term;
                count[l] += x[i + l] == m ? 1 : 0;
                if (terms)
                    terms[i + l] = term;
            }
        if (i < end) {
            const int left = (int)(end - i);
            for (int l = 0; l < LOSS_LANES; l++)
                last[l] = l < left ? x[i + l] : m;
            FA_FOR_LOSS_LANES
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
        FA_FOR_LOSS_LANES all[l] = part[l];
        FA_FOR_LOSS_LANES max_count[l] += count[l];
        fa_compensated_add(&sum, &lost, fa_tree_16(all));
    }
    rows->m[r] = m;
    rows->others[r] = fa_compensated_total(sum, lost);
    rows->max_count[r] = fa_tree_16(max_count);
}

/* The same of rows that lie side by side, of which the terms take the place. */
static void FN(class_sum_turned)(FN(class_rows) *rows, REAL *x, ptrdiff_t n)
{
    FA_FOR_LOSS_LANES rows->m[l] = -INFINITY;
    FA_FOR_LOSS_LANES rows->others[l] = rows->max_count[l] = 0;
    for (ptrdiff_t i = 0; i < n; i++)
        FA_FOR_LOSS_LANES rows->m[l] = x[i * LOSS_LANES + l] > rows->m[l] ? x[i * LOSS_LANES + l] : rows->m[l];
    for (ptrdiff_t i = 0; i < n; i++) {
        REAL *at = x + i * LOSS_LANES, others[LOSS_LANES], max_count[LOSS_LANES];
        FA_FOR_LOSS_LANES
        {
            REAL term = FN(class_term)(at[l], rows->m[l]);
            others[l] = at[l] == rows->m[l] ? 0 : term;
            max_count[l] = at[l] == rows->m[l] ? 1 : 0;
            at[l] = term;
        }
        FA_FOR_LOSS_LANES rows->others[l] += others[l];
        FA_FOR_LOSS_LANES rows->max_count[l] += max_count[l];
    }
}

static void FN(class_turn)(const REAL *from, REAL *to, int rows, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        for (int r = 0; r < LOSS_LANES; r++)
            to[i * LOSS_LANES + r] = r < rows ? from[r * n + i] : 0;
}

/* The gradient from terms side by side, or in their place; that of the targets is still to be subtracted. */
static void FN(class_turn_back)(const FN(class_rows) *rows, REAL *terms, const REAL *factor, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++)
        FA_FOR_LOSS_LANES terms[i * LOSS_LANES + l] *= rows->inverse[l] * factor[l];
    for (int r = 0; r < rows->count; r++)
        for (ptrdiff_t i = 0; i < n; i++)
            rows->grad[r * n + i] = terms[i * LOSS_LANES + r];
}

/* The sums of share and of share (m - x). */
static double FN(class_share_sums)(const REAL *share, const REAL *x, REAL m, ptrdiff_t n, double *distance)
{
    double sum = 0, lost = 0, far_lost = 0, lanes[LOSS_LANES];
    *distance = 0;
    for (ptrdiff_t i = 0; i < n;) {
        REAL part[LOSS_LANES], far[LOSS_LANES];
        const ptrdiff_t end = n - i < 8 * LOSS_LANES ? n : i + 8 * LOSS_LANES;
        FA_FOR_LOSS_LANES part[l] = far[l] = 0;
        for (; i + LOSS_LANES <= end; i += LOSS_LANES)
            FA_FOR_LOSS_LANES
            {
                part[l] += share[i + l];
                far[l] += FN(weighted)(share[i + l], m - x[i + l]);
            }
        for (int l = 0; i < end; i++, l++) {
            part[l] += share[i];
            far[l] += FN(weighted)(share[i], m - x[i]);
        }
        FA_FOR_LOSS_LANES lanes[l] = part[l];
        fa_compensated_add(&sum, &lost, fa_tree_16(lanes));
        FA_FOR_LOSS_LANES lanes[l] = far[l];
        fa_compensated_add(distance, &far_lost, fa_tree_16(lanes));
    }
    *distance = fa_compensated_total(*distance, far_lost);
    return fa_compensated_total(sum, lost);
}

/* A row's loss, and rows->part. */
static double FN(class_value)(FN(class_rows) *rows, int r)
{
    const fa_class_loss_call *call = rows->call;
    const REAL *x = rows->x + r * call->classes, m = rows->m[r];
    const ptrdiff_t target = rows->target[r];
    double value;
    if (!rows->counts[r])
        return rows->part[r] = 0;
    if (call->share) {
        rows->part[r] = FN(class_share_sums)(rows->share + r * call->classes, x, m, call->classes, &value);
        return value + (rows->part[r] == 0 ? 0 : rows->part[r] * rows->log_sum[r]);
    }
    rows->part[r] = call->weight ? ((const REAL *)call->weight)[target] : 1;
    value = rows->log_sum[r] + ((double)m - (double)x[target]);
    return rows->part[r] == 0 && value == INFINITY ? 0 : rows->part[r] * value;
}

/* A row with one +inf at its limit: the loss is 0 or inf, and softmax is 1 there. */
static double FN(class_infinite_row)(const FN(class_rows) *rows, int r, double scale)
{
    const ptrdiff_t n = rows->call->classes, target = rows->target[r];
    double value = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        const REAL x = rows->x[r * n + i];
        double share = i == target ? rows->part[r] : rows->counts[r] && rows->share ? rows->share[r * n + i] : 0;
        value = x < INFINITY && share != 0 ? INFINITY : value;
        if (rows->grad)
            rows->grad[r * n + i] = (REAL)(((x < INFINITY ? 0 : rows->part[r]) - share) * scale);
    }
    return value;
}

/* softmax times part times scale is there; less that of the target it is the gradient. */
static void FN(class_subtract_target)(const FN(class_rows) *rows, int r, double scale)
{
    const ptrdiff_t n = rows->call->classes, target = rows->target[r];
    REAL *grad = rows->grad + r * n;
    if (!rows->counts[r]) {
        FA_SIMD_LOOP grad[i] = 0;
    } else if (rows->share) {
        const REAL *share = rows->share + r * n, factor = (REAL)scale;
        FA_SIMD_LOOP grad[i] = FN(fma)(-share[i], factor, grad[i]);
    } else { /* 1 - softmax: at a maximum, the share of the others */
        double left = rows->others[r] + (rows->max_count[r] - 1) * TERM_TOP, weight = rows->part[r] * scale;
        int top = rows->x[r * n + target] == rows->m[r];
        grad[target] = (REAL)(top ? -left * rows->inverse[r] * weight : grad[target] - weight);
    }
}

/* Up to 16 rows: their losses, and the gradient. */
static void FN(class_rows_losses)(FN(class_rows) *rows, double scale, double *value)
{
    const ptrdiff_t n = rows->call->classes;
    const int is_turned = n < LOSS_LANES;
    REAL turned[LOSS_LANES * LOSS_LANES], factor[LOSS_LANES], *grad = rows->grad;
    if (is_turned) {
        FN(class_turn)(rows->x, turned, rows->count, n);
        FN(class_sum_turned)(rows, turned, n);
    }
    for (int r = 0; r < rows->count && !is_turned; r++) {
        if (grad)
            FN(class_sum_row)(rows, r, rows->x + r * n, grad + r * n, n);
        else
            FN(class_sum_row)(rows, r, rows->x + r * n, NULL, n);
    }
    FA_FOR_LOSS_LANES
    {
        REAL others = (REAL)(rows->others[l] / TERM_TOP + (rows->max_count[l] - 1));
        rows->log_sum[l] = others <= 1 ? FN(log1p)(others) : FN(log)(1 + others);
        rows->inverse[l] = (REAL)(1 / (rows->others[l] + rows->max_count[l] * TERM_TOP));
    }
    for (int r = 0; r < rows->count; r++) {
        value[r] = FN(class_value)(rows, r);
        factor[r] = (REAL)(rows->part[r] * scale);
    }
    if (grad && is_turned)
        FN(class_turn_back)(rows, turned, factor, n);
    for (int r = 0; r < rows->count; r++) {
        REAL *here = grad + r * n;
        if (grad && !is_turned)
            FA_SIMD_LOOP here[i] = here[i] * rows->inverse[r] * factor[r];
        if (rows->m[r] == INFINITY && rows->max_count[r] == 1 && rows->others[r] == rows->others[r])
            value[r] = FN(class_infinite_row)(rows, r, scale);
        else if (grad)
            FN(class_subtract_target)(rows, r, scale);
    }
}

/* Rows [begin, end); returns the sum of their losses. `scale` is the gradient's. */
static double FN(run_cross_entropy)(const fa_class_loss_call *call, double scale, ptrdiff_t begin, ptrdiff_t end)
{
    double sum = 0, lost = 0, value[LOSS_LANES];
    REAL *values = call->values;
    FN(class_rows) rows = {.call = call};
    FA_FOR_LOSS_LANES rows.others[l] = rows.max_count[l] = 1; /* where there are less than 16 rows */
    for (rows.first = begin; rows.first < end; rows.first += LOSS_LANES) {
        const ptrdiff_t at = rows.first * call->classes;
        rows.count = (int)(end - rows.first < LOSS_LANES ? end - rows.first : LOSS_LANES);
        rows.x = (const REAL *)call->x + at;
        rows.share = call->share ? (const REAL *)call->share + at : NULL;
        rows.grad = call->grad ? (REAL *)call->grad + at : NULL;
        for (int r = 0; r < rows.count; r++)
            rows.counts[r] = fa_class_of_row(call, rows.first + r, &rows.target[r]);
        FN(class_rows_losses)(&rows, scale, value);
        for (int r = 0; r < rows.count; r++) {
            fa_compensated_add(&sum, &lost, value[r]);
            if (values)
                values[rows.first + r] = (REAL)value[r];
        }
    }
    return fa_compensated_total(sum, lost);
}
