//! How bad a finding is, and how far its fix can be trusted: the words that rules, sites, configuration and
//! findings share.

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Advice.
    Hint,
    /// The site's policy forbids it, or it gives wrong results.
    Warning,
    /// The scheduler refuses it, it breaks logins, or it harms other users.
    Error,
}

impl Severity {
    /// The name that files and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hint => "hint",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// One step milder; a hint stays one.
    #[must_use]
    pub const fn milder(self) -> Self {
        match self {
            Self::Error => Self::Warning,
            Self::Warning | Self::Hint => Self::Hint,
        }
    }
}

/// How far a fix can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Applicability {
    /// Shown, never applied.
    Display,
    /// May change behaviour: applied only when asked for.
    Unsafe,
    /// Same meaning, or undoes only what the policy forbids.
    Safe,
}

impl Applicability {
    /// The name that files and reports use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Display => "display",
            Self::Unsafe => "unsafe",
            Self::Safe => "safe",
        }
    }
}

/// The names of severities in files, `off` apart.
pub(super) const SEVERITIES: &[(&str, Severity)] =
    &[("error", Severity::Error), ("warning", Severity::Warning), ("hint", Severity::Hint)];

/// The same with `off`, which is `None`.
pub(super) const LEVELS: &[(&str, Option<Severity>)] = &[
    ("error", Some(Severity::Error)),
    ("warning", Some(Severity::Warning)),
    ("hint", Some(Severity::Hint)),
    ("off", None),
];

/// The names of applicabilities in files.
pub(super) const APPLICABILITIES: &[(&str, Applicability)] =
    &[("safe", Applicability::Safe), ("unsafe", Applicability::Unsafe), ("display", Applicability::Display)];
