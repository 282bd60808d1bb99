/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a libFuzzer target over the files of its corpus, so that every compiler replays what fuzzing found. */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return 0;
    size_t cap = 1 << 20, n;
    uint8_t *all = malloc(cap);
    if (!all || (n = fread(all, 1, cap, f)) == 0) {
        free(all);
        fclose(f);
        return 0;
    }
    fclose(f);
    uint8_t *exact = malloc(n); /* so that ASan sees one byte too far */
    if (exact) {
        for (size_t i = 0; i < n; i++)
            exact[i] = all[i];
        (void)LLVMFuzzerTestOneInput(exact, n);
    }
    free(exact);
    free(all);
    return 1;
}

int main(int argc, char **argv)
{
    int n = 0;
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        for (struct dirent *e; d && (e = readdir(d));) {
            char path[4096];
            if (e->d_name[0] == '.')
                continue;
            (void)snprintf(path, sizeof path, "%s/%s", argv[i], e->d_name);
            n += run_file(path);
        }
        if (d)
            closedir(d);
    }
    (void)LLVMFuzzerTestOneInput(NULL, 0);
    printf("replay: %s %d inputs\n", argc > 1 ? argv[1] : argv[0], n);
    return n ? 0 : 1; /* a target without a corpus proves nothing */
}
