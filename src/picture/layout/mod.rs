//! Where everything goes, in pixels: lanes are columns over the whole picture, phases are frames
//! one below the other, a step stands below all it comes after. It must not know SVG.

mod content;
mod drawn;
mod grid;
mod page;
mod place;
mod route;
mod tracks;

pub(super) use drawn::{Drawn, DrawnFrame, LineKind};
pub(super) use page::draw;

#[cfg(test)]
mod tests;
