//! The check itself: whom it asks, what it says, and what becomes of it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::{SignedDuration, Timestamp};

use super::record::{self, ContactReach, Record, Sent, Standing};
use crate::engine::{Actor, Mode};
use crate::id::{ChannelId, NoticeId, PersonId, TeamId};
use crate::notify::{Why, WhyCode};
use crate::people::{Contact, Directory, Person};
use crate::playbook::diagnostic::nearest;
use crate::runtime::direct::Letter;
use crate::runtime::links::{Claim, ContactMark, LinkKey};
use crate::runtime::service::{Inner, Runtime};
use crate::runtime::{Missing, Refusal};
use crate::store::{Change, Expect, Kind, StoreError, each_document};
use crate::text::Text;

/// How long a confirmation is taken: over a weekend.
pub const REACH_GOOD_FOR: SignedDuration = SignedDuration::from_hours(72);

/// How long a message waits for its channel's limit: a robot that takes 18 a minute tells a
/// thousand people within the hour.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

/// How many messages of a check one channel carries at once; pages go beside them.
const AT_ONCE: usize = 8;

/// How many records are read or written together.
const PAGE: usize = 500;

/// Whose contacts: everyone's where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Whom {
    /// This person's.
    pub person: Option<PersonId>,
    /// Those of the members of this team.
    pub team: Option<TeamId>,
    /// Those on this channel.
    pub channel: Option<ChannelId>,
}

impl Whom {
    const fn is_everyone(&self) -> bool {
        self.person.is_none() && self.team.is_none() && self.channel.is_none()
    }

    fn contacts<'d>(
        &self,
        directory: &'d Directory,
    ) -> Result<Vec<(&'d Person, &'d Contact)>, Refusal> {
        if let Some(person) = self.person.as_ref().filter(|id| directory.person(id).is_none()) {
            let names = directory.people().map(|person| person.id.as_str());
            return Err(missing(Missing::Person, person.as_str(), names));
        }
        if let Some(team) = self.team.as_ref().filter(|id| directory.team(id).is_none()) {
            let names = directory.teams().map(|team| team.id.as_str());
            return Err(missing(Missing::Team, team.as_str(), names));
        }
        let meant = |person: &&Person| {
            self.person.as_ref().is_none_or(|only| *only == person.id)
                && self.team.as_ref().is_none_or(|team| directory.is_member(team, &person.id))
        };
        let mut contacts = Vec::new();
        for person in directory.people().filter(meant) {
            let mut seen: Vec<&ChannelId> = Vec::new();
            for contact in &person.contacts {
                // A person has one address on a channel: the first is what messages go to.
                if self.channel.as_ref().is_none_or(|only| *only == contact.channel)
                    && !seen.contains(&&contact.channel)
                {
                    seen.push(&contact.channel);
                    contacts.push((person, contact));
                }
            }
        }
        Ok(contacts)
    }
}

fn missing<'a>(what: Missing, name: &str, names: impl Iterator<Item = &'a str>) -> Refusal {
    let closest = nearest(name, names).into_iter().map(str::to_owned).collect();
    Refusal::NotFound { what, name: name.to_owned(), closest }
}

/// One message of a check.
struct Asking {
    person: PersonId,
    channel: ChannelId,
    mark: ContactMark,
}

