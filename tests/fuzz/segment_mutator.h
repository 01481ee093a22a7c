/* segment_mutator.h: how segment_fuzz.cc and report_fuzz.cc change their inputs.
 *
 * Inputs that are no segment are replaced by a seed before they are changed, so that the fuzzer works
 * behind the header check, whatever the format looks like today; the committed corpus may grow old.
 */
#ifndef STRONG_FUZZ_SEGMENT_MUTATOR_H
#define STRONG_FUZZ_SEGMENT_MUTATOR_H

#include <cstring>

#include "tools/segment_seeds.h"

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
