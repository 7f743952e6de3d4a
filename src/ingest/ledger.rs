//! What fires now, and what of it is said: the memory that inhibition, silences, groups and damping
//! need. Pure; instants come in as arguments.
//!
//! Muting only ever delays: an alert that still fires when nothing mutes it any more is said then.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use smol_str::SmolStr;

use super::alert::{Alert, News};
use super::mute::{Mute, Policy};

/// Troubles that are remembered; of more, those heard of longest ago are forgotten.
pub const TROUBLES_MAX: usize = 10_000;
/// Members of one group, and sayings of one trouble, that are remembered.
const MEMBERS_MAX: usize = 1_000;
/// Alerts that are held back at once. Beyond them nothing is muted: too much said is better than
/// too little.
const HELD_MAX: usize = 10_000;
/// Bytes of alerts that are held back of one trouble; the store takes it as one document.
const HELD_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of the labels of an alert that keeps others quiet.
const INHIBITOR_BYTES_MAX: usize = 16 * 1024;
/// An alert that was not heard of for so long no longer keeps others quiet: its end may have been
/// lost. Alertmanager repeats itself every four hours.
const INHIBITOR_FRESH: SignedDuration = SignedDuration::from_hours(12);
/// What was a consequence ends shortly after its cause: so long its own end is waited for.
const GRACE: SignedDuration = SignedDuration::from_mins(1);
/// How soon saying something is tried again.
const AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// Names a trouble: a source, and the key its alerts share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// The source.
    pub source: SmolStr,
    /// The key.
    pub key: String,
}

impl Key {
    /// Names the trouble that an alert is about.
    #[must_use]
    pub fn of(alert: &Alert) -> Self {
        Self { source: alert.source.clone(), key: alert.dedup_key.clone() }
    }

    /// Returns a name of fixed length for it.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new_with_prefix(self.source.as_bytes());
        hash.update([0]);
        hash.update(self.key.as_bytes());
        hex::encode(&hash.finalize()[..16])
    }
}

/// An alert that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The alert.
    pub alert: Alert,
    /// Why.
    pub mute: Mute,
    /// Since when.
    pub since: Timestamp,
    /// When it is looked at again.
    pub until: Timestamp,
}

/// One trouble.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Trouble {
    /// What of it fires, with the alerts by which it keeps others quiet.
    firing: BTreeMap<String, Vec<Alert>>,
    /// What waits to be said.
    held: Vec<Held>,
    /// When it came or went, lately.
    turns: VecDeque<Timestamp>,
    /// What was said of it, and when.
    said: BTreeMap<u64, Timestamp>,
    heard_at: Timestamp,
}

impl Trouble {
    fn turn(&mut self, now: Timestamp) {
        self.turns.push_back(now);
        while self.turns.len() > MEMBERS_MAX {
            self.turns.pop_front();
        }
    }

    fn flaps(&mut self, policy: &Policy, now: Timestamp) -> bool {
        let since = now.saturating_sub(policy.flapping.within).unwrap_or(Timestamp::MIN);
        while self.turns.front().is_some_and(|turn| *turn <= since) {
            self.turns.pop_front();
        }
        self.turns.len() >= policy.flapping.changes
    }

    /// Tells whether forgetting it would change what is said later.
    fn must_last(&self) -> bool {
        let grouped = self.firing.keys().any(|member| !member.is_empty());
        let inhibits = self.firing.values().any(|by| !by.is_empty());
        !self.held.is_empty() || grouped || inhibits
    }
}

/// What is to be written down of a trouble.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lasting {
    /// The trouble.
    pub key: Key,
    /// What [`Ledger::restore`] reads; `None` where nothing is to be kept any more.
    pub bytes: Option<Vec<u8>>,
}

/// What became of an alert that was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is to be said.
    Say,
    /// It is held back.
    Muted(Mute),
    /// Others of its group speak for it.
    SpokenFor,
    /// It was said not long ago.
    SaidBefore,
}

/// What became of alerts that were heard, in their order.
pub type Heard = Vec<(Alert, Verdict)>;

/// What fires now.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ledger {
    troubles: BTreeMap<Key, Trouble>,
    /// What is written down of which trouble differs from what must be.
    changed: BTreeSet<Key>,
    /// Of which troubles something is written down.
    written: BTreeSet<Key>,
}

