//! Many occurrences at once, brought down to what the monitors ask of them: counts by signal, minute
//! and the labels that anything is told apart by. This is what is kept until it is part of what the
//! monitors know; counting it again gives the same.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::monitor::Monitor;
use super::occurrence::Occurrence;
use super::watch::{AHEAD_MINUTES, Counted, minute_of};

/// Stands between the parts of a row's name: no text of people holds it.
const BETWEEN: u8 = 0x1f;
/// What a row takes beside its values.
const ROW_BYTES: usize = 64;

/// What the monitors ask of occurrences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted(BTreeMap<SmolStr, Want>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Want {
    labels: Vec<SmolStr>,
    /// The latest that any of them still counts, in minutes.
    late: u32,
    /// A rule asks for so many in a row: the order in which they came must be kept.
    in_order: bool,
}

impl Wanted {
    /// Gathers what the monitors ask for.
    #[must_use]
    pub fn by<'m>(monitors: impl IntoIterator<Item = &'m Monitor>) -> Self {
        let mut wanted = BTreeMap::<SmolStr, Want>::new();
        for monitor in monitors {
            let want = wanted.entry(monitor.signal.clone()).or_default();
            want.late = want.late.max(monitor.late);
            want.in_order |= monitor.rule.needs_order();
            let marks = monitor.marks.iter().map(|mark| &mark.label);
            for label in monitor.group_by.iter().chain(marks).chain(&monitor.sources) {
                if !want.labels.contains(label) {
                    want.labels.push(label.clone());
                }
            }
        }
        Self(wanted)
    }
}

/// Occurrences that arrived together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// When they arrived.
    pub at: Timestamp,
    sheets: Vec<Sheet>,
}

/// Those of one signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sheet {
    signal: SmolStr,
    labels: Vec<SmolStr>,
    rows: Vec<Row>,
}

/// Those of one minute with the same labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Row {
    minute: u32,
    count: u32,
    values: Vec<SmolStr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ticket: Option<SmolStr>,
}

impl Batch {
    /// Tells whether there is nothing in it to count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sheets.is_empty()
    }

    /// Returns about how many bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let row = |row: &Row| ROW_BYTES + row.values.iter().map(|v| v.len() + 3).sum::<usize>();
        self.sheets.iter().flat_map(|sheet| &sheet.rows).map(row).sum()
    }

    /// Returns what is in it, row by row.
    pub fn occurrences(&self) -> impl Iterator<Item = Occurrence<'_>> {
        self.sheets.iter().flat_map(|sheet| sheet.rows.iter().map(|row| sheet.occurrence(row)))
    }
}

impl Sheet {
    fn occurrence<'a>(&'a self, row: &'a Row) -> Occurrence<'a> {
        let labels = self.labels.iter().zip(&row.values);
        Occurrence {
            signal: self.signal.as_str().into(),
            at: Timestamp::from_second(i64::from(row.minute) * 60).ok(),
            count: row.count,
            labels: labels.map(|(l, v)| (l.as_str().into(), v.as_str().into())).collect(),
            ticket: row.ticket.as_deref().map(Into::into),
        }
    }
}

/// Brings occurrences down to a batch, one after the other.
#[derive(Debug)]
pub struct Gather<'w> {
    wanted: &'w Wanted,
    at: Timestamp,
    minute: u32,
    open: IndexMap<&'w str, Open<'w>>,
    name: Vec<u8>,
}

/// A sheet being written, with where each row stands in it.
#[derive(Debug)]
struct Open<'w> {
    want: &'w Want,
    rows: IndexMap<Box<[u8]>, Row>,
    /// Rows before those of `rows`, where their order matters.
    before: Vec<Row>,
}

impl<'w> Gather<'w> {
    /// Begins with occurrences that arrived at an instant.
    #[must_use]
    pub fn new(wanted: &'w Wanted, at: Timestamp) -> Self {
        Self { wanted, at, minute: minute_of(at), open: IndexMap::new(), name: Vec::new() }
    }

    /// Takes one; says what becomes of it. What comes too late for one monitor may be in time for
    /// another: here it is late only where none counts it.
    pub fn take(&mut self, occurrence: &Occurrence<'_>) -> Counted {
        let Some((signal, want)) = self.wanted.0.get_key_value(&*occurrence.signal) else {
            return Counted::Other;
        };
        let minute = occurrence.at.map_or(self.minute, minute_of);
        if minute > self.minute + AHEAD_MINUTES {
            return Counted::Ahead;
        }
        let minute = minute.min(self.minute);
        if self.minute - minute > want.late {
            return Counted::Late;
        }
        self.name.clear();
        self.name.extend_from_slice(&minute.to_be_bytes());
        for label in &want.labels {
            self.name.extend_from_slice(occurrence.label(label).as_bytes());
            self.name.push(BETWEEN);
        }
        let open = self.open.entry(signal.as_str()).or_insert_with(|| Open::new(want));
        open.take(&self.name, minute, occurrence);
        Counted::Yes
    }

    /// Returns what was gathered.
    #[must_use]
    pub fn batch(self) -> Batch {
        let sheet = |(signal, open): (&str, Open<'_>)| {
            let mut rows = open.before;
            rows.extend(open.rows.into_values());
            Sheet { signal: SmolStr::new(signal), labels: open.want.labels.clone(), rows }
        };
        Batch { at: self.at, sheets: self.open.into_iter().map(sheet).collect() }
    }
}

impl<'w> Open<'w> {
    fn new(want: &'w Want) -> Self {
        Self { want, rows: IndexMap::new(), before: Vec::new() }
    }

    fn take(&mut self, name: &[u8], minute: u32, occurrence: &Occurrence<'_>) {
        if !self.rows.contains_key(name) {
            if self.want.in_order {
                // Only what comes directly after its like goes with it.
                self.before.extend(self.rows.drain(..).map(|(_, row)| row));
            }
            let value = |label: &SmolStr| SmolStr::new(occurrence.label(label));
            let values = self.want.labels.iter().map(value).collect();
            self.rows.insert(name.into(), Row { minute, count: 0, values, ticket: None });
        }
        if let Some(row) = self.rows.get_mut(name) {
            row.count = row.count.saturating_add(occurrence.count);
            if let Some(ticket) = &occurrence.ticket {
                row.ticket = Some(SmolStr::new(ticket));
            }
        }
    }
}
