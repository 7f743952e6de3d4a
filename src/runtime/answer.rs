//! What people say without a token: by a link that was made for them, a key on the telephone, or a
//! reply to a short message. Each is taken as a command of that person and decided like any other.
//! It must not know HTTP.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::links::{Claim, Unusable};
use super::service::{Inner, Runtime};
use super::{Caller, Refusal};
use crate::engine::{
    Command, Incident, Mode, Pending, Purpose, Recipient, RoleAct, StepState, Tenure, Through,
};
use crate::id::{ChannelId, IncidentId, NoticeId, PersonId, RoleId};
use crate::notify::{Link, Rendered};
use crate::people::{Person, Zone};
use crate::playbook::Playbook;
use crate::store::{Query, StoreError, Which};
use crate::text::{Lang, Text};

mod said;
mod work;

use said::Said;

/// How long a page is answered by its link: what is older has long gone up the ladder.
const PAGE_GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How many open incidents are looked through for what waits for somebody who replies.
const LOOKED_AT_MAX: usize = 200;

/// What a link asks, and where that stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// Whom it asks.
    pub person: PersonId,
    /// What they are called.
    pub name: Text,
    /// The language they are addressed in.
    pub lang: Lang,
    /// What it is about.
    pub about: About,
    /// It was answered.
    pub done: bool,
    /// What may be said to it, what is asked for first.
    pub presses: Vec<Press>,
    /// By when it should be.
    pub until: Option<Timestamp>,
    /// The zone that times are told in.
    pub zone: Zone,
    /// Who asks, by name.
    pub asks: Option<Text>,
    /// It is part of a rehearsal.
    pub drill: bool,
}

/// What can be said with one press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Press {
    /// "I have it."
    Accept,
    /// "Not me."
    Decline,
    /// "I begin."
    Start,
    /// "It is done."
    Complete,
    /// "I cannot do it."
    Cannot,
}

impl Press {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Accept, Self::Decline, Self::Start, Self::Complete, Self::Cannot];

    /// Returns the stable name: `accept`, `decline`, `start`, `complete`, `cannot`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Decline => "decline",
            Self::Start => "start",
            Self::Complete => "complete",
            Self::Cannot => "cannot",
        }
    }

    /// Reads the stable name.
    #[must_use]
    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|press| press.name() == name)
    }
}

/// What a question is about.
#[derive(Debug, Clone, PartialEq)]
pub enum About {
    /// Whether a contact works.
    Contact(ChannelId),
    /// A page of an incident.
    Page {
        /// Its number.
        number: u64,
        /// What the incident is about.
        title: String,
        /// The roles they are asked to take; empty where the page only climbed a ladder.
        roles: Vec<Text>,
    },
    /// A run of a step.
    Step {
        /// The incident's number.
        number: u64,
        /// What the incident is about.
        title: String,
        /// What the step is called.
        step: Text,
        /// Where the run stands.
        state: StepState,
        /// Its time is over.
        overdue: bool,
    },
}

/// Why a link leads nowhere.
#[derive(Debug, Clone, PartialEq)]
pub enum NoQuestion {
    /// It was not made here, or is damaged.
    NotOurs,
    /// Its time is over.
    Expired,
    /// What it asked no longer matters: the address or the page is gone.
    Over,
    /// The answer is refused; says why.
    Refused(Refusal),
}

impl From<Unusable> for NoQuestion {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::NotOurs => Self::NotOurs,
            Unusable::Expired => Self::Expired,
        }
    }
}

impl From<Refusal> for NoQuestion {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for NoQuestion {
    fn from(error: StoreError) -> Self {
        Self::Refused(error.into())
    }
}

/// What is said back to somebody who replied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The language they are addressed in.
    pub lang: Lang,
    /// The words.
    pub words: Text,
}

/// A page that waits for its person.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Page {
    incident: IncidentId,
    number: u64,
    notice: NoticeId,
    roles: Vec<RoleId>,
}

impl Runtime {
    /// Reads what a link asks. Changes nothing: programs follow links, too.
    ///
    /// # Errors
    /// [`NoQuestion`].
    pub async fn question(&self, token: &str) -> Result<Question, NoQuestion> {
        let inner = self.inner();
        let claim = inner.link_key().await?.read(token, inner.clock.now())?;
        inner.question_of(&claim).await
    }

