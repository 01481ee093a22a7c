/* noise.c: see noise.h for the formulas and their sources. Keeps no state. */
#include "analyse/noise.h"

#include <math.h>
#include <stdbool.h>

/* The standard normal quantile at (1 + NOISE_CONFIDENCE) / 2. */
static const double Z = 2.5758293035489004;

const char *noise_judgement_name(enum noise_judgement judgement)
{
    static const char *const names[] = {"within_noise", "less", "more", "unknown"};
    return names[judgement];
}

double noise_change(const struct noise_figure *figure)
{
    return figure->a > 0 ? (figure->b - figure->a) / figure->a : NAN;
}

static void judge(struct noise_figure *figure)
{
    double larger = fmax(fabs(figure->a), fabs(figure->b)), difference = figure->b - figure->a;
    bool matters = fabs(difference) > NOISE_FLOOR * larger;
    /* One bound is enough where it leaves 0 out. */
    if (matters && difference > 0 && figure->low > 0)
        figure->judgement = NOISE_MORE;
    else if (matters && difference < 0 && figure->high < 0)
        figure->judgement = NOISE_LESS;
    else if (!isfinite(figure->low) || !isfinite(figure->high) || !isfinite(difference))
        figure->judgement = NOISE_UNKNOWN;
    else
        figure->judgement = NOISE_WITHIN;
}

static struct noise_figure around(double a, double b, double half)
{
    struct noise_figure figure = {.a = a, .b = b, .low = b - a - half, .high = b - a + half};
    judge(&figure);
    return figure;
}

struct noise_figure noise_unknown(double a, double b)
{
    return (struct noise_figure){
        .a = a, .b = b, .low = NAN, .high = NAN, .judgement = NOISE_UNKNOWN};
}

struct noise_figure noise_between(double a, double a_error, double b, double b_error)
{
    return around(a, b, Z * sqrt(a_error * a_error + b_error * b_error));
}

/* ---- means and times ---- */

struct noise_calls noise_spread(uint64_t count, uint64_t sum_ns, const struct latency *latency)
{
    struct noise_calls calls = {(double)count, (double)sum_ns, NAN, NAN};
    double total = 0, sum = 0, squares = 0, within = 0;
    for (unsigned i = 0; i < latency->len; i++) {
        double n = (double)latency->counts[i];
        if (n <= 0)
            continue;
        double middle = (double)histogram_middle(latency->first + i) * latency->ns_per_tick;
        double width = (double)histogram_width(latency->first + i) * latency->ns_per_tick;
        total += n;
        sum += n * middle;
        squares += n * middle * middle;
        within += n * width * width / 12;
    }
    if (total < 1)
        return calls;
    double mean = sum / total;
    double between = fmax(squares - total * mean * mean, 0);
    calls.variance = total > 1 ? (between + within) / (total - 1) : NAN;
    /* Of all calls, also of those without a bucket. */
    calls.squares_ns2 = (squares + within) / total * calls.count;
    return calls;
}

/* Student's quantile at the same probability as Z. The expansion is too low for few degrees: those are from the
 * table, by whole degrees rounded down, so that an interval is rather too wide. */
static double student(double degrees)
{
    static const double few[] = {63.657, 63.657, 9.925, 5.841, 4.604};
    if (degrees < 5)
        return few[(unsigned)degrees];
    double z2 = Z * Z, z3 = z2 * Z, z5 = z3 * z2, z7 = z5 * z2;
    return Z + (z3 + Z) / (4 * degrees) +
           (5 * z5 + 16 * z3 + 3 * Z) / (96 * degrees * degrees) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * Z) / (384 * degrees * degrees * degrees);
}

struct noise_figure noise_mean(const struct noise_calls *a, const struct noise_calls *b)
{
    double mean_a = a->count > 0 ? a->sum_ns / a->count : NAN;
    double mean_b = b->count > 0 ? b->sum_ns / b->count : NAN;
    if (a->count < NOISE_CALLS_LEAST || b->count < NOISE_CALLS_LEAST || !isfinite(a->variance) ||
        !isfinite(b->variance))
        return noise_unknown(mean_a, mean_b);
    double error_a = a->variance / a->count, error_b = b->variance / b->count;
    double error = error_a + error_b;
    double degrees = error * error / (error_a * error_a / (a->count - 1) +
                                      error_b * error_b / (b->count - 1));
    return around(mean_a, mean_b, (degrees > 0 ? student(degrees) : Z) * sqrt(error));
}

struct noise_figure noise_time(const struct noise_calls *a, double a_units,
                               const struct noise_calls *b, double b_units)
{
    if (!(a_units > 0) || !(b_units > 0))
        return noise_unknown(NAN, NAN);
    double time_a = a->sum_ns / a_units, time_b = b->sum_ns / b_units;
    bool spread_a = a->count <= 0 || isfinite(a->squares_ns2);
    bool spread_b = b->count <= 0 || isfinite(b->squares_ns2);
    if (!spread_a || !spread_b || a->count + b->count < NOISE_CALLS_LEAST)
        return noise_unknown(time_a, time_b);
    double squares_a = a->count > 0 ? a->squares_ns2 : 0, squares_b = b->count > 0 ? b->squares_ns2 : 0;
    return noise_between(time_a, sqrt(squares_a) / a_units, time_b, sqrt(squares_b) / b_units);
}

