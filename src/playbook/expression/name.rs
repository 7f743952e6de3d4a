//! The names an expression may use, and what they stand for.

use std::fmt;

use smol_str::SmolStr;

use crate::id::{RoleId, StepId, VarId};

/// Something an expression asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// A bare name: an input, a form answer, a saved or computed value, the item of a for-each.
    Variable(VarId),
    /// `level`: the incident's level now.
    Level,
    /// `phase`: the name of the current phase.
    Phase,
    /// `steps.<id>.<fact>`: never unknown.
    Step(StepId, StepFact),
    /// `roles.<id>.<fact>`: never unknown; nothing while the role is vacant.
    Role(RoleId, RoleFact),
    /// `measures.<name>`: a measured number.
    Measure(VarId),
    /// `incident.<fact>`.
    Incident(IncidentFact),
    /// `alert.<path>`: the alert that is attached, as it was received.
    Alert(Vec<SmolStr>),
    /// `surge.<fact>`: the surge that is attached.
    Surge(SurgeFact),
    /// `role.<fact>`, `step.<fact>`, `person.<fact>`: whom and what a message is about. Messages
    /// only.
    Here(HereFact),
}

/// Writes a closed set of words as an enum with its spelling.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the word as written in a plan.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// A fact about a step that does not depend on its form.
    StepWord {
        /// Its state now is `waiting`.
        Waiting = "waiting",
        /// Its state now is `ready`.
        Ready = "ready",
        /// Its state now is `active`.
        Active = "active",
        /// Someone began, or it ran by itself, in this visit of its phase.
        Started = "started",
        /// Its state is `done`; of a repeating step, one iteration was.
        Done = "done",
        /// Its state is `failed`.
        Failed = "failed",
        /// Its state is `skipped`.
        Skipped = "skipped",
        /// Its state is `cancelled`.
        Cancelled = "cancelled",
        /// It has come to any end.
        Settled = "settled",
        /// A deadline of it has passed and nobody has finished it.
        Overdue = "overdue",
        /// The name of its state.
        State = "state",
        /// Why it failed, was skipped or cancelled; nothing otherwise.
        Cause = "cause",
        /// What was chosen; nothing before.
        Answer = "answer",
        /// Who holds it; nothing where nobody does.
        Holder = "holder",
    }
}

/// A fact about a step.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StepFact {
    /// One of the words every step has.
    Word(StepWord),
    /// An answer of its form or a value it saved; nothing before.
    Field(VarId),
}

words! {
    /// A fact about a role.
    RoleFact {
        /// The person who holds it; nothing while vacant.
        Holder = "holder",
        /// Whether the holder has acknowledged.
        Acknowledged = "acknowledged",
        /// Whether it is needed.
        Engaged = "engaged",
    }
}

words! {
    /// A fact about the incident.
    IncidentFact {
        /// Its identity.
        Id = "id",
        /// The number people call it by.
        Number = "number",
        /// Its title.
        Title = "title",
        /// The playbook's slug.
        Playbook = "playbook",
        /// `live`, `drill` or `simulation`.
        Mode = "mode",
        /// `open`, `paused`, `closed` or `cancelled`.
        Status = "status",
        /// Its level; as `level`.
        Level = "level",
        /// Its phase; as `phase`.
        Phase = "phase",
        /// When the trouble was noticed.
        DetectedAt = "detected_at",
        /// When the organisation knew.
        AwareAt = "aware_at",
        /// When it was declared.
        DeclaredAt = "declared_at",
        /// Where it can be seen.
        Url = "url",
        /// Where people meet.
        Bridge = "bridge",
    }
}

words! {
    /// A fact about the surge that is attached, as its monitor reported it last.
    SurgeFact {
        /// The monitor that found it.
        Monitor = "monitor",
        /// How many times what is usual.
        Ratio = "ratio",
        /// The greatest ratio so far.
        Peak = "peak",
        /// How many there are in the window.
        Count = "count",
        /// How many are usual.
        Baseline = "baseline",
        /// How many minutes are looked at.
        Window = "window",
        /// The level that the monitor's configuration gives it.
        Level = "level",
        /// The group that brings most.
        Top = "top",
        /// The groups that bring most, with their numbers.
        Groups = "groups",
        /// Tickets that tell of it.
        Tickets = "tickets",
    }
}