impl Runtime {
    /// Asks every contact that is meant to confirm, and returns how each stands: the messages leave
    /// while the caller goes on.
    ///
    /// # Errors
    /// Nobody of that name; nowhere for a link to lead; the store. Nobody was asked then.
    pub async fn check_reach(&self, by: &Actor, whom: &Whom) -> Result<Vec<ContactReach>, Refusal> {
        let inner = self.inner();
        if inner.place().base_url.is_none() {
            return Err(Refusal::NoPublicUrl);
        }
        let directory = inner.directory.load_full();
        let key = inner.link_key().await?;
        let asked_at = inner.clock.now();
        let expires_at = asked_at.checked_add(REACH_GOOD_FOR).unwrap_or(Timestamp::MAX);
        let mut by_channel: BTreeMap<ChannelId, Vec<Asking>> = BTreeMap::new();
        let mut changes = Vec::new();
        {
            let _changing = inner.reaching.lock().await;
            let known = records(inner)?;
            for (person, contact) in whom.contacts(&directory)? {
                let mark = key.mark(&contact.channel, &contact.address);
                let before = known.get(&record::name(&person.id, &contact.channel));
                let same = before.filter(|record| record.mark == mark.to_hex());
                let record = Record {
                    mark: mark.to_hex(),
                    asked_at,
                    asked_by: by.clone(),
                    expires_at,
                    sent: None,
                    confirmed_at: same.and_then(|record| record.confirmed_at),
                };
                changes.push(record.write(&person.id, &contact.channel));
                let asking =
                    Asking { person: person.id.clone(), channel: contact.channel.clone(), mark };
                by_channel.entry(contact.channel.clone()).or_default().push(asking);
            }
            if whom.is_everyone() {
                changes.extend(forgotten(&known, &directory));
            }
            for part in changes.chunks(PAGE) {
                inner.store.put(part.to_vec()).await?;
            }
        }
        for asking in by_channel.into_values() {
            inner.tasks.spawn(send(Arc::clone(inner), asking));
        }
        self.reach(whom).await
    }

    /// Returns how the contacts that are meant stand, in the order of the directory.
    ///
    /// # Errors
    /// Nobody of that name; the store.
    pub async fn reach(&self, whom: &Whom) -> Result<Vec<ContactReach>, Refusal> {
        let inner = self.inner();
        let directory = inner.directory.load_full();
        let key = inner.link_key().await?;
        let (known, now) = (records(inner)?, inner.clock.now());
        let contacts = whom.contacts(&directory)?;
        Ok(contacts.into_iter().map(|(person, c)| standing(key, &known, person, c, now)).collect())
    }
}

fn standing(
    key: &LinkKey,
    known: &BTreeMap<String, Record>,
    person: &Person,
    contact: &Contact,
    now: Timestamp,
) -> ContactReach {
    let mark = key.mark(&contact.channel, &contact.address).to_hex();
    let record = known.get(&record::name(&person.id, &contact.channel));
    let record = record.filter(|record| record.mark == mark);
    let sent = record.and_then(|record| record.sent.as_ref());
    let given_up = |record: &Record| record.asked_at.checked_add(PATIENCE).unwrap_or(now);
    ContactReach {
        person: person.id.clone(),
        channel: contact.channel.clone(),
        standing: record.map_or(Standing::NeverAsked, |r| r.standing(now, given_up(r))),
        asked_at: record.map(|record| record.asked_at),
        expires_at: record.map(|record| record.expires_at),
        sent_at: sent.filter(|sent| sent.failed.is_none()).map(|sent| sent.at),
        confirmed_at: record.and_then(|record| record.confirmed_at),
        why: sent.and_then(|sent| sent.failed.clone()),
    }
}

