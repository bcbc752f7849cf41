//! `case.toml` of a fixture.

use super::super::case::KINDS;
use super::{Keys, Kind, may, names, need};

pub(in super::super) static CASE: Keys = Keys::of(
    "case",
    &[
        need(
            "kind",
            Kind::Word(|| names(KINDS)),
            "`bad`: the rule, or for a site any rule, finds something, or the symptom is the first cause of each ticket; `ok`: it finds nothing, while other rules may, or is not named",
        ),
        need("note", Kind::Text, "what the case shows, in words"),
        may(
            "site",
            Kind::Id,
            "the site that judges; without it, a case of a rule is judged by all rules of its pack and no site, the files of a case of a site must be recognised as that site's, and a ticket tells its site itself",
        ),
        may(
            "shown",
            Kind::Flag,
            "`true`: it is the example that documents show, rather than one chosen by its findings",
        ),
        may("machine", Kind::Text, "the text of a `pydoctor.toml` as in `/etc/pydoctor`, for rules about what it asks"),
    ],
);
