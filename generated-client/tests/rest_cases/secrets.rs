//! Group G of the cases: secrets that a server repeats.
