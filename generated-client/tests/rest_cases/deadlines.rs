//! Group F of the cases: deadlines and sizes.
