//! Tells people what is due, once each, over restarts: the message and the note that it was written
//! are one write.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::Inner;
use crate::id::{PersonId, PlaybookId};
use crate::learn::reminder::{LOOK_EVERY, Note, To, of_action, of_plan};
use crate::learn::shelf::{forget_told, keep_known, keep_told, told_name, told_of_action};
use crate::runtime::LetterAbout;
use crate::store::{Change, StoreError};
use crate::text::Text;

/// How long after the start it looks first: what was missed is taken up by then.
const FIRST: SignedDuration = SignedDuration::from_mins(2);
/// How many members of the team that owns a plan are told.
const OWNERS_MAX: usize = 3;

/// Tells until it is stopped.
pub(super) async fn tell(inner: Arc<Inner>, began: Timestamp) {
    // When a plan was first in force is what its first drill is counted from.
    if let Err(error) = inner.note_plans(began).await {
        tracing::warn!(%error, "when plans came into force is not kept; tried again");
    }
    let mut until = began.saturating_add(FIRST).unwrap_or(Timestamp::MAX);
    loop {
        tokio::select! {
            () = inner.runtime.clock().sleep_until(until) => {}
            () = inner.stop.cancelled() => return,
        }
        until = inner.now().saturating_add(LOOK_EVERY).unwrap_or(Timestamp::MAX);
        let done = async {
            inner.note_plans(inner.now()).await?;
            inner.forget_closed().await?;
            if inner.runtime.is_held() { Ok(()) } else { inner.remind().await }
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "reminders wait; tried again");
        }
    }
}

impl Inner {
    /// Notes since when each plan is in force.
    async fn note_plans(&self, now: Timestamp) -> Result<(), StoreError> {
        let library = self.runtime.library();
        let new: Vec<PlaybookId> = {
            let state = self.state();
            let ids = library.playbooks().map(|plan| plan.id.clone());
            ids.filter(|id| !state.known.contains_key(id)).collect()
        };
        if new.is_empty() {
            return Ok(());
        }
        let changes = new.iter().map(|plan| keep_known(plan, now)).collect();
        self.runtime.store().put(changes).await?;
        self.state().known.extend(new.into_iter().map(|plan| (plan, now)));
        Ok(())
    }

    /// Forgets what was told of actions that are closed.
    async fn forget_closed(&self) -> Result<(), StoreError> {
        let names: Vec<String> = {
            let state = self.state();
            let closed = state.actions.values().filter(|kept| kept.value.state.is_closed());
            let of = |prefix: String| {
                let from = state.told.range(prefix.clone()..);
                from.take_while(move |name| name.starts_with(&prefix)).cloned()
            };
            closed.flat_map(|kept| of(told_of_action(&kept.value.id))).collect()
        };
        if names.is_empty() {
            return Ok(());
        }
        let changes = names.iter().map(|name| forget_told(name)).collect();
        self.runtime.store().put(changes).await?;
        let mut state = self.state();
        names.iter().for_each(|name| {
            state.told.remove(name);
        });
        Ok(())
    }

    async fn remind(self: &Arc<Self>) -> Result<(), StoreError> {
        let inner = Arc::clone(self);
        let looked = tokio::task::spawn_blocking(move || inner.notes()).await;
        let notes = looked.map_err(|_| StoreError::Stopped)?;
        for (note, people) in notes {
            let name = told_name(&note.key);
            if self.state().told.contains(&name) {
                continue;
            }
            let Note { subject, text, .. } = note;
            let (people, about) = (people.into_iter(), LetterAbout::FollowUp);
            let mut changes: Vec<Change> = vec![keep_told(&name, self.now())];
            changes.extend(self.runtime.letter(people, about, subject, text));
            self.runtime.store().put(changes).await?;
            self.state().told.insert(name);
        }
        self.runtime.letters_leave();
        Ok(())
    }

    /// Lists what is to be told by now, and to whom. Whoever is not known any more is left out.
    fn notes(&self) -> Vec<(Note, BTreeSet<PersonId>)> {
        let (library, zone, now) = (self.runtime.library(), self.runtime.zone(), self.now());
        let plans: Vec<_> = library.playbooks().cloned().collect();
        let title = |id: &PlaybookId| {
            library.playbook(id).map_or_else(|| Text::Same(id.to_string()), |p| p.title.clone())
        };
        let actions: Vec<_> = self.state().actions.values().cloned().collect();
        let mut notes = Vec::new();
        for action in actions {
            let action = &action.value;
            for note in of_action(action, &title(&action.playbook), &zone, now) {
                let people = match note.to {
                    To::Owner => BTreeSet::from([action.owner.clone()]),
                    To::Plan => self.owners(&action.playbook),
                };
                notes.push((note, people));
            }
        }
        for plan in self.readiness(&plans) {
            let owners = self.owners(&plan.playbook);
            notes.extend(of_plan(&plan, &zone, now).into_iter().map(|note| (note, owners.clone())));
        }
        notes
    }

    /// Those who keep a plan true: the first members of the team that owns it; where it has none,
    /// those who administer the installation.
    fn owners(&self, plan: &PlaybookId) -> BTreeSet<PersonId> {
        let directory = self.runtime.directory();
        let owner = self.runtime.library().playbook(plan).and_then(|plan| plan.owner.clone());
        let team = owner.and_then(|owner| directory.teams().find(|team| team.id == owner));
        let reachable = |person: &&PersonId| directory.is_reachable(person);
        let members = team.into_iter().flat_map(|team| &team.members);
        let owners: BTreeSet<PersonId> =
            members.filter(reachable).take(OWNERS_MAX).cloned().collect();
        if owners.is_empty() { self.runtime.administrators() } else { owners }
    }
}
