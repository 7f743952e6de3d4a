//! A plan drawn: phases as frames, steps by lane, deadlines, ways out, and the path that takes
//! longest, as Mermaid, DOT or SVG.
//!
//! Pure folds over a playbook. It must not know incidents, people or the time: the same plan always
//! gives the same picture.

mod build;
mod dot;
mod expression;
mod graph;
mod law;
mod layout;
mod mermaid;
#[cfg(test)]
pub(crate) mod sample;
mod svg;
#[cfg(test)]
pub(crate) mod tests;
pub mod words;

pub use graph::{Edge, EdgeKind, Exit, Frame, Graph, Handler, Kind, Node, Target};
