//! Tells those who take part in an exercise of it ahead: once each, through the gate, and over
//! restarts.

use std::sync::{Arc, PoisonError};

use jiff::Timestamp;

use super::Inner;
use crate::drill::archive::{drop_invitation, keep_diary, keep_invitation};
use crate::drill::calendar::MissedWhy;
use crate::drill::diary::{Diary, Planned};
use crate::drill::invitation::{AGAIN_AFTER, Invitation, Told, called_off, to_announce};
use crate::drill::scenario::Scenario;
use crate::engine::Mode;
use crate::id::PersonId;
use crate::playbook::Playbook;
use crate::runtime::{Letter, LetterAbout, Refusal};
use crate::text::{Lang, Text};

impl Inner {
    /// Announces the runs of a drill that are to be announced by now.
    pub(super) async fn announce(
        self: &Arc<Self>,
        scenario: &Arc<Scenario>,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        for at in to_announce(scenario, now) {
            let invitation = match self.archive.invitation(&scenario.id, at)? {
                Some(invitation) => invitation,
                None => self.invite(scenario, at, now).await?,
            };
            let waiting = invitation.to_tell(now);
            let key = (scenario.id.clone(), at);
            let mut announcing = self.announcing.lock().unwrap_or_else(PoisonError::into_inner);
            if !waiting.is_empty() && announcing.insert(key.clone()) {
                let (inner, scenario) = (Arc::clone(self), Arc::clone(scenario));
                // Channels may be slow; the calendar does not wait for them.
                self.tasks.spawn(async move {
                    inner.tell_all(&scenario, invitation, waiting).await;
                    let mut done = inner.announcing.lock().unwrap_or_else(PoisonError::into_inner);
                    done.remove(&key);
                });
            }
        }
        Ok(())
    }

    /// Writes the invitation down before anyone is told, and forgets those of runs that are over.
    async fn invite(
        &self,
        scenario: &Scenario,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Invitation, Refusal> {
        let playbook = self.playbook_of(scenario)?;
        let directory = self.runtime.directory();
        let invitation = Invitation::write(scenario, &playbook, &directory, at, now);
        let (drill, people) = (&scenario.id, invitation.people.len());
        if people == 0 {
            tracing::warn!(%drill, %at, "nobody who takes part in drills would be asked");
        } else {
            tracing::info!(%drill, %at, people, "a drill is announced");
        }
        let over = self.archive.invitations(drill)?.into_iter().filter(|old| old.at < now);
        let mut changes: Vec<_> = over.map(|old| drop_invitation(&old)).collect();
        changes.push(keep_invitation(&invitation));
        self.archive.put(changes).await?;
        Ok(invitation)
    }

    /// Gives a planned run up and tells those who keep the plan true why, in one write.
    pub(super) async fn call_off(
        &self,
        scenario: &Scenario,
        planned: Planned,
        diary: &mut Diary,
        (why, said): (MissedWhy, Text),
    ) -> Result<(), Refusal> {
        let (drill, at) = (&scenario.id, planned.at);
        tracing::warn!(%drill, %at, why = said.get(Lang::En), "a planned drill does not start");
        let (subject, text) = called_off(scenario, planned.at, &said, &self.runtime.zone());
        diary.give_up(planned, why, Some(said));
        let owner = self.playbook_of(scenario).ok().and_then(|plan| plan.owner.clone());
        let directory = self.runtime.directory();
        let people = owner.iter().flat_map(|team| directory.team_members(team)).cloned();
        let mut changes = vec![keep_diary(drill, diary)];
        changes.extend(self.runtime.letter(people, LetterAbout::Drill, subject, text));
        self.archive.put(changes).await?;
        self.runtime.letters_leave();
        Ok(())
    }

    async fn tell_all(
        &self,
        scenario: &Scenario,
        mut invitation: Invitation,
        waiting: Vec<PersonId>,
    ) {
        let playbook = match self.playbook_of(scenario) {
            Ok(playbook) => playbook,
            Err(error) => {
                return tracing::error!(drill = %scenario.id, %error, "it cannot be announced");
            }
        };
        for person in waiting {
            if self.stop.is_cancelled() {
                return;
            }
            let told = self.tell(&person, scenario, &invitation, &playbook).await;
            if let Some(guest) = invitation.people.get_mut(&person) {
                guest.told = told;
            }
            // Only what is not told yet is tried again, so every answer is kept as it comes.
            let now = self.runtime.clock().now();
            invitation.again_at = now.saturating_add(AGAIN_AFTER).unwrap_or(Timestamp::MAX);
            if let Err(error) = self.archive.put(vec![keep_invitation(&invitation)]).await {
                tracing::error!(drill = %scenario.id, %error, "who was told cannot be kept");
                return;
            }
        }
    }

    async fn tell(
        &self,
        person: &PersonId,
        scenario: &Scenario,
        invitation: &Invitation,
        playbook: &Playbook,
    ) -> Told {
        let (subject, text) = invitation.words(person, scenario, playbook, &self.runtime.zone());
        let id = invitation.message_id(person);
        let letter = Letter {
            id,
            mode: Mode::Drill,
            purpose: "drill_announced",
            subject,
            text,
            answer: None,
        };
        match self.runtime.tell(person, &letter).await {
            Ok(via) => Told::Yes { via },
            Err(not_taken) if not_taken.again => Told::NotYet,
            Err(not_taken) => {
                let why = not_taken.why.to_string();
                tracing::warn!(drill = %scenario.id, %person, why, "could not be told of a drill");
                Told::Never { why }
            }
        }
    }
}