    /// Takes the answer that a link gives, and returns the question as it stands then; what is
    /// pressed where nothing is named is what is asked for first. Answering twice is no mistake.
    ///
    /// # Errors
    /// [`NoQuestion`].
    pub async fn answer(
        &self,
        token: &str,
        press: Option<Press>,
        reason: Option<&str>,
        through: Through,
    ) -> Result<Question, NoQuestion> {
        let inner = self.inner();
        let claim = inner.link_key().await?.read(token, inner.clock.now())?;
        let caller = Caller::answering(claim.person().clone(), through);
        if let Claim::Step { incident, key, .. } = &claim {
            let press = press.unwrap_or(Press::Start);
            inner.work(&caller, *incident, key, (press, reason)).await?;
            return inner.question_of(&claim).await;
        }
        let before = inner.question_of(&claim).await?;
        match &claim {
            Claim::Notice { person, incident, notice } if press == Some(Press::Decline) => {
                let page = inner.page(*incident, *notice, person).await?;
                inner.decline_page(&caller, &page.ok_or(NoQuestion::Over)?.0, reason).await?;
                return Ok(Question { presses: Vec::new(), ..before });
            }
            _ if before.done => return Ok(before),
            Claim::Contact { person, channel, mark } => {
                if !inner.confirm_contact(person, channel, *mark).await? {
                    return Err(NoQuestion::Over);
                }
            }
            Claim::Notice { person, incident, notice } => {
                let page = inner.page(*incident, *notice, person).await?;
                inner.take_page(&caller, &page.ok_or(NoQuestion::Over)?.0).await?;
            }
            Claim::Step { .. } => return Err(NoQuestion::Over),
        }
        Ok(Question { done: true, ..before })
    }

    /// Takes a reply that came over a channel; `None` where nobody has that address there.
    ///
    /// # Errors
    /// The store.
    pub async fn hear(
        &self,
        channel: &ChannelId,
        from: &str,
        words: &str,
    ) -> Result<Option<Heard>, Refusal> {
        let inner = self.inner();
        let directory = inner.directory.load_full();
        let is_theirs = |person: &&Person| {
            person.address_on(channel).is_some_and(|address| same_number(address, from))
        };
        let Some(person) = directory.people().find(is_theirs) else { return Ok(None) };
        let words = inner.take_reply(person, channel, Said::read(words)).await?;
        Ok(Some(Heard { lang: person.lang, words }))
    }
}

impl Inner {
    async fn question_of(self: &Arc<Self>, claim: &Claim) -> Result<Question, NoQuestion> {
        let directory = self.directory.load_full();
        let person = directory.person(claim.person()).ok_or(NoQuestion::Over)?;
        match claim {
            Claim::Contact { channel, mark, .. } => {
                let done = self.is_confirmed(&person.id, channel, *mark).await?;
                let done = done.ok_or(NoQuestion::Over)?;
                let about = About::Contact(channel.clone());
                Ok(Question { done, ..self.asked(person, about, vec![Press::Accept]) })
            }
            Claim::Notice { incident, notice, .. } => {
                let page = self.page(*incident, *notice, &person.id).await?;
                let (page, title, done) = page.ok_or(NoQuestion::Over)?;
                let now = self.current(*incident).await?;
                let title_of =
                    |role: &RoleId| now.playbook.roles.get(role).map(|role| role.title.clone());
                let roles: Vec<Text> = page.roles.iter().filter_map(title_of).collect();
                let presses = match page.roles.is_empty() {
                    true => vec![Press::Accept],
                    false => vec![Press::Accept, Press::Decline],
                };
                let until = |role: &RoleId| now.incident.roles.get(role)?.tenure.until();
                let until = page.roles.iter().filter_map(until).min();
                let about = About::Page { number: page.number, title, roles };
                let asks = self.who_asks(&now.incident, &now.playbook);
                let drill = now.incident.mode != Mode::Live;
                Ok(Question { done, until, asks, drill, ..self.asked(person, about, presses) })
            }
            Claim::Step { incident, key, .. } => self.work_question(person, *incident, key).await,
        }
    }

    /// Begins a question to a person.
    fn asked(&self, person: &Person, about: About, presses: Vec<Press>) -> Question {
        Question {
            person: person.id.clone(),
            name: person.name.clone(),
            lang: person.lang,
            about,
            done: false,
            presses,
            until: None,
            zone: self.place().zone.clone(),
            asks: None,
            drill: false,
        }
    }

