//! `symptoms/ID.toml`.

use super::super::symptom::{ON, RAN, SCHEDULERS};
use super::{Key, Keys, Kind, may, names, need};

/// One way to say a thing, or several, of which the first is used in which nothing is missing.
const SAYING: Kind = Kind::OneOf(&[Kind::Template, Kind::List(&Kind::Template)]);
const PHRASES: Kind = Kind::List(&Kind::Text);

const SUMMARY: Key = may("summary", SAYING, "what happened, and why, in place of the symptom's words");
const REMEDY: Key = may("remedy", SAYING, "what to do now, in place of the symptom's words");
const COMMANDS: Key = may("commands", SAYING, "the same as commands, line by line");
const AVOID: Key = may("avoid", SAYING, "how to avoid it");
const QUESTION: Key = may("question", SAYING, "what to ask while it is not certain");
const ANSWERED: Key =
    may("answered", PHRASES, "phrases that all stand in a ticket which answers `question`: then it is not asked");
const SEND: Key = may("send", SAYING, "what to send if it does not help");
const URL: Key = may("url", SAYING, "where it is documented; the first of `sources` without it");

const LINES: Key = may("lines", Kind::Integer, "how many lines apart «near» is; 12 without it");
const ON_LINES: Key = may(
    "on",
    Kind::OneOf(&[ON_WORD, Kind::List(&ON_WORD)]),
    "what kind of line is meant: `prose`, `log`, `command`, `script`, or several of them",
);
const RAN_THERE: Key = may(
    "ran",
    Kind::OneOf(&[RAN_WORD, Kind::List(&RAN_WORD)]),
    "where the command ran that printed it: `job`, `login`, `own` (the user's own computer or container), `unknown`, or several of them",
);
const ANY: Key = need("any", PHRASES, "phrases of which one is found; it is the evidence");
const ALL: Key = may("all", PHRASES, "phrases that all stand near it");
const NOT: Key = may("not", PHRASES, "phrases of which none stands near it");
const UNLESS: Key = may("unless", PHRASES, "phrases of which none stands anywhere in the ticket");
const WEAK: Key = may("weak", Kind::Flag, "`true`: the same is seen for other reasons");

const CLUSTER: Key =
    may("cluster", Kind::Flag, "whether anything in the ticket speaks of a cluster (`false`: nothing does)");

const IS_KNOWN: Key = may(
    "known",
    Kind::Table(&KNOWN_OPTION),
    "a capture of `any` is an option of a submit command by the pack's table: what is refused all the same is no slip",
);

const ON_WORD: Kind = Kind::Word(|| names(ON));
const RAN_WORD: Kind = Kind::Word(|| names(RAN));
const SCHEDULER_WORD: Kind = Kind::Word(|| names(SCHEDULERS));

pub(in super::super) static SYMPTOM: Keys = Keys::of(
    "symptom",
    &[
        need("id", Kind::Id, "its name, which is that of its file"),
        need("title", Kind::Text, "what is wrong, in a few words"),
        need("sources", Kind::List(&Kind::Text), "who documents it: addresses"),
        may("rules", Kind::List(&Kind::Id), "rules whose findings in a pasted script make it certain"),
        may("explains", Kind::List(&Kind::Id), "symptoms that follow from this one, and are listed below it"),
        need("summary", SAYING, "what happened, and why"),
        need("remedy", SAYING, "what to do now, in words"),
        COMMANDS,
        may(
            "example",
            Kind::Flag,
            "`true`: the commands only show what belongs into a file; the answer leaves them out where it shows the user's own mended",
        ),
        AVOID,
        QUESTION,
        ANSWERED,
        SEND,
        URL,
        may("also", PHRASES, "phrases that are looked for only for what they capture"),
        need("signature", Kind::List(&Kind::Table(&SIGNATURE)), "by what it is recognised: any `[[signature]]`"),
        may("confirmation", Kind::List(&Kind::Table(&SIGNATURE)), "what else in the ticket makes it certain"),
        may(
            "contradiction",
            Kind::List(&Kind::Table(&CONTRADICTION)),
            "what speaks against it; each takes one step of confidence",
        ),
    ],
);

pub(in super::super) static SIGNATURE: Keys = Keys::of(
    "signature",
    &[
        ANY, ALL, NOT, UNLESS, LINES, ON_LINES, RAN_THERE, WEAK, CLUSTER, IS_KNOWN, SUMMARY, REMEDY, COMMANDS, AVOID,
        QUESTION, ANSWERED, SEND, URL,
    ],
);

pub(in super::super) static KNOWN_OPTION: Keys = Keys::of(
    "known-option",
    &[
        need("capture", Kind::Text, "the name of the capture; dashes before it and a value behind `=` do not count"),
        need("scheduler", SCHEDULER_WORD, "whose submit command it is: `slurm`, `pbs`, `sge` or `lsf`"),
    ],
);

pub(in super::super) static CONTRADICTION: Keys = Keys::of(
    "contradiction",
    &[
        need("say", SAYING, "what is said of it"),
        may(
            "any",
            PHRASES,
            "phrases of which one is found; may be missing beside `unless` or `cluster`, where silence speaks against it",
        ),
        ALL,
        NOT,
        UNLESS,
        LINES,
        ON_LINES,
        RAN_THERE,
        WEAK,
        CLUSTER,
        IS_KNOWN,
        may(
            "refutes",
            Kind::Flag,
            "`true`: this line rules the cause out; where silence speaks against it as well, it is not named",
        ),
        SUMMARY,
        REMEDY,
        COMMANDS,
        AVOID,
        QUESTION,
        ANSWERED,
        SEND,
        URL,
    ],
);

pub(in super::super) static SYMPTOM_STAND: Keys = Keys::of(
    "symptom-stand",
    &[
        may("off", Kind::Flag, "`true`: it does not occur there"),
        may("summary", SAYING, "what happened there, and why"),
        may("remedy", SAYING, "what to do there"),
        COMMANDS,
        AVOID,
        QUESTION,
        ANSWERED,
        SEND,
        URL,
        may("source", Kind::Text, "who says so: an address, or a document"),
        may("verified", Kind::Date, "the day on which that was last looked at"),
    ],
);
