/* Any file of prosody's data: the first byte says of which store.  What is read borrows nothing that is not there, and
 * what an account gets of it is prepared and canonical. */
#include "bus/user_data.h"
#include "ctl/move/prosody.h"
#include "fuzz.h"
#include "moved_check.h"

static void check_value(const struct lua_value *v, unsigned depth)
{
	require(v->type <= LUA_TABLE && depth <= LUA_DEPTH_MAX + 2);
	require(v->type != LUA_STRING || v->text.p != NULL);
	for (const struct lua_entry *e = v->type == LUA_TABLE ? v->first : NULL; e != NULL; e = e->next) {
		check_value(&e->key, depth + 1);
		check_value(&e->value, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* The last: nodes of PEP, all with the same items. */
	static const char *const stores[] = {
		"accounts", "roster", "vcard", "private", "offline", "blocklist", "pep", "pep_"};
	struct str in = str_make(data, size);
	const char *store = stores[take_choice(&in) % (sizeof stores / sizeof stores[0])];
	struct lua_data *read = NULL;
	struct moved m;
	unsigned line;

	if (lua_data_parse(in, &read, &line) == 0) {
		check_value(lua_data_values(read), 0);
		moved_init(&m, STR_LIT("user"), STR_LIT("host.example"));
		prosody_take(&m, store, lua_data_values(read));
		if (strcmp(store, "pep_") == 0)
			prosody_take_pep(&m, &(struct prosody_pep){{lua_data_values(read), lua_data_values(read),
				lua_data_values(read), lua_data_values(read)}});
		moved_end(&m);
		(void)moved_check(NULL, &m);
		moved_fini(&m);
	}
	lua_data_free(&read);
	return 0;
}
