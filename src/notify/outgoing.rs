//! A message that may leave: its words, its address and the leave that the gate gave it.

use jiff::Timestamp;

use super::gate::Pass;
use super::message::Rendered;
use super::route::Destination;
use crate::text::Lang;

/// A message with its address and its leave to go, ready for one attempt.
///
/// It can only be made with a [`Pass`], and its words only be read with what the pass demands: a
/// channel cannot forget to mark a drill.
#[derive(Debug)]
pub struct Outgoing {
    pass: Pass,
    to: Destination,
    rendered: Rendered,
    at: Timestamp,
}

impl Outgoing {
    /// Makes a message ready; `at` is the instant of the attempt.
    #[must_use]
    pub const fn new(pass: Pass, to: Destination, rendered: Rendered, at: Timestamp) -> Self {
        Self { pass, to, rendered, at }
    }

    /// Returns the address in the channel's own form.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.to.address
    }

    /// Returns whom a message to a shared place is meant for, as that place knows them; `None` where
    /// it goes to everyone there.
    #[must_use]
    pub fn mention(&self) -> Option<&str> {
        (!self.to.shared && !self.to.address.is_empty()).then_some(self.to.address.as_str())
    }

    /// Returns the same message with other words: what leaves in its place with its leave.
    #[must_use]
    pub fn saying(self, rendered: Rendered) -> Self {
        Self { rendered, ..self }
    }

    /// Tells whether someone is asked to act, by the stable name of what it is for.
    #[must_use]
    pub fn asks_to_act(&self) -> bool {
        matches!(
            self.rendered.purpose.as_str(),
            "role_page" | "step_ready" | "step_overdue" | "escalation" | "clock"
        )
    }

    /// Returns the instant of the attempt.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Tells whether it is part of a drill.
    #[must_use]
    pub const fn is_drill(&self) -> bool {
        self.pass.is_drill()
    }

    /// Returns the facts about the message: ids, level, links. For its words use the methods here.
    #[must_use]
    pub const fn facts(&self) -> &Rendered {
        &self.rendered
    }

    /// Returns the language it is written in.
    #[must_use]
    pub const fn lang(&self) -> Lang {
        self.rendered.lang
    }

    /// Returns the subject line, marked where it must be.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("{}{}", self.prefix(), self.rendered.subject)
    }

    /// Returns the line that says what is wanted, marked where it must be; may be empty.
    #[must_use]
    pub fn headline(&self) -> String {
        match self.rendered.headline.as_str() {
            "" => String::new(),
            line => format!("{}{line}", self.prefix()),
        }
    }

    /// Returns the text, marked where it must be.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}{}", self.prefix(), self.rendered.text)
    }

    /// Returns the headline and the text for a channel that shows them together: the first that is
    /// not empty is marked where it must be.
    #[must_use]
    pub fn paragraphs(&self) -> (Option<String>, String) {
        match self.rendered.headline.as_str() {
            "" => (None, self.text()),
            _ => (Some(self.headline()), self.rendered.text.clone()),
        }
    }

    /// Returns a part of what it says, marked where it must be and is not yet.
    #[must_use]
    pub fn marked(&self, part: &str) -> String {
        let prefix = if part.starts_with(self.prefix()) { "" } else { self.prefix() };
        format!("{prefix}{part}")
    }

    fn prefix(&self) -> &'static str {
        self.pass.prefix(self.rendered.lang)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::page;

    fn outgoing(lang: Lang, drill: bool) -> Outgoing {
        let to = Destination { address: "li@shop.example".into(), shared: false };
        Outgoing::new(Pass::for_test(drill), to, page(lang), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn every_line_of_a_drill_that_people_see_first_is_marked() {
        for (lang, prefix) in [(Lang::Zh, "【演练】"), (Lang::En, "[DRILL] ")] {
            let drill = outgoing(lang, true);
            for line in [drill.subject(), drill.headline(), drill.text()] {
                assert!(line.starts_with(prefix), "{line}");
            }
            let (headline, text) = drill.paragraphs();
            assert!(headline.unwrap().starts_with(prefix) && !text.starts_with(prefix));
            let mut plain = outgoing(lang, true);
            plain.rendered.headline.clear();
            let (headline, text) = plain.paragraphs();
            assert!(headline.is_none() && text.starts_with(prefix), "{text}");
            let live = outgoing(lang, false);
            for line in [live.subject(), live.headline(), live.text()] {
                assert!(!line.contains(prefix.trim()), "{line}");
            }
        }
    }
}
