/* expression_fuzz.cc: any text as an expression: parsed, evaluated on a segment, shown; errors stay within the text. */
#include <cstring>
#include <cstdlib>
#include <string>

#include "tools/segment_seeds.h"

#define _Static_assert static_assert
extern "C" {
#include "analyse/expression.h"
#include "read/snapshot.h"
}
#undef _Static_assert

static const model *seed()
{
    static model *one = nullptr;
    if (!one) {
        char message[SNAPSHOT_MESSAGE];
        snapshot *taken = nullptr;
        SegmentBuilder segment = seed_client();
        if (snapshot_from_memory(segment.bytes().data(), segment.bytes().size(), &taken, message) != 0 ||
            model_new(taken, false, &one) != 0)
            abort();
        snapshot_free(taken);
    }
    return one;
}

static void evaluate(const expression *parsed)
{
    char text[1200];
    arena memory = {};
    expression_compared compared[EXPRESSION_NODES];
    const model *models[] = {seed(), nullptr};
    for (const model *before : models) {
        size_t count = 0;
        metrics_context context = {seed(), before, nullptr, &memory};
        expression_evaluate(parsed, &context, compared, EXPRESSION_NODES, &count);
        for (size_t i = 0; i < count; i++)
            expression_compared_text(parsed, &compared[i], text, sizeof(text));
    }
    arena_done(&memory);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    std::string text(reinterpret_cast<const char *>(bytes), size);
    expression *parsed = nullptr;
    expression_error error = {};
    char pointed[512];
    if (expression_parse(text.c_str(), &parsed, &error) == 0) {
        evaluate(parsed);
        expression_free(parsed);
    } else if (error.at > strlen(text.c_str()) || !*error.message ||
               strlen(expression_point(text.c_str(), &error, pointed, sizeof(pointed))) < 4) {
        abort();
    }
    return 0;
}
