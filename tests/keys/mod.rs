//! API keys: tokens, and whom they let in.

mod token;