impl Ledger {
    /// Hears the alerts of one body, in their order. Those of one trouble, member and status that
    /// stand together are one report: what of that member fires now. `open` tells whether an
    /// incident is open for an alert: such an alert is never muted.
    pub fn hear(
        &mut self,
        alerts: Vec<Alert>,
        open: &dyn Fn(&Alert) -> bool,
        policy: &Policy,
        now: Timestamp,
    ) -> Heard {
        let mut heard = Heard::new();
        let alerts = alerts.into_iter().map(|alert| self.at_home(alert)).collect::<Vec<_>>();
        let mut rest = alerts.into_iter().peekable();
        while let Some(first) = rest.next() {
            let mut report = vec![first];
            while let Some(next) = rest.next_if(|next| is_same_report(&report[0], next)) {
                report.push(next);
            }
            match report[0].status {
                News::Firing => self.fires(report, open, policy, now, &mut heard),
                News::Resolved => self.over(report, policy, now, &mut heard),
                News::Acknowledged | News::Noted => all(&mut heard, report, &Verdict::Say),
            }
        }
        self.bound();
        heard
    }

    /// Puts the end of a group's member where its beginning was heard: it may come without the
    /// labels that the group is made by.
    fn at_home(&self, alert: Alert) -> Alert {
        let Some(member) = alert.member.as_ref().filter(|_| alert.status != News::Firing) else {
            return alert;
        };
        let first = Key { source: alert.source.clone(), key: String::new() };
        let own = self.troubles.range(first..).take_while(|(key, _)| key.source == alert.source);
        let home = own.into_iter().find(|(_, trouble)| trouble.firing.contains_key(member));
        let dedup_key = home.map_or_else(|| alert.dedup_key.clone(), |(key, _)| key.key.clone());
        Alert { dedup_key, ..alert }
    }

    fn fires(
        &mut self,
        report: Vec<Alert>,
        open: &dyn Fn(&Alert) -> bool,
        policy: &Policy,
        now: Timestamp,
        heard: &mut Heard,
    ) {
        let key = Key::of(&report[0]);
        let member = member(&report[0]);
        let inhibiting = report.iter().filter(|alert| policy.inhibits(alert));
        let inhibiting: Vec<Alert> = inhibiting.filter_map(by_labels).take(MEMBERS_MAX).collect();
        self.changed.insert(key.clone());
        let trouble = self.troubles.entry(key.clone()).or_default();
        if trouble.firing.is_empty() {
            trouble.turn(now);
        }
        trouble.heard_at = now;
        let known = trouble.firing.get(&member);
        let fewer = known.is_some_and(|known| known.iter().any(|by| !inhibiting.contains(by)));
        if trouble.firing.len() < MEMBERS_MAX || known.is_some() {
            trouble.firing.insert(member.clone(), inhibiting);
        }
        // What waited of this member is heard anew, or no longer fires.
        trouble.held.retain(|held| self::member(&held.alert) != member);
        if fewer {
            self.uninhibit(now.saturating_add(GRACE).unwrap_or(now));
        }
        for alert in report {
            let mute = self.mute(&alert, policy, now).filter(|_| self.has_room(&key, &alert));
            // Whether an incident is open is read from the disk: only where it decides.
            let mute = mute.filter(|_| !open(&alert));
            let trouble = self.troubles.entry(key.clone()).or_default();
            if let Some((mute, until)) = mute {
                let held = Held { alert: alert.clone(), mute: mute.clone(), since: now, until };
                trouble.held.push(held);
                heard.push((alert, Verdict::Muted(mute)));
                continue;
            }
            let last = trouble.said.get(&words(&alert));
            let again = last.and_then(|at| at.checked_add(policy.repeat_after).ok());
            if again.is_some_and(|again| now < again) && open(&alert) {
                heard.push((alert, Verdict::SaidBefore));
            } else {
                heard.push((alert, Verdict::Say));
            }
        }
    }

