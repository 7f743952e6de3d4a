//! Conditions and computed values: small expressions over an incident's facts, with three truth
//! values. It must not know how facts are kept; a [`Scope`] answers for each [`Name`].

mod compile;
mod condition;
mod context;
mod error;
mod name;
mod reason;
mod sandbox;
mod scan;
mod scope;

pub use compile::Expression;
pub use condition::{Condition, Truth, Verdict};
pub use error::{CompileError, Unsure};
pub use name::{
    HereFact, IncidentFact, Name, NameError, RESERVED, RoleFact, StepFact, StepWord, SurgeFact,
    is_reserved,
};
pub use sandbox::{FILTERS, NESTING_MAX, SOURCE_BYTES_MAX, TESTS};
pub use scope::{Fact, Scope};

pub(in crate::playbook) use compile::{plain, syntax, undeclared};
pub(in crate::playbook) use context::{Context, Shape};
pub(in crate::playbook) use reason::chinese;
pub(in crate::playbook) use sandbox::{environment_of, messages, unknown};
pub(in crate::playbook) use scan::{scan, string_length};
