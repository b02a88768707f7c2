/* stub */
#include "ctl/ctl.h"
int run_check_ldap(const struct call *call) { (void)call; return EXIT_OK; }
