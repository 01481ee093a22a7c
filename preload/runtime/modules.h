/* modules.h: keeps the segment's module map current across dlopen and dlclose.
 *
 * modules_scan compares the loader's list (dl_iterate_phdr) with the map: new modules are appended,
 * vanished ones get an unloaded_generation, the same file at the same place gets its record back.
 * Called at boot and by the dlopen/dlclose hooks, never in a signal handler; concurrent scans: one
 * works, the other marks that another pass is needed.
 */
#ifndef STRONG_RUNTIME_MODULES_H
#define STRONG_RUNTIME_MODULES_H

int modules_init(void);
void modules_scan(void);
/* The list may have changed and nobody can scan now: it is done at the next tick or dl* call. */
void modules_mark(void);
/* Scans if marked. */
void modules_scan_marked(void);

#endif
