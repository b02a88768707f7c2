/* A connection with a witness. */
#include "directory/steps.h"

#include "directory/connection_private.h"

int dirconn_open_steps(
	struct directory *d, size_t server, const struct dirsteps *steps, struct dirconn **out, char *why)
{
	struct dirconn *c = dirconn_create(d, server);
	int rc;

	c->steps = steps;
	rc = dirconn_open_server(c, true, why);
	c->steps = NULL;
	if (rc != 0)
		dirconn_close(&c);
	*out = c;
	return rc;
}
