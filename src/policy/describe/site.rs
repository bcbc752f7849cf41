//! `sites/ID.toml`.

use super::super::path::PLACES;
use super::super::severity::{APPLICABILITIES, LEVELS};
use super::super::site::SCHEDULERS;
use super::symptom::SYMPTOM_STAND;
use super::{Key, Keys, Kind, may, names, need};

const SOURCE: Key = need("source", Kind::Text, "who says so: an address, or a document");
const VERIFIED: Key = may(
    "verified",
    Kind::Date,
    "the day on which somebody last looked at the source and found it so; of a copy or a version of it, the date of that",
);
const MAY_SOURCE: Key = may("source", Kind::Text, "who says so: an address, or a document");
const TEXTS: Kind = Kind::List(&Kind::Text);

pub(in super::super) static SITE: Keys = Keys::of(
    "site",
    &[
        need("id", Kind::Id, "its name, which is that of its file; of a site in an earlier pack, this file says more"),
        may("name", Kind::Text, "its name for people; a site that is new must have one"),
        may("extends", Kind::Id, "the site that it completes; `common` without it"),
        may(
            "scheduler",
            Kind::OneOf(&[SCHEDULER, Kind::Table(&SCHEDULER_SAID)]),
            "`slurm`, `pbs`, `sge` or `lsf`; with a source and a day, a table",
        ),
        may("retired", Kind::Table(&RETIRED), "it no longer exists"),
        may("detect", Kind::Table(&DETECT), "how it is recognised"),
        may("place", Kind::List(&Kind::Table(&PLACE)), "where paths lie; `[[place]]`"),
        may("quota", Kind::List(&Kind::Table(&QUOTA)), "how much may lie there; `[[quota]]`"),
        may("values", Kind::Map(&Kind::Table(&VALUE)), "values that rules use, by name; `[values.NAME]`"),
        may("recipes", Kind::Map(&Kind::Table(&RECIPE)), "shell lines, by name; `[recipes.NAME]`"),
        may(
            "links",
            Kind::Map(&Kind::OneOf(&[Kind::Text, Kind::Table(&LINK)])),
            "addresses by name; with a source or a day, tables",
        ),
        may("rules", Kind::Map(&Kind::Table(&STAND)), "its stand on rules, by id; `[rules.ID]`"),
        may(
            "symptoms",
            Kind::Map(&Kind::Table(&SYMPTOM_STAND)),
            "its stand on symptoms of tickets, by id; `[symptoms.ID]`",
        ),
        may(
            "fill",
            Kind::Map(&Kind::Text),
            "for answers to tickets: a word in capitals that stands in the site's texts, and a regular expression whose first group, found in the ticket, takes its place; `[fill]`, a line `WORD = 'EXPRESSION'` each",
        ),
    ],
);

pub(in super::super) static RETIRED: Keys = Keys::of(
    "retired",
    &[
        may("since", Kind::Date, "since when"),
        may("successor", Kind::Id, "the site that took its place"),
        SOURCE,
        VERIFIED,
    ],
);

pub(in super::super) static DETECT: Keys = Keys::of(
    "detect",
    &[
        may(
            "hosts",
            TEXTS,
            "globs for the host's name as the machine gives it (what `uname -n` prints: with the domain on some machines, without on others), one of which fits the whole of it; the name is read in lower case, so write globs so, one for each form: `[\"login*.north.example\", \"login[1-4]\"]`",
        ),
        may(
            "env",
            Kind::Map(&Kind::OneOf(&[Kind::Text, TEXTS])),
            "variables of the environment and what they hold: a glob or several. `\"*\"` is any value, the empty one too, `\"?*\"` one that is not empty. One variable that holds one of its globs is enough; two that must hold together cannot be said",
        ),
        may(
            "evidence",
            TEXTS,
            "globs for paths, modules and directives in files that no other site has, one of which is enough and fits the whole text: a path `/project/north/*`, or `$NORTH_SCRATCH*` by a variable that only this site sets; a module by its full name as written `StdEnv/*`; a directive by its long name, however it is written, as `--NAME=VALUE`: the partition `--partition=north-gpu`, the account `--account=def-*`, which is found in `#SBATCH -A def-ada`",
        ),
        may(
            "words",
            TEXTS,
            "globs for what people call it, for tickets; one is enough and fits a whole word, as it stands in the ticket or in lower case. So one in lower case fits in any case of its letters, `narval` also `Narval` and `NARVAL`, and one with a capital as it is written only: write `Midway` and `MIDWAY` where `midway` is a common word",
        ),
        MAY_SOURCE,
        VERIFIED,
    ],
);