    /// Returns who asks for something in an incident: whoever commands it.
    fn who_asks(&self, incident: &Incident, playbook: &Playbook) -> Option<Text> {
        let holder = incident.holder(playbook.commander()?)?;
        Some(self.directory.load().person(holder)?.name.clone())
    }

    /// Finds a page of a person, the title of its incident, and whether it was answered.
    async fn page(
        self: &Arc<Self>,
        incident: IncidentId,
        notice: NoticeId,
        person: &PersonId,
    ) -> Result<Option<(Page, String, bool)>, Refusal> {
        let incident = self.current(incident).await?.incident;
        let page = pages(&incident).find(|(id, to, _, _)| *id == notice && *to == person);
        let Some((_, _, purpose, seen)) = page else { return Ok(None) };
        let Some(roles) = roles(purpose) else { return Ok(None) };
        let page = Page { incident: incident.id, number: incident.number, notice, roles };
        let done = match page.roles.as_slice() {
            [] => seen,
            roles => roles.iter().all(|role| has(&incident, role, person)),
        };
        Ok(Some((page, incident.title.to_string(), done)))
    }

    async fn take_page(self: &Arc<Self>, caller: &Caller, page: &Page) -> Result<(), Refusal> {
        let seen = Command::AcknowledgeNotice { notice: page.notice };
        let take = |role: &RoleId| Command::Role { role: role.clone(), act: RoleAct::Acknowledge };
        for command in std::iter::once(seen).chain(page.roles.iter().map(take)) {
            self.execute(caller, page.incident, command, super::CommitOptions::default()).await?;
        }
        Ok(())
    }

    /// Says for a person that they take none of the roles a page asks for.
    async fn decline_page(
        self: &Arc<Self>,
        caller: &Caller,
        page: &Page,
        reason: Option<&str>,
    ) -> Result<(), Refusal> {
        for role in page.roles.clone() {
            let act = RoleAct::Decline { reason: reason.map(str::to_owned) };
            let command = Command::Role { role, act };
            self.execute(caller, page.incident, command, super::CommitOptions::default()).await?;
        }
        Ok(())
    }

    /// Finds what waits for a person to say that they have it, newest incident first.
    async fn waiting_for(self: &Arc<Self>, person: &PersonId) -> Result<Vec<Page>, Refusal> {
        let query = Query { which: Which::Open, before: None, limit: LOOKED_AT_MAX };
        let mut waiting = Vec::new();
        for summary in self.store.list(query)? {
            let incident = self.current(summary.id).await?.incident;
            let mine = pages(&incident).filter(|(_, to, _, seen)| *to == person && !seen);
            for (notice, _, purpose, _) in mine {
                let Some(asked) = roles(purpose) else { continue };
                let open = |role: &RoleId| is_asked(&incident, role, person);
                let (count, roles) = (asked.len(), asked.into_iter().filter(open));
                let roles: Vec<RoleId> = roles.collect();
                if count == 0 || !roles.is_empty() {
                    let (id, number) = (incident.id, incident.number);
                    waiting.push(Page { incident: id, number, notice, roles });
                }
            }
        }
        Ok(waiting)
    }

    async fn take_reply(
        self: &Arc<Self>,
        person: &Person,
        channel: &ChannelId,
        said: Said,
    ) -> Result<Text, Refusal> {
        let (yes, number) = match said {
            Said::Yes(number) => (true, number),
            Said::No(number) => (false, number),
            Said::Other => return Ok(said::not_understood()),
        };
        let caller = Caller::answering(person.id.clone(), Through::Reply);
        let waiting = self.waiting_for(&person.id).await?;
        let mut numbers: Vec<u64> = waiting.iter().map(|page| page.number).collect();
        numbers.dedup();
        let number = match (number, numbers.as_slice()) {
            (Some(number), numbers) if numbers.contains(&number) => number,
            (None, [only]) => *only,
            (_, []) if !yes => return Ok(said::nothing_waits()),
            (_, []) => {
                let address = person.address_on(channel).unwrap_or_default();
                let mark = self.link_key().await?.mark(channel, address);
                let asked = self.is_confirmed(&person.id, channel, mark).await? == Some(false);
                let done = asked && self.confirm_contact(&person.id, channel, mark).await?;
                return Ok(if done { said::confirmed() } else { said::nothing_waits() });
            }
            (_, several) => return Ok(said::which(several, yes)),
        };
        for page in waiting.iter().filter(|page| page.number == number) {
            let done = match yes {
                true => self.take_page(&caller, page).await,
                false => self.decline_page(&caller, page, None).await,
            };
            match done {
                Err(Refusal::Rejected(rejection)) => return Ok(rejection.text),
                Err(other) => return Err(other),
                Ok(()) => {}
            }
        }
        Ok(if yes { said::taken(number) } else { said::declined(number) })
    }

