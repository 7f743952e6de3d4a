//! Who is asking and what they may do and see. Deny by default: a route is reached only through
//! the guard of its scope, unless the router lists it as open.

pub mod access;
mod guard;
mod principal;
mod token;
mod tokens;

pub use guard::{Guard, guard, too_low};
pub use principal::{ON_BEHALF_OF, Principal};
pub use token::{Grant, Owner, Record, Secret, Standing};
pub use tokens::{Held, TOKENS_MAX, TokenError, Tokens};
