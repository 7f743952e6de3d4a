//! The engine under test, with what must hold after every command whatever was asked.

use firebell::engine::limits::CLOCK_SKEW;
use firebell::engine::{
    Actor, Chance, Command, Ctx, Declare, Event, Fact, Incident, Mode, NoticeOutcome, Outcome,
    Pending, Purpose, Recipient, Rejection, codec, decide, declare, due, invariants, next_deadline,
};
use firebell::id::{ChannelId, IncidentId};
use firebell::people::Directory;
use firebell::playbook::Playbook;
use firebell::text::Lang;
use jiff::Timestamp;

use crate::history::History;
use crate::laws;
use crate::story::story;

/// The most rounds at one instant before it counts as a loop that never ends.
const ROUNDS_MAX: usize = 500;

/// An incident as the engine has it.
pub struct Engine<'w> {
    pub playbook: &'w Playbook,
    pub directory: &'w Directory,
    pub incident: Incident,
    pub events: Vec<Event>,
    history: History,
    pub start: Timestamp,
    pub now: Timestamp,
}

/// What went wrong, with the story so far.
pub type Check<T = ()> = Result<T, String>;

impl<'w> Engine<'w> {
    /// Declares.
    pub fn declare(
        playbook: &'w Playbook,
        directory: &'w Directory,
        now: Timestamp,
        change: impl FnOnce(&mut Declare),
    ) -> Check<Self> {
        let mut request = Declare::new(IncidentId::from_u128(7), 7, Mode::Live);
        change(&mut request);
        let actor = Actor::person("hal");
        let chance = Chance::new([7; 32]);
        let ctx = Ctx {
            now,
            occurred_at: None,
            actor,
            admin: false,
            directory,
            chance,
            turns: firebell::people::Turns::NONE,
        };
        let outcome = declare(playbook, request.clone(), &ctx);
        let Outcome { events, incident, .. } =
            outcome.map_err(|no| format!("not declared: {no}"))?;
        let history = History::default();
        let mut engine = Self { playbook, directory, incident, events, history, start: now, now };
        let taken = engine.history.take(playbook, &engine.events);
        taken.map_err(|what| engine.wrong(what))?;
        engine.check()?;
        Ok(engine)
    }

    /// Says what went wrong, with the story.
    pub fn wrong(&self, what: impl std::fmt::Display) -> String {
        format!("{what}\n{}", story(self.start, &self.events, Some(&self.incident)))
    }

