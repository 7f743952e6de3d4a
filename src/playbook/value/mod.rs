//! Values of variables and the one grammar of their types, shared by inputs, forms and what steps
//! save. It must not know where a value comes from.

mod datum;
mod field;
mod problem;
mod read;

pub use datum::Value;
pub use field::{Bounds, Field, FieldType, LIST_ITEMS_MAX, STRING_CHARS_MAX, TEXT_CHARS_MAX};
pub use problem::{Problem, ProblemKind};
