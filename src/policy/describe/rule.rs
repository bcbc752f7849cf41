//! `lint/ID.toml`.

use super::super::rule::TAGS;
use super::super::severity::{APPLICABILITIES, SEVERITIES};
use super::{Key, Keys, Kind, may, names, need};
use crate::facts::FactKind;

const TEMPLATES: Kind = Kind::OneOf(&[Kind::Template, Kind::List(&Kind::Template)]);

/// The names of the kinds of facts.
fn fact_kinds() -> Vec<&'static str> {
    FactKind::ALL.into_iter().map(FactKind::name).collect()
}

pub(in super::super) static RULE: Keys = Keys::of(
    "rule",
    &[
        need(
            "id",
            Kind::Id,
            "the name of the rule, which is that of its file: lower case words that name the defect, joined by `-`",
        ),
        need("title", Kind::Text, "what is wrong, in a few words"),
        need(
            "tags",
            Kind::List(&Kind::Word(|| TAGS.to_vec())),
            "one or more of WORDS; the first is the group it is listed in",
        ),
        need(
            "severity",
            Kind::Word(|| names(SEVERITIES)),
            "`error`: a scheduler refuses it, logins break or others are harmed; `warning`: policy forbids it or results are wrong; `hint`: advice",
        ),
        may("enabled", Kind::Flag, "`false`: off until a site or the configuration gives it a severity"),
        may("replaces", Kind::Flag, "`true`: takes the place of the rule of this id in an earlier pack"),
        need("why", Kind::Text, "a paragraph for people who ask why"),
        may(
            "sources",
            Kind::List(&Kind::Text),
            "who asks for it: addresses, or documents in words. The first that is an address (`https://…`) is the link of a finding, its `see` line, unless the site gives another; with none there is no such line. `explain` names all",
        ),
        may(
            "once",
            Kind::Word(|| vec!["file"]),
            "`\"file\"`: at most one finding in a file, at the first place; its fix mends the others too that are mended alike and that no comment silences; a line that several would put in is put in once",
        ),
        may("message", TEMPLATES, "what a finding says, for all clauses that have none of their own"),
        may("help", TEMPLATES, "what to do, for all clauses that have none of their own"),
        may("at", Kind::Field, "the field whose place is flagged, for all clauses that have none of their own"),
        may("labels", LABELS, "other places, for all clauses that have none of their own"),
        may("fix", FIXES, "how to mend it, for all clauses that have none of their own"),
        may(
            "each-fix",
            Kind::Table(&EACH_FIX),
            "conditions that hold of each fix of the rule besides its own: the keys of a fix from `where` to `of-site`",
        ),
        need("clause", Kind::List(&Kind::Table(&CLAUSE)), "a way to be found; at least one `[[clause]]`"),
    ],
);

const LABELS: Kind = Kind::List(&Kind::Table(&LABEL));

pub(in super::super) static CLAUSE: Keys = Keys::of(
    "clause",
    &[
        need("on", Kind::Word(fact_kinds), "the kind of fact that is judged"),
        may("where", Kind::Where("on"), "conditions that all hold"),
        may("either", Kind::List(&Kind::Where("on")), "a list of conditions, one of which holds"),
        may("unless", Kind::List(&Kind::Where("on")), "a list of conditions, none of which holds"),
        may("with", OTHERS, "facts that must be found besides"),
        may("without", OTHERS, "facts that must not be found"),
        may(
            "certainty",
            Kind::Word(|| vec!["possible", "certain"]),
            "`\"possible\"`: the finding is never certain; it counts one step less and its fix is never safe",
        ),
        may(
            "at-most",
            Kind::Word(|| vec!["hint", "warning"]),
            "`\"hint\"` or `\"warning\"`: what this clause finds never counts more, whatever the rule or the site says",
        ),
        may("message", TEMPLATES, "what the finding says; a template"),
        may("help", TEMPLATES, "what to do; a template"),
        may(
            "at",
            Kind::Field,
            "the field whose place is flagged; `self`, the whole fact, without it and where the field is absent",
        ),
        may(
            "labels",
            LABELS,
            "other places that explain it: `[{ at = FIELD, message = TEMPLATE }]`; one whose field is absent is left out",
        ),
        may("fix", FIXES, "how to mend it; of a list the first that can be offered"),
        may("no-fix", Kind::Flag, "`true`: without the fix of the rule"),
    ],
);

