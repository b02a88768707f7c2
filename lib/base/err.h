/*
 * err - the error codes of the whole suite
 *
 * A function that can fail returns 0 or one of these, always negative; system errors are
 * passed on as -errno.  bh_strerror() names both kinds.
 */
#ifndef BH_ERR_H
#define BH_ERR_H

#define BH_ERROR_MAP(XX)                                                                           \
	XX(EINVAL, -1001, "malformed input")                                                       \
	XX(ENOMEM, -1002, "out of memory")                                                         \
	XX(EAGAIN, -1003, "not ready yet")                                                         \
	XX(ECLOSED, -1004, "closed by the peer")                                                   \
	XX(ETOOBIG, -1005, "over a size limit")                                                    \
	XX(EPROTO, -1006, "protocol violation")                                                    \
	XX(EDENIED, -1007, "not permitted")                                                        \
	XX(ENOTFOUND, -1008, "not found")                                                          \
	XX(EEXIST, -1009, "exists already")                                                        \
	XX(EIO, -1010, "input/output error")                                                       \
	XX(ECONFIG, -1011, "bad configuration")                                                    \
	XX(EBUSY, -1012, "busy")                                                                   \
	XX(ETIMEOUT, -1013, "timed out")                                                           \
	XX(EVERSION, -1014, "version mismatch")                                                    \
	XX(ECRYPTO, -1015, "cryptographic failure")

enum bh_error {
#define XX(name, value, text) BH_##name = value,
	BH_ERROR_MAP(XX)
#undef XX
};

/* A static English phrase for any code above or any -errno; "success" for 0. */
const char *bh_strerror(int rc);

#endif
