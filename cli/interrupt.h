/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interrupt - SIGINT, SIGTERM and SIGHUP ask a long run for its end: it stops reading, and what was seen is still reported.
 * Another one changes nothing; SIGQUIT and SIGKILL end at once.
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

struct source;

void interrupt_catch(void); /* from now on. A SIGHUP that is ignored (nohup) stays so */
void interrupt_source(struct source *s); /* whose reading a signal ends; NULL: none, before it is closed */
int interrupted(void); /* the signal that came, 0: none */
/* Ends the program by the signal that came, if one did: so shells, and loops in them, know that it did not end by itself. */
void interrupt_die(void);

#endif
