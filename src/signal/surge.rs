//! What is found: a surge begins, changes, subsides.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::playbook::Level;

/// What a monitor found.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// A surge began.
    Began(Surge),
    /// It grew or shrank enough to say so.
    Changed(Surge),
    /// It is over.
    Subsided(Surge),
}

/// Far more than usual, as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Surge {
    /// When it was found.
    pub began: Timestamp,
    /// How many in the window.
    pub count: u64,
    /// How many would be usual; nothing while that is not known.
    pub usual: Option<f64>,
    /// How many times what is usual: of everything, or of the group that is worst.
    pub ratio: Option<f64>,
    /// The most it has been.
    pub peak: Option<f64>,
    /// The level that the monitor's configuration gives it.
    pub level: Option<Level>,
    /// The groups that bring most of what is beyond the usual, most first.
    pub top: Vec<Contributor>,
    /// Tickets that tell of it, newest first.
    pub tickets: Vec<SmolStr>,
    /// The last day, oldest first.
    pub chart: Vec<Point>,
}

/// A group that brings part of a surge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contributor {
    /// The values of the labels that are counted apart, in the monitor's order.
    pub values: Vec<SmolStr>,
    /// How many in the window.
    pub count: u64,
    /// How many would be usual.
    pub usual: Option<f64>,
}

/// An hour of the chart.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// When it begins.
    pub at: Timestamp,
    /// How many were counted.
    pub count: u32,
    /// How many were usual.
    pub usual: Option<f64>,
}
