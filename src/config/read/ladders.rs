//! Escalation ladders.

use jiff::SignedDuration;

use crate::id::LadderId;
use crate::people::{Ladder, Rung, Target, limits};
use crate::playbook::diagnostic::{Diagnostic, both};
use crate::playbook::yaml::{BAD_VALUE, Entry, Fields, Node};
use crate::text::Text;

use super::Reader;

const HOUR: u64 = 3_600;

impl Reader<'_, '_> {
    pub(super) fn ladders(&mut self, entries: Vec<&Entry>) -> Vec<Ladder> {
        entries.into_iter().map(|entry| self.ladder(entry)).collect()
    }

    fn ladder(&mut self, entry: &Entry) -> Ladder {
        self.check_id(&entry.key);
        let mut ladder =
            Ladder { id: LadderId::new(&entry.key.text), rungs: Vec::new(), repeat: 0 };
        let what = Text::both("升级阶梯", "a ladder");
        let Some(mut fields) = Fields::open(&entry.value, what, self.out) else { return ladder };
        let repeat = fields.integer("repeat", 0, i64::from(limits::MAX_REPEAT), self.out);
        ladder.repeat = repeat.and_then(|n| u8::try_from(n).ok()).unwrap_or(0);
        let rungs = fields.require("rungs", self.out).and_then(|node| node.list(self.out));
        ladder.rungs = rungs.unwrap_or_default().iter().map(|node| self.rung(node)).collect();
        fields.close(self.out);
        ladder
    }

    fn rung(&mut self, node: &Node) -> Rung {
        let mut rung = Rung { after: SignedDuration::ZERO, targets: Vec::new() };
        let what = Text::both("阶梯的一级", "a rung");
        let Some(mut fields) = Fields::open(node, what, self.out) else { return rung };
        let longest = limits::MAX_RUNG_HOURS.unsigned_abs() * HOUR;
        let most = std::time::Duration::from_secs(longest);
        let after = fields.require("after", self.out);
        if let Some(after) =
            after.and_then(|node| self.duration(node, std::time::Duration::ZERO, most))
        {
            rung.after = SignedDuration::try_from(after).unwrap_or(SignedDuration::ZERO);
        }
        if let Some(to) = fields.require("to", self.out) {
            let one = std::slice::from_ref(to);
            let items = to.as_list().unwrap_or(one);
            rung.targets = items.iter().map(|node| self.target(node)).collect();
        }
        fields.close(self.out);
        rung
    }

    /// Reads a target, written like `role/commander`.
    fn target(&mut self, node: &Node) -> Target {
        // What cannot be read stands in as a person without a name, which nobody checks again.
        let unread = Target::Person("".into());
        let Some(text) = node.string(self.out) else { return unread };
        match text.split_once('/') {
            Some(("schedule", id)) => Target::Schedule(id.into()),
            Some(("team", id)) => Target::Team(id.into()),
            Some(("person", id)) => Target::Person(id.into()),
            Some(("role", id)) if !id.is_empty() => Target::Role(id.into()),
            Some(("channel", id)) => Target::Channel(id.into()),
            _ => {
                let finding = Diagnostic::new(
                    BAD_VALUE,
                    both!("`{text}` 不是通知对象", "`{text}` names nobody to tell"),
                );
                self.out.push(finding.at(node.span).help(both!(
                    "写 `role/…`、`schedule/…`、`team/…`、`person/…` 或 `channel/…`",
                    "write `role/…`, `schedule/…`, `team/…`, `person/…` or `channel/…`"
                )));
                unread
            }
        }
    }
}
