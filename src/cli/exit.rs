//! Exit codes: a contract with scripts.

use std::io;
use std::process::ExitCode;

use crate::text::{Lang, system};

/// How a verb ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// It did what was asked.
    Ok = 0,
    /// Findings, or it failed.
    Failure = 1,
    /// The command line is wrong.
    Usage = 2,
    /// There is no such thing.
    NotFound = 3,
    /// The state does not allow it, or another was first.
    Conflict = 4,
    /// The server or the store cannot be reached or is busy.
    Unavailable = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// Tells how a script should see an HTTP status.
    #[must_use]
    pub const fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Ok,
            404 | 410 => Self::NotFound,
            409 | 412 | 422 => Self::Conflict,
            429 | 502..=504 => Self::Unavailable,
            _ => Self::Failure,
        }
    }
}

/// Why a verb stopped: what to print, and how to exit.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Stop {
    /// How to exit.
    pub exit: Exit,
    /// What to say on standard error; empty where everything was said.
    pub message: String,
    /// What the operating system refused, said where nothing else is.
    refused: Option<io::Error>,
}

impl Stop {
    /// Stops with a sentence.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), refused: None }
    }

    /// Says why, in the reader's language; empty where everything was said.
    #[must_use]
    pub fn said(&self, lang: Lang) -> String {
        match &self.refused {
            Some(refused) => system::why(refused, lang),
            None => self.message.clone(),
        }
    }

    /// Stops after everything was said.
    #[must_use]
    pub const fn silent(exit: Exit) -> Self {
        Self { exit, message: String::new(), refused: None }
    }
}

impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Exit::Failure, format!("{error:#}"))
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self { exit: Exit::Failure, message: String::new(), refused: Some(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_refuses_is_said_in_the_reader_s_language() {
        let stop: Stop = std::fs::read("/no/such/file").unwrap_err().into();
        assert_eq!(stop.said(Lang::Zh), "没有此文件或文件夹");
        assert!(stop.said(Lang::En).starts_with("No such file"));
        assert_eq!(Stop::silent(Exit::Failure).said(Lang::Zh), "");
    }

    #[test]
    fn statuses_map_to_the_documented_codes() {
        let codes = [200, 401, 404, 409, 412, 422, 503, 500].map(|s| Exit::of_status(s) as u8);
        assert_eq!(codes, [0, 1, 3, 4, 4, 4, 5, 1]);
    }
}
