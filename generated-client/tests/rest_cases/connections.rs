//! Group H of the cases: connections, and when they are given up.
