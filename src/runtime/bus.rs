//! What was committed, told to whoever listens (live views). Nothing is promised to a listener
//! that is too slow or comes too late: it is told to start over.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::broadcast;

use crate::engine::{Event, Incident};

/// How many commits a listener may lag, and how many can be replayed to one that comes back:
/// about a minute of a busy installation.
const KEPT: usize = 4_096;

/// One commit.
#[derive(Debug, Clone)]
pub struct Published {
    /// Its place among all commits; grows over restarts too.
    pub sequence: u64,
    /// The incident after it.
    pub incident: Arc<Incident>,
    /// Its events.
    pub events: Arc<[Event]>,
}

/// Tells commits to listeners.
#[derive(Debug)]
pub struct Bus {
    sender: broadcast::Sender<Arc<Published>>,
    recent: Mutex<Recent>,
}

#[derive(Debug)]
struct Recent {
    next: u64,
    kept: VecDeque<Arc<Published>>,
}

impl Bus {
    /// Starts numbering at `first`; the start's instant in microseconds keeps numbers growing
    /// over restarts.
    #[must_use]
    pub fn starting_at(first: u64) -> Self {
        let (sender, _) = broadcast::channel(KEPT);
        Self { sender, recent: Mutex::new(Recent { next: first, kept: VecDeque::new() }) }
    }

    /// Tells one commit.
    pub fn publish(&self, incident: Arc<Incident>, events: Arc<[Event]>) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let published = Arc::new(Published { sequence: recent.next, incident, events });
        recent.next += 1;
        if recent.kept.len() == KEPT {
            recent.kept.pop_front();
        }
        recent.kept.push_back(Arc::clone(&published));
        // Nobody listening is no failure.
        let _ = self.sender.send(published);
    }

    /// Listens from now on.
    ///
    /// With `after`, also returns the commits since that one; `None` where they are no longer
    /// known, and the listener must read everything anew.
    pub fn listen(
        &self,
        after: Option<u64>,
    ) -> (broadcast::Receiver<Arc<Published>>, Option<Vec<Arc<Published>>>) {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = self.sender.subscribe();
        let missed = after.map_or(Some(Vec::new()), |after| {
            let first_known = recent.kept.front().map_or(recent.next, |p| p.sequence);
            (after.saturating_add(1) >= first_known && after < recent.next)
                .then(|| recent.kept.iter().filter(|p| p.sequence > after).cloned().collect())
        });
        (receiver, missed)
    }
}