/* ---- runs ---- */

/* The relative variance of one run's ratio, and how many runs say so. */
struct between {
    double variance;
    unsigned count;
};

static struct between between_runs(const struct noise_run *runs, unsigned count)
{
    double sum = 0, units = 0, squares = 0;
    unsigned used = 0;
    for (unsigned i = 0; i < count; i++) {
        if (!(runs[i].units > 0))
            continue;
        sum += runs[i].sum;
        units += runs[i].units;
        used++;
    }
    if (used < 2 || !(sum > 0))
        return (struct between){NAN, used};
    for (unsigned i = 0; i < count; i++) {
        double residual = runs[i].units > 0 ? runs[i].sum - sum / units * runs[i].units : 0;
        squares += residual * residual;
    }
    double mean = sum / used;
    return (struct between){squares / (used - 1) / (mean * mean), used};
}

void noise_widen(struct noise_figure *figure, const struct noise_run *a, unsigned a_count,
                 const struct noise_run *b, unsigned b_count)
{
    struct between left = between_runs(a, a_count), right = between_runs(b, b_count);
    bool in_left = isfinite(left.variance), in_right = isfinite(right.variance);
    if ((!in_left && !in_right) || left.count == 0 || right.count == 0 || !isfinite(figure->low) ||
        !isfinite(figure->high))
        return;
    double error_a = (in_left ? left.variance : right.variance) / left.count * figure->a * figure->a;
    double error_b = (in_right ? right.variance : left.variance) / right.count * figure->b * figure->b;
    /* Welch and Satterthwaite again; a borrowed variance brings no degrees of its own. */
    double below = (in_left ? error_a * error_a / (left.count - 1) : 0) +
                   (in_right ? error_b * error_b / (right.count - 1) : 0);
    double error = error_a + error_b;
    double degrees = (in_left ? left.count - 1 : 0) + (in_right ? right.count - 1 : 0);
    if (in_left && in_right && below > 0)
        degrees = error * error / below;
    double half = (degrees > 0 ? student(degrees) : Z) * sqrt(error);
    double middle = figure->b - figure->a;
    figure->low = fmin(figure->low, middle - half);
    figure->high = fmax(figure->high, middle + half);
    judge(figure);
}

/* ---- counts ---- */

struct noise_figure noise_rate(uint64_t a, double a_units, uint64_t b, double b_units)
{
    if (!(a_units > 0) || !(b_units > 0))
        return noise_unknown(NAN, NAN);
    double common = ((double)a + (double)b) / (a_units + b_units);
    double half = Z * sqrt(common * (1 / a_units + 1 / b_units)) + (1 / a_units + 1 / b_units) / 2;
    return around((double)a / a_units, (double)b / b_units, half);
}

/* ---- quantiles ---- */

struct bounds {
    double value, low, high;
};

/* Lower edge of the bucket that holds the call of a rank, or its upper edge. */
static double edge(const struct latency *latency, double rank, bool upper)
{
    double seen = 0;
    for (unsigned i = 0; i < latency->len; i++) {
        seen += (double)latency->counts[i];
        if (latency->counts[i] == 0 || seen < rank)
            continue;
        unsigned bucket = latency->first + i;
        double low = (double)histogram_low(bucket) * latency->ns_per_tick;
        double high = low + (double)histogram_width(bucket) * latency->ns_per_tick;
        /* The longest call is known more exactly than its bucket. */
        if (latency->max_ns > 0 && high > (double)latency->max_ns)
            high = fmax(low, (double)latency->max_ns);
        return upper ? high : low;
    }
    return NAN;
}

static struct bounds bounds_of(const struct latency *latency, double share)
{
    double n = (double)latency->total, half = Z * sqrt(n * share * (1 - share));
    double low = floor(n * share - half), high = ceil(n * share + half) + 1;
    if (n < 1)
        return (struct bounds){NAN, NAN, NAN};
    /* Beyond the longest call nothing is known: then there is no upper bound. */
    return (struct bounds){(double)latency_percentile_ns(latency, share),
                           low < 1 ? 0 : edge(latency, low, false),
                           high > n ? NAN : edge(latency, high, true)};
}

struct noise_figure noise_quantile(const struct latency *a, const struct latency *b, double share)
{
    struct bounds left = bounds_of(a, share), right = bounds_of(b, share);
    struct noise_figure figure = {
        .a = left.value, .b = right.value, .low = right.low - left.high, .high = right.high - left.low};
    judge(&figure);
    return figure;
}
