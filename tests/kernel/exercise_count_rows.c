/* Counts random columns with count_rows.c and by one division after another, and compares; for the sanitizers.
 *
 * Every column stands in memory of exactly its size, so that one byte too many is seen. Usage: exercise SEED CASES.
 */

#include "count_rows.c"

#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

static uint64_t draw(uint64_t below) { /* xorshift64*, Vigna 2016 */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (state * UINT64_C(2685821657736338717)) % below;
}

static void write_code(unsigned char *codes, uint32_t width, int64_t row, uint64_t code) {
    for (uint32_t byte = 0; byte < width; byte++) /* as little-endian machines do; the tests run on no other */
        codes[row * (int64_t)width + byte] = (unsigned char)(code >> (8 * byte));
}

static uint64_t read_code(const unsigned char *codes, uint32_t width, int64_t row) {
    uint64_t code = 0;
    for (uint32_t byte = 0; byte < width; byte++)
        code |= (uint64_t)codes[row * (int64_t)width + byte] << (8 * byte);
    return code;
}

static int exercise(void) {
    static const uint32_t widths[] = {1, 2, 4, 8}, sizes[] = {1, 2, 3, 9, 40, 255};
    static const int64_t lengths[] = {0, 1, 63, 64, 65, 1023, 1024, 1025, 5000};
    struct column columns[4];
    unsigned char *memory[4];
    const int64_t rows = lengths[draw(9)], column_count = 1 + (int64_t)draw(4);
    const int wrong = draw(3) == 0;
    uint64_t places = 1;
    for (int64_t place = 0; place < column_count; place++) {
        struct column *column = &columns[place];
        column->width = widths[draw(4)];
        column->size = places * 255 > 1 << 18 ? 2 : sizes[draw(6)];
        column->limit = column->size - (uint32_t)draw(2) * (column->size > 1);
        places *= column->size;
        memory[place] = malloc((size_t)(rows * column->width) + 1);
        unsigned char *codes = memory[place] + (rows > 0); /* at an odd address, and up to the last byte */
        column->codes = codes;
        for (int64_t row = 0; row < rows; row++)
            write_code(codes, column->width, row, draw(column->limit));
        if (wrong && rows)
            write_code(codes, column->width, (int64_t)draw((uint64_t)rows), column->limit + draw(UINT64_MAX) % 1000000);
    }
    int64_t *cells = calloc(places, sizeof *cells), *wanted = calloc(places, sizeof *wanted), good = rows;
    for (int64_t row = 0; row < good; row++) {
        uint64_t number = 0;
        for (int64_t place = 0; place < column_count; place++) {
            const uint64_t code = read_code(columns[place].codes, columns[place].width, row);
            if (code >= columns[place].limit)
                good = row - row % BLOCK; /* the block is refused as a whole */
            number = number * columns[place].size + code;
        }
        if (row < good)
            wanted[number]++;
    }
    if (good < rows) { /* what was added of the refused block is taken back by counting anew */
        memset(wanted, 0, places * sizeof *wanted);
        for (int64_t row = 0; row < good; row++) {
            uint64_t number = 0;
            for (int64_t place = 0; place < column_count; place++)
                number = number * columns[place].size + read_code(columns[place].codes, columns[place].width, row);
            wanted[number]++;
        }
    }
    const int64_t counted = tolbooth_count_rows(columns, column_count, rows, cells);
    const int equal = counted == good && memcmp(cells, wanted, places * sizeof *cells) == 0;
    for (int64_t place = 0; place < column_count; place++)
        free(memory[place]);
    free(cells);
    free(wanted);
    return equal;
}

int main(int count, char **arguments) {
    if (count != 3)
        return 2;
    state = strtoull(arguments[1], NULL, 10) | 1;
    const long cases = strtol(arguments[2], NULL, 10);
    for (long number = 0; number < cases; number++)
        if (!exercise()) {
            printf("case %ld differs\n", number);
            return 1;
        }
    printf("%ld cases are equal\n", cases);
    return 0;
}
