//! Accounts, orders, fills and what follows from them, without input or output.
