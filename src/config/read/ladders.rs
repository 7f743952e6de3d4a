//! Escalation ladders.

use jiff::SignedDuration;

use crate::config::code::WRONG_ROSTER;
use crate::id::LadderId;
use crate::people::{Ladder, Pick, Rung, Target, Terms, limits};
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
        let mut ladder = Ladder {
            id: LadderId::new(&entry.key.text),
            rungs: Vec::new(),
            repeat: 0,
            finally: Vec::new(),
        };
        let what = Text::both("升级阶梯", "a ladder");
        let Some(mut fields) = Fields::open(&entry.value, what, self.out) else { return ladder };
        let repeat = fields.integer("repeat", 0, i64::from(limits::MAX_REPEAT), self.out);
        ladder.repeat = repeat.and_then(|n| u8::try_from(n).ok()).unwrap_or(0);
        let rungs = fields.require("rungs", self.out).and_then(|node| node.list(self.out));
        ladder.rungs = rungs.unwrap_or_default().iter().map(|node| self.rung(node)).collect();
        let finally = fields.take("finally").map(|node| self.targets(node));
        ladder.finally = finally.unwrap_or_default();
        fields.close(self.out);
        ladder
    }

    fn rung(&mut self, node: &Node) -> Rung {
        let mut rung =
            Rung { after: SignedDuration::ZERO, targets: Vec::new(), terms: Terms::default() };
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
            rung.targets = self.targets(to);
        }
        rung.terms = self.terms(&mut fields);
        fields.close(self.out);
        rung
    }

    fn targets(&mut self, node: &Node) -> Vec<Target> {
        let one = std::slice::from_ref(node);
        let items = node.as_list().unwrap_or(one);
        items.iter().map(|node| self.target(node)).collect()
    }

    /// Reads what else is asked of a rung: `pick`, `acknowledge`, `when`.
    fn terms(&mut self, fields: &mut Fields<'_>) -> Terms {
        let picks = [("everyone", Pick::Everyone), ("next", Pick::Next)];
        let pick = fields.take("pick").and_then(|node| node.one_of(&picks, self.out));
        let pick = pick.unwrap_or_default();
        let many = fields.take_entry("acknowledge");
        let most = i64::from(limits::MAX_ACKNOWLEDGE);
        let read = many.and_then(|entry| entry.value.integer(1, most, self.out));
        let acknowledge = read.and_then(|n| u8::try_from(n).ok()).unwrap_or(1);
        if let (Some(entry), Pick::Next, 2..) = (many, pick, acknowledge) {
            let message = both!(
                "`pick: next` 只通知一人，{acknowledge} 人确认无法满足",
                "`pick: next` tells one person: {acknowledge} can never answer"
            );
            self.out.push(Diagnostic::new(WRONG_ROSTER, message).at(entry.value.span));
        }
        let when = fields.take("when").and_then(|node| {
            let what = Text::both("生效时段", "the hours of a rung");
            let mut fields = Fields::open(node, what, self.out)?;
            let hours = self.hours(&mut fields, node.span);
            fields.close(self.out);
            hours
        });
        Terms { pick, acknowledge, when }
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
