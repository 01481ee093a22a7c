/* html_prune.c: see html_prune.h. */
#include "render/html_prune.h"

#include <stdlib.h>

static int largest_first(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return a < b ? 1 : a > b ? -1 : 0;
}

size_t html_prune_wanted(double *shares, size_t count)
{
    size_t wanted = 0;
    qsort(shares, count, sizeof(*shares), largest_first);
    while (wanted < count && shares[wanted] >= HTML_PRUNE_LEAST)
        wanted++;
    return wanted;
}

struct html_prune html_prune_to(const double *sorted, size_t wanted, size_t budget)
{
    return (struct html_prune){.above = wanted > budget ? sorted[budget] : 0};
}

size_t html_prune_budget(const size_t *wanted, size_t count, size_t all)
{
    size_t low = 0, high = all;
    while (low < high) {
        size_t most = low + (high - low + 1) / 2, sum = 0;
        for (size_t i = 0; i < count; i++)
            sum += wanted[i] < most ? wanted[i] : most;
        if (sum <= all)
            low = most;
        else
            high = most - 1;
    }
    return low;
}
