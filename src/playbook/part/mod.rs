//! Parts of plans that lie in files of their own, so that several plans share them. Owns which
//! kinds there are, what a plan that uses them is identified by, and how steps are taken over. It
//! must not know where the files come from.

mod bundle;
mod check;
mod code;
mod expand;
mod name;
mod shelf;

pub use bundle::{BUNDLE_BYTES_MAX, Bundle};
pub use check::check;
pub use code::{NO_SUCH_PART, USE_CYCLE};
pub use name::{PartKind, PartName};
pub use shelf::{Part, Shelf};

pub(in crate::playbook) use expand::expand;