    fn over(&mut self, report: Vec<Alert>, policy: &Policy, now: Timestamp, heard: &mut Heard) {
        let key = Key::of(&report[0]);
        let member = member(&report[0]);
        let Some(trouble) = self.troubles.get_mut(&key) else {
            all(heard, report, &Verdict::Say);
            return;
        };
        self.changed.insert(key);
        trouble.heard_at = now;
        trouble.held.retain(|held| self::member(&held.alert) != member);
        let Some(inhibited) = trouble.firing.remove(&member) else {
            // The end of what was never heard of, or its end once more.
            all(heard, report, &Verdict::Say);
            return;
        };
        if trouble.firing.is_empty() {
            trouble.turn(now);
            if trouble.flaps(policy, now) {
                let until = now.saturating_add(policy.flapping.calm).unwrap_or(now);
                let alert = report[0].clone();
                trouble.held.push(Held { alert, mute: Mute::Flapping, since: now, until });
                all(heard, report, &Verdict::Muted(Mute::Flapping));
            } else {
                all(heard, report, &Verdict::Say);
            }
        } else {
            all(heard, report, &Verdict::SpokenFor);
        }
        if !inhibited.is_empty() {
            self.uninhibit(now.saturating_add(GRACE).unwrap_or(now));
        }
    }

    fn has_room(&self, key: &Key, alert: &Alert) -> bool {
        let held = self.troubles.get(key).map_or(&[][..], |trouble| &trouble.held);
        let bytes: usize = held.iter().map(|held| weight(&held.alert)).sum();
        bytes + weight(alert) <= HELD_BYTES_MAX && self.waiting().count() < HELD_MAX
    }

    /// Finds what mutes an alert now, and when that is looked at again.
    fn mute(&self, alert: &Alert, policy: &Policy, now: Timestamp) -> Option<(Mute, Timestamp)> {
        if let Some((silence, end)) = policy.silence(alert, now) {
            return Some((Mute::Silenced { silence: silence.id.clone() }, end));
        }
        let fresh = |trouble: &&Trouble| {
            let until = trouble.heard_at.saturating_add(INHIBITOR_FRESH);
            until.is_ok_and(|until| now < until)
        };
        let rules = policy.inhibitions.iter().filter(|rule| rule.mutes.holds(&alert.labels));
        rules.into_iter().find_map(|rule| {
            self.troubles.values().filter(fresh).find_map(|trouble| {
                let by = trouble.firing.values().flatten().find(|by| rule.holds(by, alert))?;
                let until = trouble.heard_at.saturating_add(INHIBITOR_FRESH).ok()?;
                Some((Mute::Inhibited { by: by.name.clone() }, until))
            })
        })
    }

    /// Has everything that is inhibited looked at again soon.
    fn uninhibit(&mut self, soon: Timestamp) {
        self.hasten(soon, |mute| matches!(mute, Mute::Inhibited { .. }));
    }

    /// Has everything that waits looked at again now, since what mutes it has changed.
    pub fn look_again(&mut self, now: Timestamp) {
        self.hasten(now, |mute| *mute != Mute::Flapping);
    }

    fn hasten(&mut self, until: Timestamp, which: impl Fn(&Mute) -> bool) {
        for held in self.troubles.values_mut().flat_map(|trouble| &mut trouble.held) {
            if which(&held.mute) {
                held.until = held.until.min(until);
            }
        }
    }

    /// Returns what is to be said because nothing mutes it any more. It waits on, to be tried again
    /// soon, until [`said`](Self::said).
    pub fn due(&mut self, policy: &Policy, now: Timestamp) -> Vec<Alert> {
        let waiting = self.troubles.iter().flat_map(|(key, trouble)| {
            let due = trouble.held.iter().enumerate().filter(|(_, held)| held.until <= now);
            due.map(|(n, held)| (key.clone(), n, held.alert.clone(), held.mute.clone()))
        });
        let waiting: Vec<_> = waiting.collect();
        let mut say = Vec::new();
        for (key, n, alert, mute) in waiting {
            let still = if mute == Mute::Flapping { None } else { self.mute(&alert, policy, now) };
            let Some(held) =
                self.troubles.get_mut(&key).and_then(|trouble| trouble.held.get_mut(n))
            else {
                continue;
            };
            if let Some((mute, until)) = still {
                (held.mute, held.until) = (mute, until);
            } else {
                held.until = now.saturating_add(AGAIN).unwrap_or(now);
                say.push(alert);
            }
        }
        say
    }

