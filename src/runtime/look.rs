//! Looks at something outside for a drill, through the gate like everything that leaves. It must not
//! know drills.

use super::service::Runtime;
use crate::engine::Mode;
use crate::notify::gate::{self, Act};
use crate::notify::look::{Look, look};
use crate::notify::{Why, WhyCode};

impl Runtime {
    /// Asks an address that drills may ask by GET: the status and the beginning of the body.
    ///
    /// # Errors
    /// The gate held it back, or there was no answer.
    pub async fn look(&self, url: &str) -> Result<(u16, Vec<u8>), Why> {
        let inner = self.inner();
        let at = Look::at(url)?;
        let host = at.host()?;
        let directory = self.directory();
        let verdict =
            gate::pass(Mode::Drill, Act::Request { host: &host }, inner.allowed(&directory, &[]));
        let pass = match verdict {
            gate::Verdict::Send(pass) => pass,
            gate::Verdict::HoldBack(why) | gate::Verdict::Refuse(why) => return Err(why),
        };
        let requests = &inner.outbound.requests;
        let stopped = |_| Why::new(WhyCode::TimedOut);
        let _place = requests.acquire().await.map_err(stopped)?;
        look(&inner.outbound.http, pass, at).await
    }
}