/// A fact about whom and what a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HereFact {
    /// `role.id`: the role that is being filled or acts.
    RoleId,
    /// `role.title`: what people call it.
    RoleTitle,
    /// `step.id`: the step the message is about.
    StepId,
    /// `step.title`: what people call it.
    StepTitle,
    /// `step.due_at`: when it must be finished.
    StepDueAt,
    /// `person.id`: who reads the message.
    PersonId,
    /// `person.name`: what people call the reader.
    PersonName,
}

impl HereFact {
    const TABLE: [(&'static str, &'static str, Self); 7] = [
        ("role", "id", Self::RoleId),
        ("role", "title", Self::RoleTitle),
        ("step", "id", Self::StepId),
        ("step", "title", Self::StepTitle),
        ("step", "due_at", Self::StepDueAt),
        ("person", "id", Self::PersonId),
        ("person", "name", Self::PersonName),
    ];

    fn parts(self) -> (&'static str, &'static str) {
        let row = Self::TABLE.iter().find(|(_, _, fact)| *fact == self);
        row.map_or(("", ""), |(root, fact, _)| (root, fact))
    }
}

/// Names with a meaning of their own: no input, form field or saved value may take one.
pub const RESERVED: &[&str] = &[
    "level", "phase", "steps", "roles", "measures", "incident", "alert", "surge", "role", "step",
    "person", "loop", "self", "true", "false", "none", "True", "False", "None", "and", "or", "not",
    "in", "is", "if", "else",
];

/// Tells whether a bare name has a meaning of its own.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name)
}

/// Why a dotted path is no [`Name`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameError {
    /// The path stops too early; the form it should have.
    Incomplete {
        /// What was written.
        path: String,
        /// The form that would be complete.
        form: &'static str,
    },
    /// The last word is none of those that exist.
    NoSuchFact {
        /// What was written.
        path: String,
        /// The words that exist.
        known: Vec<&'static str>,
    },
}

impl Name {
    /// Reads a dotted path as the expression language writes it.
    ///
    /// # Errors
    /// A path below a built-in name that leads nowhere.
    pub fn parse(path: &str) -> Result<Self, NameError> {
        let mut words = path.split('.');
        let root = words.next().unwrap_or_default();
        let rest: Vec<&str> = words.collect();
        let incomplete = |form| NameError::Incomplete { path: path.to_owned(), form };
        let unknown = |known| NameError::NoSuchFact { path: path.to_owned(), known };
        let owned = || rest.iter().map(SmolStr::new).collect();
        match (root, rest.as_slice()) {
            ("level", _) => Ok(Self::Level),
            ("phase", _) => Ok(Self::Phase),
            ("steps", [id, fact, ..]) => Ok(Self::Step(StepId::new(id), StepFact::parse(fact))),
            ("steps", _) => Err(incomplete("steps.<id>.<state>")),
            ("roles", [id, fact, ..]) => match RoleFact::parse(fact) {
                Some(fact) => Ok(Self::Role(RoleId::new(id), fact)),
                None => Err(unknown(RoleFact::ALL.iter().map(|f| f.as_str()).collect())),
            },
            ("roles", _) => Err(incomplete("roles.<id>.holder")),
            ("measures", [name, ..]) => Ok(Self::Measure(VarId::new(name))),
            ("measures", _) => Err(incomplete("measures.<name>")),
            ("incident", [fact, ..]) => match IncidentFact::parse(fact) {
                Some(fact) => Ok(Self::Incident(fact)),
                None => Err(unknown(IncidentFact::ALL.iter().map(|f| f.as_str()).collect())),
            },
            ("incident", _) => Err(incomplete("incident.<fact>")),
            ("alert", _) => Ok(Self::Alert(owned())),
            ("surge", [fact, ..]) => match SurgeFact::parse(fact) {
                Some(fact) => Ok(Self::Surge(fact)),
                None => Err(unknown(SurgeFact::ALL.iter().map(|f| f.as_str()).collect())),
            },
            ("surge", _) => Err(incomplete("surge.<fact>")),
            ("role" | "step" | "person", [fact, ..]) => {
                let found = HereFact::TABLE.iter().find(|(r, f, _)| *r == root && f == fact);
                found.map(|(_, _, fact)| Self::Here(*fact)).ok_or_else(|| {
                    let of_root = HereFact::TABLE.iter().filter(|(r, _, _)| *r == root);
                    unknown(of_root.map(|(_, f, _)| *f).collect())
                })
            }
            ("role", _) => Err(incomplete("role.title")),
            ("step", _) => Err(incomplete("step.title")),
            ("person", _) => Err(incomplete("person.name")),
            _ => Ok(Self::Variable(VarId::new(root))),
        }
    }