pub(in super::super) const OTHERS: Kind = Kind::List(&Kind::Table(&OTHER));

pub(in super::super) static OTHER: Keys = Keys::of(
    "other-fact",
    &[
        need("fact", Kind::Word(fact_kinds), "their kind"),
        may(
            "at",
            Kind::Word(|| vec!["before", "after", "anywhere"]),
            "`before`, `after`, or `anywhere` (without it) as seen from the fact that is judged",
        ),
        may(
            "in",
            Kind::Word(|| vec!["file", "linked", "callers", "session", "reach"]),
            "the same `file` (without it), files that it runs or reads (`linked`), files that run, source or read this one, `pip install -r` among them (`callers`), other files that are sourced in the same shell (`session`), or all that are checked together (`reach`); of several files one that has the fact is enough",
        ),
        may(
            "where",
            Kind::Where("fact"),
            "conditions that all hold of the other fact; fields in braces are those of the fact that is judged",
        ),
        may("either", Kind::List(&Kind::Where("fact")), "a list of conditions, one of which holds of it"),
        may("unless", Kind::List(&Kind::Where("fact")), "a list of conditions, none of which holds of it"),
        may("label", Kind::Template, "what a label on it says"),
    ],
);

pub(in super::super) static LABEL: Keys =
    Keys::of("label", &[need("at", Kind::Field, "where"), need("message", Kind::Template, "what it says")]);

const WHERE: Key = may("where", Kind::Where(""), "offered only when these conditions hold");
const EITHER: Key =
    may("either", Kind::List(&Kind::Where("")), "a list of conditions, one of which holds where it is offered");
const UNLESS: Key =
    may("unless", Kind::List(&Kind::Where("")), "a list of conditions, none of which holds where it is offered");
const WITH: Key = may("with", OTHERS, "facts that must be there, for certain, where it is offered");
const WITHOUT: Key = may("without", OTHERS, "facts that must not be found where it is offered");
const UNLESS_TEXT: Key = may(
    "unless-text",
    Kind::List(&Kind::Template),
    "regular expressions, in which `{field}` stands for its text, which must stand there (and `{{` for `{`), none of which is found where it is offered: not in the file outside of the statement and of what the fix changes, be it code or comment",
);
const UNSAFE_IF: Key = may("unsafe-if", Kind::List(&Kind::Where("")), "a list of conditions; unsafe when one holds");
const SHOWN_IF: Key = may("shown-if", Kind::List(&Kind::Where("")), "a list of conditions; only shown when one holds");
const UNSAFE_IF_WITH: Key = may("unsafe-if-with", OTHERS, "other facts; unsafe when one is found");
const ANY_MACHINE: Key = may(
    "any-machine",
    Kind::Flag,
    "`true`: it is right wherever the file is used. Without it a fix is only shown in a file that is made for another machine (`file.made-for`; a fix that asks for that decides itself) or another cluster, and in a start-up file, conda's settings or a script of which nothing says that it is used on one",
);

const OF_SITE: Key = may(
    "of-site",
    Kind::Flag,
    "`true`: it is right at this site and perhaps at no other, such as the name of a module; so is, unless `false` stands here, what writes a value of the site (`{$name}`). It is only shown in a file that nothing in or beside it says to be for the site, unless it lies in its place at home or the machine is one of the site's",
);

pub(in super::super) static EACH_FIX: Keys = Keys::of(
    "each-fix",
    &[WHERE, EITHER, UNLESS, WITH, WITHOUT, UNLESS_TEXT, UNSAFE_IF, SHOWN_IF, UNSAFE_IF_WITH, ANY_MACHINE, OF_SITE],
);

