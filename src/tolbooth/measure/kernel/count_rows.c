/* Counts equal rows of coded columns. Plain C11: no Python, no allocation, no state, nothing read but its arguments.
 *
 * A row's number is that of its combination of codes in C order, as NumPy's ravel_multi_index gives it. Rows are taken
 * in blocks that stay in the nearest cache: the numbers of a block are put together column by column, which compilers
 * turn into vector instructions, and counted then.
 */

#include <stdint.h>
#include <string.h>

#define VERSION 1
#define BLOCK 1024

/* What a loop compiles to for wider vectors stands beside it, and the loader takes the widest that the processor has:
 * this needs a linker with indirect functions, as glibc's, and nothing is lost without one but time.
 */
#if defined(FOR_EACH_PROCESSOR)
/* whoever compiles has chosen */
#elif defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

/* The columns of a batch were decoded one after another, so the first of them have left the nearer caches: each block
 * asks for the one after it. Addresses are only hinted at, and counted as integers, for they may lie behind the end of
 * a column.
 */
#define LINE_BYTES 64
#if defined(__GNUC__)
#define PREFETCH(START, BYTES) __builtin_prefetch((const void *)((uintptr_t)(START) + (uintptr_t)(BYTES)), 0, 2)
#else
#define PREFETCH(START, BYTES) ((void)(START), (void)(BYTES))
#endif

/* Four rows a turn: a loop of one is as fast only where it happens to lie well in memory, and else takes twice as long. */
#if defined(__GNUC__) && !defined(__clang__)
#define UNROLLED _Pragma("GCC unroll 4")
#else
#define UNROLLED
#endif

struct column {
    const void *codes; /* unsigned integers of `width` bytes, at any address */
    uint32_t width;    /* 1, 2, 4 or 8 */
    uint32_t size;     /* for how many different codes there are cells */
    uint32_t limit;    /* at most `size`: every code must be below it */
};

int32_t tolbooth_kernel_version(void);
int64_t tolbooth_count_rows(const struct column *columns, int64_t column_count, int64_t rows, int64_t *cells);

int32_t tolbooth_kernel_version(void) { return VERSION; }

/* One column's codes of some rows, put into the rows' numbers. */
#define PUT_ROWS(NUMBER, CODE, ROWS)                                                                                   \
    for (int64_t row = 0; row < (ROWS); row++) {                                                                       \
        CODE code;                                                                                                     \
        memcpy(&code, codes + row * (int64_t)sizeof code, sizeof code);                                                \
        const NUMBER narrow = (NUMBER)code;                                                                            \
        all |= code;                                                                                                   \
        beyond |= (NUMBER)(narrow >= limit);                                                                           \
        numbers[row] = (NUMBER)((uint32_t)numbers[row] * size + narrow);                                               \
    }

/* Puts one column's codes into the numbers of a block; true if a code is not below the column's limit. The limit fits
 * into NUMBER, as the product of all sizes does, so whether a code is beyond it can be told of narrow codes, once it is
 * known that none lost a bit by being narrowed. Of a whole block the compiler knows how many rows it has, which makes
 * its loop a fifth faster.
 */
#define PUT(NUMBER, CODE)                                                                                              \
    FOR_EACH_PROCESSOR                                                                                                 \
    static int put_##CODE##_into_##NUMBER(NUMBER *restrict numbers, const struct column *column, int64_t start,        \
                                          int64_t rows) {                                                              \
        const unsigned char *codes = (const unsigned char *)column->codes + start * (int64_t)sizeof(CODE);             \
        const uint32_t size = column->size;                                                                            \
        const NUMBER limit = (NUMBER)column->limit;                                                                    \
        const int64_t bytes = BLOCK * (int64_t)sizeof(CODE);                                                           \
        CODE all = 0;                                                                                                  \
        NUMBER beyond = 0;                                                                                             \
        for (int64_t byte = bytes; byte < 2 * bytes; byte += LINE_BYTES)                                               \
            PREFETCH(codes, byte);                                                                                     \
        if (rows == BLOCK) {                                                                                           \
            PUT_ROWS(NUMBER, CODE, BLOCK)                                                                              \
        } else {                                                                                                       \
            PUT_ROWS(NUMBER, CODE, rows)                                                                               \
        }                                                                                                              \
        return beyond != 0 || (uint64_t)all >> (8 * sizeof(NUMBER) - 1) >> 1 != 0;                                     \
    }

#define PUT_ANY(NUMBER)                                                                                                \
    PUT(NUMBER, uint8_t)                                                                                               \
    PUT(NUMBER, uint16_t)                                                                                              \
    PUT(NUMBER, uint32_t)                                                                                              \
    PUT(NUMBER, uint64_t)                                                                                              \
    static int put_into_##NUMBER(NUMBER *numbers, const struct column *column, int64_t start, int64_t rows) {          \
        switch (column->width) {                                                                                       \
        case 1: return put_uint8_t_into_##NUMBER(numbers, column, start, rows);                                        \
        case 2: return put_uint16_t_into_##NUMBER(numbers, column, start, rows);                                       \
        case 4: return put_uint32_t_into_##NUMBER(numbers, column, start, rows);                                       \
        case 8: return put_uint64_t_into_##NUMBER(numbers, column, start, rows);                                       \
        default: return 1;                                                                                             \
        }                                                                                                              \
    }

#define COUNT(NUMBER)                                                                                                  \
    PUT_ANY(NUMBER)                                                                                                    \
    static int64_t count_by_##NUMBER(const struct column *columns, int64_t column_count, int64_t rows,                 \
                                     int64_t *cells) {                                                                 \
        _Alignas(LINE_BYTES) NUMBER numbers[BLOCK];                                                                    \
        for (int64_t start = 0; start < rows; start += BLOCK) {                                                        \
            const int64_t some = rows - start < BLOCK ? rows - start : BLOCK;                                          \
            int beyond = 0;                                                                                            \
            memset(numbers, 0, sizeof numbers);                                                                        \
            for (int64_t place = 0; place < column_count; place++)                                                     \
                beyond |= put_into_##NUMBER(numbers, &columns[place], start, some);                                    \
            if (beyond)                                                                                                \
                return start;                                                                                          \
            UNROLLED                                                                                                   \
            for (int64_t row = 0; row < some; row++)                                                                   \
                cells[numbers[row]]++;                                                                                 \
        }                                                                                                              \
        return rows;                                                                                                   \
    }

COUNT(uint16_t)
COUNT(uint32_t)

/* Adds 1 to the cell of each row's number.
 *
 * cells: as many as the product of the columns' sizes, which is below 2^32 (0 is returned where it is not).
 * Returns how many rows were counted: fewer than `rows` where the block that follows holds a code that is not below its
 * column's limit, or a column has another width. Of such a block no row was counted.
 */
int64_t tolbooth_count_rows(const struct column *columns, int64_t column_count, int64_t rows, int64_t *cells) {
    uint64_t size = 1;
    for (int64_t place = 0; place < column_count; place++) {
        size *= columns[place].size;
        if (size > UINT32_MAX || columns[place].limit > columns[place].size)
            return 0;
    }
    if (size <= UINT16_MAX)
        return count_by_uint16_t(columns, column_count, rows, cells);
    return count_by_uint32_t(columns, column_count, rows, cells);
}
