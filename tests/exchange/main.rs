//! Plans to others and back: what leaves is what the standard allows, what comes back means the
//! same, and what is broken is refused for its reason.

mod cacao_in;
mod cacao_out;
mod command_line;
mod corpus;
mod runbook;
