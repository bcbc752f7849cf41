//! Baselines, which `--write-baseline` writes.

use super::{Keys, Kind, may, need};

pub(in super::super) static BASELINE: Keys = Keys::of(
    "baseline",
    &[
        need("version", Kind::Integer, "the version of the form"),
        may("findings", Kind::List(&Kind::Table(&KNOWN)), "findings that are accepted as they are"),
    ],
);

static KNOWN: Keys = Keys::of(
    "known",
    &[
        need("path", Kind::Text, "the file"),
        need("rule", Kind::Text, "the rule"),
        need("fingerprint", Kind::Text, "what the finding is known by"),
        may("count", Kind::Integer, "how many of them"),
    ],
);
