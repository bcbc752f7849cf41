//! Changing files: plan edits, resolve conflicts, verify, write.
