/* Clears the macros of messages.def after each inclusion; no guard on purpose. */
#undef MSG
#undef U8
#undef U16
#undef U32
#undef U64
#undef ID
#undef TEXT
#undef BLOB
#undef END
