//! Attempts to get more than one has, by hand.
