//! Tokens against a real endpoint and a real server. Nothing waits here but for them.

mod endpoint;
mod refusals;
mod renewals;
mod secrets;
