//! A progress bar on a terminal, silence elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::screen::Screen;

/// Makes a bar on standard error, of bytes or of things, with a length that may be unknown yet.
#[must_use]
pub fn bar(screen: &Screen, length: Option<u64>, bytes: bool) -> ProgressBar {
    let bar = length.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let target =
        if screen.chatty { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    bar.set_draw_target(target);
    let template = if bytes {
        "{bar:30} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}"
    } else {
        "{bar:30} {pos}/{len} {per_sec} {eta}"
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