    /// Returns the path of words that leads to the name in an expression.
    pub(in crate::playbook) fn path(&self) -> Vec<SmolStr> {
        let words = |words: &[&str]| words.iter().map(SmolStr::new).collect();
        let below = |root: &str, rest: &[SmolStr]| {
            std::iter::once(SmolStr::new(root)).chain(rest.iter().cloned()).collect()
        };
        match self {
            Self::Variable(id) => words(&[id.as_str()]),
            Self::Level => words(&["level"]),
            Self::Phase => words(&["phase"]),
            Self::Step(id, fact) => words(&["steps", id.as_str(), fact.as_str()]),
            Self::Role(id, fact) => words(&["roles", id.as_str(), fact.as_str()]),
            Self::Measure(id) => words(&["measures", id.as_str()]),
            Self::Incident(fact) => words(&["incident", fact.as_str()]),
            Self::Alert(path) => below("alert", path),
            Self::Surge(fact) => words(&["surge", fact.as_str()]),
            Self::Here(fact) => {
                let (root, fact) = fact.parts();
                words(&[root, fact])
            }
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path().join("."))
    }
}

impl StepFact {
    fn parse(word: &str) -> Self {
        StepWord::parse(word).map_or_else(|| Self::Field(VarId::new(word)), Self::Word)
    }

    /// Returns the word as written in a plan.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Word(word) => word.as_str(),
            Self::Field(id) => id.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_from_its_path() {
        let paths = [
            "users_affected",
            "客户",
            "level",
            "phase",
            "steps.locate.done",
            "steps.stable.answer",
            "steps.confirm.users_affected",
            "roles.commander.holder",
            "measures.customer_satisfaction",
            "incident.title",
            "alert.annotations.users",
            "surge.ratio",
            "role.title",
            "step.due_at",
            "person.name",
        ];
        for path in paths {
            let name = Name::parse(path).unwrap_or_else(|e| panic!("{path}: {e:?}"));
            assert_eq!(name.to_string(), path);
        }
        for fact in SurgeFact::ALL {
            let path = format!("surge.{}", fact.as_str());
            assert_eq!(Name::parse(&path), Ok(Name::Surge(*fact)));
        }
        for fact in IncidentFact::ALL {
            let path = format!("incident.{}", fact.as_str());
            assert_eq!(Name::parse(&path), Ok(Name::Incident(*fact)));
        }
    }

    #[test]
    fn a_path_that_leads_nowhere_is_refused_with_the_way() {
        let form = |path: &str| match Name::parse(path) {
            Err(NameError::Incomplete { form, .. }) => form,
            other => panic!("{path}: {other:?}"),
        };
        assert_eq!(form("steps"), "steps.<id>.<state>");
        assert_eq!(form("steps.locate"), "steps.<id>.<state>");
        assert_eq!(form("role"), "role.title");
        let known = match Name::parse("incident.tilte") {
            Err(NameError::NoSuchFact { known, .. }) => known,
            other => panic!("{other:?}"),
        };
        assert!(known.contains(&"title"));
        assert!(Name::parse("roles.commander.phone").is_err());
    }
}
