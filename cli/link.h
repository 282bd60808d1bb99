/* SPDX-License-Identifier: Apache-2.0 */
/* link - has an interface a carrier? An interface without one gives no error and no packets. */
#ifndef CLI_LINK_H
#define CLI_LINK_H

#include <stdbool.h>

struct link;

struct link *link_new(const char *interface); /* NULL: out of memory. Needs no privilege, then or later */
void link_free(struct link *l); /* NULL is fine */
bool link_changed(struct link *l); /* since it was last asked, at first since it was up; where it cannot be told, never */
bool link_up(const struct link *l); /* when it was last asked */

#endif
