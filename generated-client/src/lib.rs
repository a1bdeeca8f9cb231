//! Typed client for Clear Street's brokerage APIs.
