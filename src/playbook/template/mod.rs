//! Texts with places to fill in: messages, addresses, request bodies. What is unknown prints as
//! 未知 or unknown and never stops a message. It must not know channels; escaping for HTML is
//! theirs.

mod json;
mod text;

pub use json::JsonTemplate;
pub use text::{RENDERED_BYTES_MAX, Template};
