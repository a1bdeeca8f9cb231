//! Group B of the cases: what is reported of rows is true.