/// The places that a site can tell.
fn places() -> Vec<&'static str> {
    PLACES.iter().copied().filter(|place| !matches!(*place, "elsewhere" | "unknown")).collect()
}

pub(in super::super) static PLACE: Keys = Keys::of(
    "place",
    &[
        need("place", Kind::Word(places), "one of WORDS"),
        need("paths", TEXTS, "globs and variables that begin it; all below them belongs to it"),
        SOURCE,
        VERIFIED,
    ],
);

pub(in super::super) static QUOTA: Keys = Keys::of(
    "quota",
    &[
        need("place", Kind::Word(places), "one of WORDS"),
        may(
            "bytes",
            Kind::Text,
            "the size as the site writes it, one number and a unit: `\"30 GB\"`, `\"1.5 TiB\"`; `kB`, `MB`, `GB`, `TB`, `PB` or `KiB` to `PiB`. Of a range (47 to 50 GB), and of clusters that differ, the smallest, so that nobody is told too late; left out where none is known",
        ),
        may(
            "files",
            Kind::Integer,
            "how many files, a whole number: `500000`; of a range, and of clusters that differ, the smallest",
        ),
        SOURCE,
        VERIFIED,
    ],
);

pub(in super::super) static VALUE: Keys = Keys::of(
    "value",
    &[
        need(
            "value",
            Kind::OneOf(&[Kind::Text, Kind::Integer, TEXTS, Kind::Map(&Kind::Text)]),
            "a text, a number, a list of texts or a table of texts, as `common` has it",
        ),
        SOURCE,
        VERIFIED,
    ],
);

pub(in super::super) static RECIPE: Keys =
    Keys::of("recipe", &[need("text", Kind::Text, "the lines"), SOURCE, VERIFIED]);

pub(in super::super) static LINK: Keys =
    Keys::of("link", &[need("url", Kind::Text, "the address"), MAY_SOURCE, VERIFIED]);

const SCHEDULER: Kind = Kind::Word(|| names(SCHEDULERS));

static SCHEDULER_SAID: Keys = Keys::of("scheduler", &[need("value", SCHEDULER, "the scheduler"), MAY_SOURCE, VERIFIED]);

pub(in super::super) static STAND: Keys = Keys::of(
    "stand",
    &[
        may("severity", Kind::Word(|| names(LEVELS)), "how bad it is there, or `\"off\"`"),
        may(
            "message",
            Kind::Template,
            "what a finding says there, a template as in the rule; help and link stay the rule's unless `help` and `url` are given too",
        ),
        may("help", Kind::Template, "what to do there, a template too; message and link stay"),
        may(
            "url",
            Kind::Text,
            "another link: an address (`https://…`), or `$link.NAME`; `\"\"` takes the rule's link away, so that its findings there have no `see` line. `source` is not shown with findings",
        ),
        may(
            "fix",
            Kind::Word(fixes),
            "how far the fix can be trusted there: `safe`, `unsafe`, `display`, or `\"none\"`",
        ),
        may("reason", Kind::Text, "why the site says so"),
        MAY_SOURCE,
        VERIFIED,
    ],
);

/// What a site can say of a fix.
fn fixes() -> Vec<&'static str> {
    names(APPLICABILITIES).into_iter().chain(["none"]).collect()
}
