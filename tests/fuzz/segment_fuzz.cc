/* segment_fuzz.cc: any bytes as a segment: the private copy, its checks, and the model that is made of it, alone and merged.
 * What reports and exports do with the model is report_fuzz.cc's.
 */
#include "fuzz/segment_mutator.h"

#define _Static_assert static_assert
extern "C" {
#include "read/model.h"
#include "read/snapshot.h"
}
#undef _Static_assert

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char message[SNAPSHOT_MESSAGE];
    snapshot *taken = nullptr;
    if (snapshot_from_memory(bytes, size, &taken, message) != 0)
        return 0;
    model *one = nullptr, *both = nullptr;
    if (model_new(taken, size % 2, &one) == 0) {
        const model *twice[] = {one, one};
        model_merge(twice, 2, &both);
    }
    model_free(both);
    model_free(one);
    snapshot_free(taken);
    return 0;
}