/// One, or several of which the first that can be offered counts.
const FIXES: Kind = Kind::OneOf(&[Kind::Table(&FIX), Kind::List(&Kind::Table(&FIX))]);

pub(in super::super) static FIX: Keys = Keys::of(
    "fix",
    &[
        need("title", Kind::Template, "what it does, as an order; a template"),
        need(
            "applicability",
            Kind::Word(|| names(APPLICABILITIES)),
            "`safe`: same meaning, or undoes only what policy forbids; `unsafe`: may change behaviour; `display`: only shown. A fix that writes a word to fill in (`/project/PI_NAME`, `<name>`), its own or that of a site's value, is only shown, whatever stands here",
        ),
        WHERE,
        EITHER,
        UNLESS,
        WITH,
        WITHOUT,
        UNLESS_TEXT,
        UNSAFE_IF,
        SHOWN_IF,
        UNSAFE_IF_WITH,
        ANY_MACHINE,
        OF_SITE,
        need("edits", Kind::List(&Kind::Variants(EDITS)), "what it changes, all or nothing"),
    ],
);

const BEFORE: Key = may("before", Kind::Field, "before this field, or before its line");
const AFTER: Key = may("after", Kind::Field, "after this field, or after its line");
const TOP: Key = may("at", Kind::Word(|| vec!["top"]), "`top`: below shebang and directives");
const BEFORE_LINE: Key = may(
    "before",
    Kind::Field,
    "before the line of this field; `first-command`: below the last directive above the first command, else above that command and its comments",
);

const EVERYWHERE: Key =
    may("everywhere", Kind::Flag, "`true`: the same change wherever the file writes that path, comments apart");

/// The actions of a fix, each named by its first key.
pub(in super::super) static EDITS: &[&Keys] = &[
    &Keys::of("delete", &[need("delete", Kind::Field, "removes it, and the line that is left empty")]),
    &Keys::of(
        "replace",
        &[
            need("replace", Kind::Field, "puts a text in its place"),
            need("with", Kind::Template, "the text"),
            EVERYWHERE,
        ],
    ),
    &Keys::of(
        "uses",
        &[
            need(
                "uses",
                Kind::Field,
                "puts a text where other commands of the file name the same thing, or the same path with more behind it",
            ),
            need("with", Kind::Template, "the text"),
        ],
    ),
    &Keys {
        name: "insert",
        keys: &[need("insert", Kind::Template, "puts text into the line"), BEFORE, AFTER, EVERYWHERE],
        one_of: &["before", "after"],
    },
    &Keys {
        name: "insert-line",
        keys: &[need("insert-line", Kind::Template, "puts lines of their own"), BEFORE_LINE, AFTER, TOP],
        one_of: &["before", "after", "at"],
    },
    &Keys::of(
        "add-option",
        &[need(
            "add-option",
            Kind::Template,
            "puts an option behind the sub-command; where there is none, behind the program (`virtualenv --no-download …`, `python -m virtualenv --no-download …`)",
        )],
    ),
    &Keys {
        name: "move",
        keys: &[need("move", Kind::Field, "moves its lines"), BEFORE_LINE, AFTER, TOP],
        one_of: &["before", "after", "at"],
    },
    &Keys::of(
        "wrap",
        &[
            need("wrap", Kind::Field, "puts its lines into a shell function, to be called on demand"),
            need("function", Kind::Template, "the name of the function"),
            may(
                "together",
                Kind::Template,
                "its name where statements beside it that the clause finds as well are put into it too",
            ),
        ],
    ),
    &Keys::of("import", &[need("import", Kind::Text, "imports a Python module, unless the file does")]),
    &Keys::of("uncomment", &[need("uncomment", Kind::Field, "takes the comment mark off")]),
    &Keys::of("line-ends", &[need("line-ends", Kind::Word(|| vec!["lf"]), "ends all lines with LF")]),
    &Keys::of(
        "chmod",
        &[need(
            "chmod",
            Kind::Word(|| vec!["go-w", "go-rwx"]),
            "takes rights to the file from group and others; stands alone, for clauses on `init-file` and `setting`",
        )],
    ),
];
