//! The server's own settings: store, watchdog, drills, services, retention.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::model::{Bodies, Drills, Retention, Store, StoreKind, Tls, Watchdog};
use crate::playbook::yaml::{Fields, Node};
use crate::text::Text;

use super::Reader;

/// Memory for the store's cache when nothing is said: enough for a thousand open incidents.
const CACHE_MIB: i64 = 32;
/// Less cache than this makes every read a disk read.
const CACHE_MIB_LEAST: i64 = 4;
/// More than this is a mistyped number.
const CACHE_MIB_MOST: i64 = 65_536;
/// How often the watchdog is pinged when nothing is said.
const WATCHDOG_EVERY: Duration = Duration::from_secs(60);
const WATCHDOG_LEAST: Duration = Duration::from_secs(10);
const WATCHDOG_MOST: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
/// Longer than any law asks.
const ARCHIVE_DAYS_MOST: u32 = 36_500;
/// Bodies are listed in memory, and looked for there.
const BODIES_MOST: i64 = 100_000;
/// More than this is a mistyped number.
const BODIES_MIB_MOST: i64 = 65_536;
/// A year of raw bodies is an archive, which this is not.
const BODIES_DAYS_MOST: u32 = 366;
const HOUR: Duration = Duration::from_secs(3_600);
/// One drill a day, and some.
const DRILLS_PER_YEAR_MOST: i64 = 200;
/// Classes of risk that fall due when nothing is said, each twice a year.
const DRILLED_RISKS: [&str; 3] = ["system-failure", "network-attack", "mass-complaint"];

impl Reader<'_, '_> {
    pub(super) fn store(&mut self, node: Option<&Node>) -> Store {
        let mut kind = StoreKind::Sled;
        let mut cache = CACHE_MIB;
        let what = Text::both("存储", "the store");
        if let Some(mut fields) = node.and_then(|node| Fields::open(node, what, self.out)) {
            let kinds = [("sled", StoreKind::Sled), ("memory", StoreKind::Memory)];
            let read = fields.take("kind").and_then(|node| node.one_of(&kinds, self.out));
            kind = read.unwrap_or(kind);
            let read = fields.integer("cache_mib", CACHE_MIB_LEAST, CACHE_MIB_MOST, self.out);
            cache = read.unwrap_or(cache);
            fields.close(self.out);
        }
        Store { kind, cache_bytes: cache.unsigned_abs() * 1024 * 1024 }
    }

    pub(super) fn watchdog(&mut self, node: &Node) -> Option<Watchdog> {
        let what = Text::both("看门狗", "the watchdog");
        let mut fields = Fields::open(node, what, self.out)?;
        let url = fields.require("url", self.out).and_then(|node| self.url(node, true));
        let every = fields
            .take("every")
            .and_then(|node| self.duration(node, WATCHDOG_LEAST, WATCHDOG_MOST));
        fields.close(self.out);
        Some(Watchdog { url: url?, every: every.unwrap_or(WATCHDOG_EVERY) })
    }

    pub(super) fn tls(&mut self, node: &Node) -> Option<Tls> {
        let mut fields = Fields::open(node, Text::both("TLS", "`tls`"), self.out)?;
        let cert = fields.require("cert", self.out).and_then(|node| self.path(node));
        let key = fields.require("key", self.out).and_then(|node| self.path(node));
        let client_ca = fields.take("client_ca").and_then(|node| self.path(node));
        fields.close(self.out);
        Some(Tls { cert: cert?, key: key?, client_ca })
    }

    pub(super) fn retention(&mut self, node: Option<&Node>) -> Retention {
        let what = Text::both("保留期", "the retention");
        let Some(mut fields) = node.and_then(|node| Fields::open(node, what, self.out)) else {
            return Retention::default();
        };
        let archive_after = fields
            .take("archive_after")
            .and_then(|node| self.duration(node, DAY, DAY * ARCHIVE_DAYS_MOST));
        let bodies = fields.take("bodies").map(|node| self.bodies(node)).unwrap_or_default();
        fields.close(self.out);
        Retention { archive_after, bodies }
    }

    fn bodies(&mut self, node: &Node) -> Bodies {
        let mut bodies = Bodies::default();
        let what = Text::both("收到内容的保留", "what is kept of what arrives");
        let Some(mut fields) = Fields::open(node, what, self.out) else { return bodies };
        if let Some(count) = fields.integer("count", 0, BODIES_MOST, self.out) {
            bodies.count = usize::try_from(count).unwrap_or(bodies.count);
        }
        if let Some(mib) = fields.integer("mib", 1, BODIES_MIB_MOST, self.out) {
            bodies.bytes = mib.unsigned_abs() << 20;
        }
        let age =
            fields.take("age").and_then(|node| self.duration(node, HOUR, DAY * BODIES_DAYS_MOST));
        bodies.age = age.unwrap_or(bodies.age);
        fields.close(self.out);
        bodies
    }

    pub(super) fn drills(&mut self, node: Option<&Node>) -> Drills {
        let what = Text::both("演练政策", "the drill policy");
        let mut per_year: BTreeMap<String, u8> =
            DRILLED_RISKS.iter().map(|risk| ((*risk).to_owned(), 2)).collect();
        let Some(mut fields) = node.and_then(|node| Fields::open(node, what, self.out)) else {
            return Drills { dir: self.inputs.dir.join("drills"), per_year };
        };
        let dir = self.path_or(fields.take("dir"), "drills");
        for entry in fields.map("per_year", self.out) {
            self.check_id(&entry.key);
            let times = entry.value.integer(0, DRILLS_PER_YEAR_MOST, self.out);
            if let Some(times) = times.and_then(|times| u8::try_from(times).ok()) {
                per_year.insert(entry.key.text.clone(), times);
            }
        }
        fields.close(self.out);
        Drills { dir, per_year }
    }

    /// Reads the services that may be given tokens.
    pub(super) fn services(&mut self, node: Option<&Node>) {
        let what = Text::both("访问控制", "the access control");
        let Some(mut fields) = node.and_then(|node| Fields::open(node, what, self.out)) else {
            return;
        };
        for entry in fields.map("services", self.out) {
            self.check_id(&entry.key);
            let what = Text::both("服务", "a service");
            let Some(mut service) = Fields::open(&entry.value, what, self.out) else { continue };
            let title = service.text("title", self.out);
            let scopes = service.require("scopes", self.out).and_then(|node| node.list(self.out));
            let scopes = self.scopes(scopes.unwrap_or_default());
            service.close(self.out);
            let id = entry.key.text.clone();
            let title = title.unwrap_or_else(|| Text::Same(id.clone()));
            self.grants.services.insert(id, (title, scopes));
        }
        fields.close(self.out);
    }
}