    /// Asks as anyone; a refusal is an answer.
    pub fn ask(
        &mut self,
        command: Command,
        change: impl FnOnce(&mut Ctx<'_>),
    ) -> Check<Result<usize, Rejection>> {
        let (actor, directory) = (Actor::System, self.directory);
        let chance = Chance::new([7; 32]);
        let mut ctx = Ctx {
            now: self.now,
            occurred_at: None,
            actor,
            admin: false,
            directory,
            chance,
            turns: firebell::people::Turns::NONE,
        };
        change(&mut ctx);
        let first = decide(self.playbook, &self.incident, command.clone(), &ctx);
        let again = decide(self.playbook, &self.incident, command.clone(), &ctx);
        match (first, again) {
            (Ok(first), Ok(again)) => {
                let bytes = |outcome: &Outcome| {
                    outcome.events.iter().map(codec::encode).collect::<Vec<_>>()
                };
                if bytes(&first) != bytes(&again) {
                    return Err(self.wrong(format!("{command:?} is decided in two ways")));
                }
                let many = first.events.len();
                self.check_news(&first.events).map_err(|what| format!("{command:?}: {what}"))?;
                let taken = self.history.take(self.playbook, &first.events);
                self.events.extend(first.events);
                self.incident = first.incident;
                taken.map_err(|what| self.wrong(format!("{command:?}: {what}")))?;
                self.check().map_err(|what| format!("after {command:?}: {what}"))?;
                Ok(Ok(many))
            }
            (Err(refused), Err(_)) => {
                let [zh, en] = Lang::ALL.map(|lang| refused.text.get(lang));
                if zh.is_empty() || en.is_empty() || zh == en {
                    return Err(self.wrong(format!("{command:?} is refused without a word")));
                }
                Ok(Err(refused))
            }
            _ => Err(self.wrong(format!("{command:?} is granted and refused"))),
        }
    }

    /// What must hold of the events of one commit (Meaning 12, 13).
    fn check_news(&self, events: &[Event]) -> Check {
        let mut heard: Vec<(&Recipient, &[ChannelId], &Purpose)> = Vec::new();
        for (seq, event) in (self.incident.version + 1..).zip(events) {
            let ahead = event.occurred_at.duration_since(event.recorded_at);
            let in_place = event.seq == seq && event.cause.is_none_or(|cause| cause < seq);
            if !in_place || event.recorded_at != self.now || ahead > CLOCK_SKEW {
                return Err(self.wrong(format!("an event out of place or time: {event:?}")));
            }
            let Fact::NoticeQueued { notice } = &event.fact else { continue };
            let news = (&notice.to, notice.via.as_slice(), &notice.purpose);
            // What has no way out reaches nobody, once or twice.
            if !notice.via.is_empty() && heard.contains(&news) {
                return Err(self.wrong(format!("told twice at once: {notice:?}")));
            }
            heard.push(news);
        }
        Ok(())
    }

    /// The machinery asks, which is never refused.
    pub fn must(&mut self, command: Command) -> Check {
        let shown = format!("{command:?}");
        match self.ask(command, |_| ())? {
            Ok(_) => Ok(()),
            Err(refused) => Err(self.wrong(format!("{shown} was refused: {refused}"))),
        }
    }

    /// Lets channels take what waits and does what is due now, until nothing is.
    pub fn come_to_rest(&mut self) -> Check {
        self.come_to_rest_by(&mut |pending| match pending {
            Pending::Notice { notice, channel, .. } => notice
                .via
                .get(*channel)
                .map(|via| NoticeOutcome::Delivered { via: via.clone(), within: None }),
            Pending::Request { .. }
            | Pending::Child { .. }
            | Pending::Recall { .. }
            | Pending::Report { .. }
            | Pending::HandOff { .. } => None,
        })
    }

    /// As [`Self::come_to_rest`], with channels that answer as they like.
    pub fn come_to_rest_by(
        &mut self,
        answer: &mut dyn FnMut(&Pending) -> Option<NoticeOutcome>,
    ) -> Check {
        for _ in 0..ROUNDS_MAX {
            let sent = self.send(answer)?;
            let commands = due(self.playbook, &self.incident, self.now);
            if commands.is_empty() && !sent {
                let rests = self.history.at_rest(self.playbook, &self.incident, self.now);
                return rests.map_err(|what| self.wrong(what));
            }
            for (place, command) in commands.into_iter().enumerate() {
                let (known, shown) = (self.events.len(), format!("{command:?}"));
                self.must(command)?;
                // Those after it may have been made idle by it.
                if place == 0 && self.events.len() == known {
                    return Err(self.wrong(format!("{shown} comes and nothing happens")));
                }
            }
        }
        Err(self.wrong("something is due for ever"))
    }

    fn send(&mut self, answer: &mut dyn FnMut(&Pending) -> Option<NoticeOutcome>) -> Check<bool> {
        let ready: Vec<_> = self
            .incident
            .outbox
            .iter()
            .filter(|(_, pending)| pending.next_at() <= self.now)
            .filter_map(|(id, pending)| Some((*id, answer(pending)?)))
            .collect();
        for (notice, outcome) in &ready {
            self.must(Command::NoticeOutcome { notice: *notice, outcome: outcome.clone() })?;
        }
        Ok(!ready.is_empty())
    }

    /// The next deadline.
    pub fn next(&self) -> Option<Timestamp> {
        next_deadline(self.playbook, &self.incident).map(|deadline| deadline.at)
    }

    fn check(&self) -> Check {
        let broken = invariants(self.playbook, &self.incident);
        if !broken.is_empty() {
            return Err(self.wrong(format!("broken: {broken:?}")));
        }
        laws::check(self.playbook, &self.incident).map_err(|what| self.wrong(what))?;
        if self.incident.version != self.events.len() as u64 {
            return Err(self.wrong("events are not numbered one after another"));
        }
        Ok(())
    }

    /// A restart: what was stored is replayed, and that is what goes on.
    pub fn restart(&mut self) -> Check {
        self.incident = self.replayed()?;
        Ok(())
    }

    /// What is checked at the end: a replay of what was stored is what lived.
    pub fn check_replay(&self) -> Check {
        if self.replayed()? != self.incident {
            return Err(self.wrong("a replay gives something else than what lived"));
        }
        Ok(())
    }

    fn replayed(&self) -> Check<Incident> {
        let stored: Result<Vec<Event>, _> =
            self.events.iter().map(|event| codec::decode(&codec::encode(event))).collect();
        let stored = stored.map_err(|error| self.wrong(format!("a stored event: {error}")))?;
        if stored != self.events {
            return Err(self.wrong("the stored form loses something"));
        }
        Incident::replay(&stored).ok_or_else(|| self.wrong("the first event declares nothing"))
    }
}