    /// Returns when something is due next.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.waiting().map(|held| held.until).min()
    }

    /// Notes that an alert was said.
    pub fn said(&mut self, alert: &Alert, now: Timestamp) {
        let key = Key::of(alert);
        let Some(trouble) = self.troubles.get_mut(&key) else { return };
        self.changed.insert(key);
        trouble.held.retain(|held| held.alert != *alert);
        match alert.status {
            News::Firing => {
                if trouble.said.len() >= MEMBERS_MAX {
                    trouble.said.clear();
                }
                trouble.said.insert(words(alert), now);
            }
            News::Resolved => trouble.said.clear(),
            News::Acknowledged | News::Noted => {}
        }
    }

    /// Lists what waits.
    pub fn waiting(&self) -> impl Iterator<Item = &Held> {
        self.troubles.values().flat_map(|trouble| &trouble.held)
    }

    /// Takes what is to be written down so that it outlives the process.
    pub fn take_changes(&mut self) -> Vec<Lasting> {
        let mut changes = Vec::new();
        for key in std::mem::take(&mut self.changed) {
            let lasting = self.troubles.get(&key).filter(|trouble| trouble.must_last());
            let bytes = lasting.and_then(|trouble| serde_json::to_vec(&(&key, trouble)).ok());
            let was_written = match bytes {
                Some(_) => !self.written.insert(key.clone()),
                None => self.written.remove(&key),
            };
            if was_written || bytes.is_some() {
                changes.push(Lasting { key, bytes });
            }
        }
        changes
    }

    /// Has what could not be written down taken again.
    pub fn not_written(&mut self, changes: Vec<Lasting>) {
        for Lasting { key, .. } in changes {
            self.written.insert(key.clone());
            self.changed.insert(key);
        }
    }

    /// Takes back what outlived a process.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), serde_json::Error> {
        let (key, trouble): (Key, Trouble) = serde_json::from_slice(bytes)?;
        self.written.insert(key.clone());
        self.troubles.insert(key, trouble);
        Ok(())
    }

    /// Forgets what was heard of longest ago when there is too much; never what waits.
    fn bound(&mut self) {
        if self.troubles.len() <= TROUBLES_MAX {
            return;
        }
        let idle = self.troubles.iter().filter(|(_, trouble)| trouble.held.is_empty());
        let order = |(key, one): (&Key, &Trouble)| (one.must_last(), one.heard_at, key.clone());
        let mut idle: Vec<_> = idle.map(order).collect();
        idle.sort();
        // A tenth at once, so that this is not done for every alert.
        for (_, _, key) in idle.into_iter().take(TROUBLES_MAX / 10) {
            self.troubles.remove(&key);
            self.changed.insert(key);
        }
    }
}

fn is_same_report(one: &Alert, other: &Alert) -> bool {
    (&one.source, &one.dedup_key, &one.member, one.status)
        == (&other.source, &other.dedup_key, &other.member, other.status)
}

fn all(heard: &mut Heard, report: Vec<Alert>, verdict: &Verdict) {
    heard.extend(report.into_iter().map(|alert| (alert, verdict.clone())));
}

/// Names the member of a group that an alert is about.
fn member(alert: &Alert) -> String {
    alert.member.clone().unwrap_or_default()
}

/// Keeps of an alert what inhibition looks at; `None` where that is too much to keep.
fn by_labels(alert: &Alert) -> Option<Alert> {
    let said: usize = alert.annotations.iter().map(|(key, value)| key.len() + value.len()).sum();
    (weight(alert) - said <= INHIBITOR_BYTES_MAX).then(|| Alert {
        source: alert.source.clone(),
        dedup_key: alert.dedup_key.clone(),
        member: alert.member.clone(),
        status: alert.status,
        name: alert.name.clone(),
        severity: alert.severity.clone(),
        labels: alert.labels.clone(),
        annotations: BTreeMap::new(),
        at: alert.at,
        link: alert.link.clone(),
    })
}

/// Measures an alert in bytes.
fn weight(alert: &Alert) -> usize {
    let pairs = alert.labels.iter().chain(&alert.annotations);
    let pairs: usize = pairs.map(|(key, value)| key.len() + value.len()).sum();
    let link = alert.link.as_ref().map_or(0, String::len);
    alert.name.len() + alert.dedup_key.len() + link + pairs
}

/// Condenses what an alert says; not when, which some tools change with each repetition.
fn words(alert: &Alert) -> u64 {
    let said = (
        &alert.member,
        &alert.name,
        &alert.severity,
        &alert.labels,
        &alert.annotations,
        &alert.link,
    );
    let bytes = serde_json::to_vec(&said).unwrap_or_default();
    let hash = Sha256::digest(bytes);
    u64::from_be_bytes(hash[..8].try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests;