    /// Adds to a message the links by which its reader answers.
    pub(super) async fn answerable(
        self: &Arc<Self>,
        words: Rendered,
        to: &Recipient,
        purpose: &Purpose,
        incident: IncidentId,
    ) -> Rendered {
        let Recipient::Person(person) = to else { return words };
        match self.links_of(&words, person, purpose, incident).await {
            Ok(links) => links.into_iter().rev().fold(words, Rendered::with_answer),
            Err(error) => {
                // The message itself matters more than the way to answer it.
                tracing::warn!(%error, "a page leaves without its link");
                words
            }
        }
    }

    /// Makes the links by which the reader of a message answers it, the first one first.
    async fn links_of(
        self: &Arc<Self>,
        words: &Rendered,
        person: &PersonId,
        purpose: &Purpose,
        incident: IncidentId,
    ) -> Result<Vec<Link>, Refusal> {
        let claims: Vec<(Claim, String)> = match roles(purpose) {
            Some(_) => {
                let (person, notice) = (person.clone(), words.notice);
                let label = words.lang.pick("我来处理", "I have it").to_owned();
                vec![(Claim::Notice { person, incident, notice }, label)]
            }
            None if !work::names_runs(purpose) => return Ok(Vec::new()),
            None => {
                let now = self.current(incident).await?;
                let of_run =
                    |(key, label)| (Claim::Step { person: person.clone(), incident, key }, label);
                work::runs_of(purpose, &now.playbook, words.lang).into_iter().map(of_run).collect()
            }
        };
        let mut links = Vec::with_capacity(claims.len());
        for (claim, label) in claims {
            if let Some(url) = self.link(&claim, PAGE_GOOD_FOR).await? {
                links.push(Link { label, url });
            }
        }
        Ok(links)
    }
}

/// Lists the messages of an incident to persons: on their way, and those that arrived with whether
/// they were seen.
fn pages(incident: &Incident) -> impl Iterator<Item = (NoticeId, &PersonId, &Purpose, bool)> {
    let queued = incident.outbox.values().filter_map(|pending| match pending.as_ref() {
        Pending::Notice { notice, .. } => match &notice.to {
            Recipient::Person(person) => Some((notice.id, person, &notice.purpose, false)),
            Recipient::Audience(_) => None,
        },
        _ => None,
    });
    let told = incident.told.iter();
    let told = told.map(|(id, told)| (*id, &told.person, &told.purpose, told.acknowledged));
    queued.chain(told)
}

/// Returns the roles that a page asks to take; `None` for a message that is no page.
fn roles(purpose: &Purpose) -> Option<Vec<RoleId>> {
    match purpose {
        Purpose::RolePage { role, also } => {
            Some(std::iter::once(role).chain(also).cloned().collect())
        }
        Purpose::Escalation { .. } => Some(Vec::new()),
        _ => None,
    }
}

/// Tells whether a person has a role and said so.
fn has(incident: &Incident, role: &RoleId, person: &PersonId) -> bool {
    incident.roles.get(role).is_some_and(|state| match &state.tenure {
        Tenure::Held { by, .. } => by == person,
        _ => false,
    })
}

fn is_asked(incident: &Incident, role: &RoleId, person: &PersonId) -> bool {
    incident.roles.get(role).is_some_and(|state| match &state.tenure {
        Tenure::Held { .. } => false,
        // Whoever stayed silent may still come.
        tenure => tenure.people().contains(person) || state.tried.contains(person),
    })
}

/// Tells whether two numbers are the same, however they are written.
fn same_number(one: &str, other: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (one, other) = (digits(one), digits(other));
    !one.is_empty() && one == other
}
