/*
 * each_message - goes through messages.def with those macros that whoever includes this has defined
 *
 * The others are nothing, and all of them are gone behind it.  No guard on purpose.
 */
#ifndef MSG
#define MSG(NAME, name, num, from, to, flags)
#endif
#ifndef U8
#define U8(f)
#endif
#ifndef U16
#define U16(f)
#endif
#ifndef U32
#define U32(f)
#endif
#ifndef U64
#define U64(f)
#endif
#ifndef ID
#define ID(f)
#endif
#ifndef TEXT
#define TEXT(f, max)
#endif
#ifndef BLOB
#define BLOB(f, max)
#endif
#ifndef END
#define END(name)
#endif

#include "bus/messages.def"

#undef MSG
#undef U8
#undef U16
#undef U32
#undef U64
#undef ID
#undef TEXT
#undef BLOB
#undef END
