//! `pydoctor.toml`, `.pydoctor.toml`, and the table of `pyproject.toml`.

use super::super::config::LOCKABLE;
use super::super::severity::{APPLICABILITIES, LEVELS, SEVERITIES};
use super::{Key, Keys, Kind, may, names, need};

const TEXTS: Kind = Kind::List(&Kind::Text);

/// Rules and tags, some of them until a day.
const EXCEPTIONS: Kind = Kind::List(&Kind::OneOf(&[Kind::Text, Kind::Table(&EXCEPTION)]));

const UNTIL: Key = may("until", Kind::Date, "the last day on which this counts");
const REASON: Key = may("reason", Kind::Text, "why, in words that are shown");

pub(in super::super) static CONFIG: Keys = Keys::of(
    "config",
    &[
        may("site", Kind::OneOf(&[Kind::Text, Kind::Table(&SITE)]), "the site that judges"),
        may("select", TEXTS, "the only rules that are on: ids, tags or `ALL`"),
        may("ignore", EXCEPTIONS, "rules that are off: ids, tags or `ALL`, or tables with a last day"),
        may("exclude", TEXTS, "globs of files that walks leave out"),
        may("fail-on", Kind::Word(|| names(SEVERITIES)), "exit status 1 from this severity on; `warning` without it"),
        may("require-reason", Kind::Flag, "`true`: a comment that silences a rule must say why"),
        may("baseline", Kind::Text, "the file of findings that are accepted as they are"),
        may("pack", Kind::List(&Kind::Table(&PACK)), "a pack of rules and sites; `[[pack]]`"),
        may("rules", Kind::Map(&Kind::Table(&RULE)), "settings of a rule; `[rules.ID]`"),
        may("override", Kind::List(&Kind::Table(&OVERRIDE)), "settings of some files only; `[[override]]`"),
        may("per-file-ignores", Kind::Map(&EXCEPTIONS), "rules that are off for some files: a glob, and ids or tags"),
    ],
);

static SITE: Keys = Keys::of(
    "site-setting",
    &[
        need("id", Kind::Text, "its id"),
        may("lock", Kind::Flag, "`true`: nobody may choose another; only where the machine's policy stands"),
        REASON,
    ],
);

static PACK: Keys =
    Keys::of("pack-folder", &[need("path", Kind::Text, "its folder, from that of the configuration on")]);

static RULE: Keys = Keys::of(
    "rule-settings",
    &[
        may("severity", Kind::Word(|| names(LEVELS)), "how bad it is, or `\"off\"`"),
        may("fix", Kind::Word(|| names(APPLICABILITIES)), "how far its fix can be trusted"),
        may(
            "lock",
            Kind::OneOf(&[Kind::Flag, Kind::List(&Kind::Word(|| names(LOCKABLE)))]),
            "`true`, or what nobody may change: `enabled`, `severity`, `suppression`; only where the machine's policy stands",
        ),
        UNTIL,
        REASON,
    ],
);

static EXCEPTION: Keys = Keys::of("exception", &[need("rule", Kind::Text, "the rule or tag"), UNTIL, REASON]);

static OVERRIDE: Keys = Keys::of(
    "override",
    &[
        need("files", TEXTS, "globs of files"),
        may("site", Kind::Text, "the site that judges them"),
        may("select", TEXTS, "the only rules that are on for them"),
        may("ignore", EXCEPTIONS, "rules that are off for them"),
    ],
);
