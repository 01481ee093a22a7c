/* segment_mutator.h: how segment_fuzz.cc and report_fuzz.cc change their inputs, and the models both make of one.
 *
 * Inputs that are no segment are replaced by a seed before they are changed, so that the fuzzer works
 * behind the header check, whatever the format looks like today; the committed corpus may grow old.
 */
#ifndef STRONG_FUZZ_SEGMENT_MUTATOR_H
#define STRONG_FUZZ_SEGMENT_MUTATOR_H

#include <cstring>

#include "tools/segment_seeds.h"

#define _Static_assert static_assert
extern "C" {
#include "read/model.h"
#include "read/snapshot.h"
}
#undef _Static_assert

/* The bytes' model, and that merged with itself, where there is one; each is shown to `use`. */
static void each_model(const uint8_t *bytes, size_t size, void (*use)(const model *))
{
    char message[SNAPSHOT_MESSAGE];
    snapshot *taken = nullptr;
    if (snapshot_from_memory(bytes, size, &taken, message) != 0)
        return;
    model *one = nullptr, *both = nullptr;
    if (model_new(taken, size % 2, &one) == 0) {
        const model *twice[] = {one, one};
        use(one);
        if (model_merge(twice, 2, &both) == 0)
            use(both);
    }
    model_free(both);
    model_free(one);
    snapshot_free(taken);
}

extern "C" size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t limit);

/* Most of a seed is empty room; changes there teach nothing. Half of the changes go to one of the
 * words in use. */
static void change_used_word(uint8_t *bytes, size_t size, unsigned random)
{
    size_t words = size / 8, start = random % words;
    for (size_t i = 0; i < words; i++) {
        uint8_t *word = bytes + (start + i) % words * 8;
        uint64_t value;
        memcpy(&value, word, sizeof(value));
        if (value != 0) {
            LLVMFuzzerMutate(word, 8, 8);
            return;
        }
    }
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t size, size_t limit, unsigned random)
{
    static const std::vector<SegmentBuilder> seeds = segment_seeds();
    segment_header header = {};
    memcpy(&header, bytes, size < sizeof(header) ? size : sizeof(header));
    bool is_segment = size >= kSeedBytes && header.magic == SEGMENT_MAGIC && header.version == SEGMENT_VERSION &&
                      header.hook_count == HOOK_COUNT && header.counter_count == COUNTER_COUNT;
    if (!is_segment && limit >= kSeedBytes && random % 64 != 0) {
        SegmentBuilder seed = seeds[random % seeds.size()];
        memcpy(bytes, seed.bytes().data(), kSeedBytes);
        size = kSeedBytes;
    }
    if (size >= 8 && random % 2 == 0)
        change_used_word(bytes, size, random / 2);
    else
        size = LLVMFuzzerMutate(bytes, size, limit);
    return size;
}

#endif
