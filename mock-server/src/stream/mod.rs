//! The WebSocket of the channels, and the tokens that open it.
