/* segment_fuzz.cc: any bytes as a segment: the private copy, its checks, and the model that is made of it, alone and merged.
 * What reports and exports do with the model is report_fuzz.cc's.
 */
#include "fuzz/segment_mutator.h"

static void nothing(const model *)
{
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    each_model(bytes, size, nothing);
    return 0;
}