/// Reads every record; what does not read is as if it had never been.
fn records(inner: &Inner) -> Result<BTreeMap<String, Record>, StoreError> {
    let mut known = BTreeMap::new();
    each_document(&*inner.store, Kind::Reach, "", &mut |document| {
        if let Some(record) = document.read() {
            known.insert(document.name, record);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(known)
}

/// Forgets contacts that nobody has any more.
fn forgotten(known: &BTreeMap<String, Record>, directory: &Directory) -> Vec<Change> {
    let is_there = |name: &str| {
        name.split_once('/').is_some_and(|(person, channel)| {
            let person = directory.person(&PersonId::new(person));
            person.is_some_and(|person| person.address_on(&ChannelId::new(channel)).is_some())
        })
    };
    let gone = known.keys().filter(|name| !is_there(name));
    gone.map(|name| Change::delete(Kind::Reach, name.as_str(), Expect::Any)).collect()
}

/// Sends the messages of one channel, so that a slow one holds up no other.
async fn send(inner: Arc<Inner>, asking: Vec<Asking>) {
    let each = stream::iter(asking).for_each_concurrent(AT_ONCE, |asking| {
        let inner = &inner;
        async move {
            if let Err(error) = inner.ask_contact(&asking).await {
                tracing::warn!(person = %asking.person, channel = %asking.channel, %error,
                    "a contact could not be asked");
            }
        }
    });
    tokio::select! {
        () = each => {}
        () = inner.drain.cancelled() => {}
    }
}

impl Inner {
    async fn ask_contact(&self, asking: &Asking) -> Result<(), StoreError> {
        let Asking { person, channel, mark } = asking;
        let claim =
            Claim::Contact { person: person.clone(), channel: channel.clone(), mark: *mark };
        let Some(link) = self.link(&claim, REACH_GOOD_FOR).await? else { return Ok(()) };
        let directory = self.directory.load_full();
        let Some(to) = directory.person(person) else { return Ok(()) };
        let channels = self.outbound.channels();
        let failed = match channels.get(channel) {
            // In a group everyone could press what speaks for one, and nobody should.
            Some(configured) if configured.channel.is_shared() => {
                Some(Why::new(WhyCode::SharedPlace))
            }
            _ => {
                let answer = self.hand_over(to, channel, &self.question(link), PATIENCE).await;
                answer.err().map(|not_taken| not_taken.why)
            }
        };
        let failed = failed.map(|why| why.to_string());
        let sent = Sent { at: self.clock.now(), failed };
        self.note(person, channel, *mark, |record| record.sent = Some(sent)).await.map(drop)
    }

    /// Changes what is kept of a contact, where it still has that address.
    async fn note(
        &self,
        person: &PersonId,
        channel: &ChannelId,
        mark: ContactMark,
        change: impl FnOnce(&mut Record),
    ) -> Result<bool, StoreError> {
        let _changing = self.reaching.lock().await;
        let stored = self.store.document(Kind::Reach, &record::name(person, channel))?;
        let record = stored.and_then(|stored| stored.read());
        let same = record.filter(|record: &Record| record.mark == mark.to_hex());
        let Some(mut record) = same else { return Ok(false) };
        change(&mut record);
        self.store.put(vec![record.write(person, channel)]).await?;
        Ok(true)
    }

    /// Tells whether a contact was confirmed since it was last asked; `None` where nobody was asked
    /// at that address.
    pub(in crate::runtime) async fn is_confirmed(
        &self,
        person: &PersonId,
        channel: &ChannelId,
        mark: ContactMark,
    ) -> Result<Option<bool>, StoreError> {
        let stored = self.store.document(Kind::Reach, &record::name(person, channel))?;
        let record = stored.and_then(|stored| stored.read());
        let same = record.filter(|record: &Record| record.mark == mark.to_hex());
        Ok(same.map(|record| record.confirmed_at.is_some_and(|at| at >= record.asked_at)))
    }

    /// Notes that a contact was confirmed; tells whether it still is that person's address. Saying
    /// so twice changes nothing.
    pub(in crate::runtime) async fn confirm_contact(
        &self,
        person: &PersonId,
        channel: &ChannelId,
        mark: ContactMark,
    ) -> Result<bool, StoreError> {
        let directory = self.directory.load_full();
        let address = directory.person(person).and_then(|person| person.address_on(channel));
        let key = self.link_key().await?;
        if address.is_none_or(|address| key.mark(channel, address) != mark) {
            return Ok(false);
        }
        let now = self.clock.now();
        let confirm = |record: &mut Record| {
            if record.confirmed_at.is_none_or(|at| at < record.asked_at) {
                record.confirmed_at = Some(now);
            }
        };
        self.note(person, channel, mark, confirm).await
    }

    fn question(&self, link: String) -> Letter {
        let drawn = self.ids.drill_run(self.clock.now());
        Letter {
            id: NoticeId::from_u128(u128::from_be_bytes(*drawn.as_bytes())),
            mode: Mode::Live,
            purpose: "reach",
            subject: Text::both("请确认能收到通知", "Please confirm that this reaches you"),
            text: Text::both(
                "这是一次联系方式核对。请在 3 天内打开链接，按“我收到了”；\
                 电话请按 1，短信可回复 1。除此之外无需处理。",
                "This checks whether you can be reached. Within 3 days, please open the link and \
                 press \"I got it\"; on the telephone press 1, to a short message reply 1. Nothing \
                 else is to be done.",
            ),
            answer: Some((Text::both("我收到了", "I got it"), link)),
        }
    }
}
