//! Monitors as they are shown.

use smol_str::SmolStr;

use crate::runtime::MonitorView;
use crate::server::wire;
use crate::signal::{Contributor, Standing, Surge};

/// Shows a monitor.
#[must_use]
pub fn monitor(view: MonitorView) -> wire::Monitor {
    let MonitorView { monitor, standing, outlook, tallied, groups, looked_at } = view;
    let (state, surge) = match standing {
        Standing::Learning => ("learning", None),
        Standing::Quiet => ("quiet", None),
        Standing::Surging(surge) => ("surging", Some(open(surge))),
    };
    wire::Monitor {
        id: monitor.id,
        signal: monitor.signal,
        state: SmolStr::new_static(state),
        window_minutes: monitor.window,
        count: outlook.count,
        baseline: outlook.usual.map(shown),
        ratio: outlook.ratio.map(shown),
        since: outlook.since,
        looked_at,
        learning_until: outlook.learning_until,
        surge,
        group_by: monitor.group_by,
        groups: groups as u64,
        groups_max: monitor.groups_max as u64,
        top: outlook.top.into_iter().map(group).collect(),
        counted: tallied.counted,
        crowded_out: tallied.crowded_out,
        late: tallied.late,
        last_signal_at: tallied.last_at,
    }
}

fn open(surge: Surge) -> wire::OpenSurge {
    wire::OpenSurge {
        began: surge.began,
        ratio: surge.ratio.map(shown),
        peak: surge.peak.map(shown),
        level: surge.level,
        tickets: surge.tickets,
    }
}

fn group(group: Contributor) -> wire::SignalGroup {
    let Contributor { values, count, usual } = group;
    wire::SignalGroup { values, count, baseline: usual.map(shown) }
}

/// People read two digits.
fn shown(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
