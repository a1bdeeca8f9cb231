//! Groups A and C of the cases: orders whose fate is in doubt, and resolving them.
