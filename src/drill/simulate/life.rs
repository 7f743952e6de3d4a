//! One incident of a simulated run: its world, its people, what lies outside, and what is going to
//! happen in it.

use jiff::Timestamp;

use crate::drill::simulate::agenda::{Agenda, Happening};
use crate::drill::simulate::outside::Outside;
use crate::drill::simulate::people::People;
use crate::drill::simulate::setting::Setting;
use crate::drill::simulate::world::World;
use crate::engine::{Actor, Command, Declare, Family, LadderState, Rejection};

/// How often the last resort is told that nobody answered before a run has come to a standstill:
/// half a day in which nobody whom the drill models does anything.
const UNHEARD_MAX: u32 = 8;

/// One incident of a run.
pub(super) struct Life<'a> {
    pub(super) world: World<'a>,
    pub(super) people: People,
    pub(super) outside: Outside,
    pub(super) agenda: Agenda,
    /// It may have errands in its outbox.
    pub(super) calls: bool,
    /// How many events have been reacted to.
    heard: usize,
}

impl<'a> Life<'a> {
    pub(super) fn declare(
        setting: Setting<'a>,
        now: Timestamp,
        declaration: Declare,
    ) -> Result<Self, Rejection> {
        let world = World::declare(setting, now, declaration)?;
        let (people, outside, agenda) = (People::default(), Outside::default(), Agenda::default());
        Ok(Self { world, people, outside, agenda, calls: false, heard: 0 })
    }

    pub(super) const fn is_open(&self) -> bool {
        self.world.incident.status.is_open()
    }

    /// Returns when something happens next.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.agenda.next_at().into_iter().chain(self.world.next_deadline()).min()
    }

    /// Tells whether nobody has anything left to do, and the last resort was told so in vain.
    pub(super) fn is_given_up(&self) -> bool {
        let unheard = |ladder: &LadderState| ladder.rounds >= UNHEARD_MAX;
        self.agenda.next_at().is_none()
            && self.world.incident.ladders.values().any(|ladder| unheard(ladder))
    }

    /// Lets the people hear what has happened since.
    pub(super) fn hear(&mut self) {
        while let Some(event) = self.world.events.get(self.heard) {
            self.people.hear(&event.fact, &self.world, &mut self.agenda);
            self.outside.hear(&event.fact);
            self.calls |= event.fact.family() == Family::Kin;
            self.heard += 1;
        }
    }

    /// Lets people and what lies outside look at how things stand.
    pub(super) fn look(&mut self) {
        self.people.look(&self.world, &mut self.agenda);
        self.outside.look(&self.world, &mut self.people, &mut self.agenda);
    }

    pub(super) fn happen(&mut self, happening: Happening) {
        let Self { world, people, outside, agenda, .. } = self;
        match happening {
            // The run itself injects.
            Happening::Inject(_) | Happening::Again(_) => {}
            Happening::Take { role, person } => people.take(role, person, world, agenda),
            Happening::Begin(key) => people.begin(key, world, agenda),
            Happening::Finish(key) => people.finish(key, world, agenda),
            Happening::Consent { key, person } => people.consent(key, person, world, agenda),
            Happening::Mend(key) => people.mend(key, world),
            Happening::Deliver(notice) => outside.deliver(notice, world, people, agenda),
            Happening::Seen { notice, person } => {
                world.ask(Actor::person(person), Command::AcknowledgeNotice { notice });
            }
            Happening::Answer { request, key } => outside.answer(request, &key, world, people),
            Happening::Close => people.close(world),
        }
    }
}
