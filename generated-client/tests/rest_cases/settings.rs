//! Group I of the cases: parameters and settings at their edges.
