//! Command of the incident as a whole, by anyone.

use firebell::engine::{Actor, AlertNote, Command, RoleAct};
use serde_json::{Map, json};

use super::{Driver, Verdict};
use crate::engine::Check;
use crate::reference::Status;
use crate::spec::On;

impl Driver<'_, '_> {
    /// A person asks; the language's verdict, where it has one, must be the engine's.
    pub fn tell(&mut self, who: &str, command: Command, verdict: Verdict) -> Check<bool> {
        let shown = format!("{who}: {command:?}");
        let answer = self.engine.ask(command, |ctx| ctx.actor = Actor::person(who))?;
        match (verdict, &answer) {
            (Some(true), Err(no)) => Err(self.engine.wrong(format!("{shown} is refused: {no}"))),
            (Some(false), Ok(_)) => Err(self.engine.wrong(format!("{shown} is granted"))),
            _ => Ok(answer.is_ok()),
        }
    }

    pub fn open(&self) -> bool {
        matches!(self.model.status, Status::Open | Status::Paused)
    }

    pub fn set_inputs(&mut self, who: &str, on: u8, how: u8) -> Check {
        let number = i64::from(how % 6);
        let (name, value) = match on % 4 {
            0 | 1 => ("users", json!(number)),
            2 => ("channels", json!(number)),
            _ => ("over", json!(how.is_multiple_of(2))),
        };
        let values = Map::from_iter([(name.to_owned(), value)]);
        let open = self.open();
        if self.tell(who, Command::SetInputs { values }, Some(open))? {
            match on % 4 {
                0 | 1 => self.model.users = Some(number),
                2 => self.model.channels = Some(number),
                _ => self.model.over = Some(how.is_multiple_of(2)),
            }
            self.model.follow();
        }
        Ok(())
    }

    pub fn set_level(&mut self, who: &str, how: u8) -> Check {
        let level = how % 6;
        let fits = (1..=4).contains(&level) && self.open();
        let command = Command::SetLevel { level, reason: "I see more".to_owned() };
        if self.tell(who, command, Some(fits))? {
            self.model.set_level(level);
        }
        Ok(())
    }

    pub fn move_phase(&mut self, who: &str, on: u8) -> Check {
        let to = usize::from(on) % self.spec.phases.len();
        let to_id = format!("p{to}").as_str().into();
        let command = Command::MovePhase { to: to_id, reason: "it is time".to_owned() };
        let elsewhere = to != self.model.phase && self.open();
        if self.tell(who, command, Some(elsewhere))? {
            self.model.enter(to);
            self.model.follow();
        }
        Ok(())
    }

    pub fn pause_or_resume(&mut self, who: &str) -> Check {
        if self.model.status == Status::Paused {
            self.tell(who, Command::Resume, Some(true))?;
            self.model.resume();
            return Ok(());
        }
        let verdict = self.model.status == Status::Open;
        let command = Command::Pause { reason: "waiting".to_owned() };
        if self.tell(who, command, Some(verdict))? {
            self.model.status = Status::Paused;
            self.model.paused_at = Some(self.model.now);
        }
        Ok(())
    }

    pub fn end_or_reopen(&mut self, who: &str, on: u8, how: u8) -> Check {
        if !self.open() {
            let phase = usize::from(on) % self.spec.phases.len();
            let id = format!("p{phase}").as_str().into();
            let command = Command::Reopen { phase: Some(id), reason: "again".to_owned() };
            let verdict = self.model.status == Status::Closed;
            if self.tell(who, command, Some(verdict))? {
                self.model.reopen(phase);
            }
            return Ok(());
        }
        let (command, verdict, status) = match how % 8 {
            0 => {
                let reason = "false alarm".to_owned();
                (Command::Cancel { reason, as_is: None }, Some(true), Status::Cancelled)
            }
            1 | 2 => {
                let force = Some("enough".to_owned());
                (Command::Close { force }, Some(true), Status::Closed)
            }
            _ => {
                let blocked = self.model.blockers() > 0;
                (Command::Close { force: None }, blocked.then_some(false), Status::Closed)
            }
        };
        if self.tell(who, command, verdict)? {
            self.model.end(status);
        }
        Ok(())
    }

    pub fn resolve_alert(&mut self) -> Check {
        let alert = AlertNote { name: "Down".into(), ..AlertNote::default() };
        if !self.open() {
            return Ok(());
        }
        self.engine.must(Command::Alert { alert: alert.clone(), resolved: false })?;
        self.engine.must(Command::Alert { alert, resolved: true })?;
        self.model.handle(On::AlertResolved);
        self.model.follow();
        Ok(())
    }

    /// Roles go their own way; steps must not care.
    pub fn role(&mut self, who: &str, on: u8, how: u8) -> Check {
        let role = ["commander", "support", "engineering"][usize::from(on) % 3].into();
        let act = match how % 5 {
            0 => RoleAct::Claim,
            1 => RoleAct::Acknowledge,
            2 => RoleAct::Decline { reason: None },
            3 => RoleAct::Assign { to: "gus".into() },
            _ => RoleAct::Release,
        };
        let verdict = (!self.open()).then_some(false);
        self.tell(who, Command::Role { role, act }, verdict)?;
        // Whoever takes or is given a role that nobody needed makes it one that is filled.
        let engineering = self.engine.incident.roles.get("engineering");
        self.model.engaged = engineering.is_some_and(|role| role.engaged);
        Ok(())
    }
}
