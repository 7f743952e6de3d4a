//! E-mail: what a message looks like ([`compose`]), sent over SMTP ([`Smtp`]) or written as a file
//! ([`Eml`]). It must not know why the message is sent.

mod compose;
mod eml;
mod html;
mod smtp;

pub use eml::{Eml, EmlSettings};
pub use smtp::{Credentials, Security, Smtp, SmtpSettings};
