//! The messages of the day, per account.
