//! The log as evidence.

shapes! {
    /// A signed note of what the log came to
    CheckpointOfLog {
        /// How many events it covers
        size: u64,
        /// The hash that they come to, in base64
        root: String,
        /// When it was made
        #[schema(value_type = String, format = DateTime)]
        time: String,
        /// The public key, as C2SP's `signed-note` writes it
        key: String,
        /// The note itself
        note: String,
    }
    /// Checkpoints, and where the next page begins
    #[schema(example = json!({"items": [{"size": 57, "root": "TnwpuLT2bLzQ3tCnlG4d0vXXj4rTYzDQ0pU3Y4yiPk0=",
        "time": "2026-03-03T14:30:00Z", "key": "chancery/acme+5dee73b2+AQID", "note": "chancery/acme\n57\n…"}],
        "next": null}))]
    Checkpoints {
        items: Vec<CheckpointOfLog>,
        /// The cursor of the next page; null after the last
        next: Option<String>,
    }
    /// A public key that signed checkpoints
    LogKey {
        /// As C2SP's `signed-note` writes it
        key: String,
        /// How many events its first checkpoint covers
        first_checkpoint: u64,
        /// How many events its last checkpoint covers
        last_checkpoint: u64,
    }
    /// The public keys that signed checkpoints
    #[schema(example = json!({"items": [{"key": "chancery/acme+5dee73b2+AQID", "first_checkpoint": 12,
        "last_checkpoint": 57}]}))]
    LogKeys {
        items: Vec<LogKey>,
    }
    /// That an event is in the log
    #[schema(example = json!({"position": 12, "size": 57, "proof": "c2sp.org/tlog-proof@v1\nindex 11\n…"}))]
    LogProof {
        /// The event's position
        position: u64,
        /// How many events the checkpoint covers
        size: u64,
        /// The proof with its checkpoint, as C2SP's `tlog-proof` writes it
        proof: String,
    }
}
