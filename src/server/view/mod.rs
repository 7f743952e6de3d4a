//! Incidents, plans and monitors in the shape that travels: a fold of plan and state into [`wire`](super::wire)
//! types, pure.

mod clock;
mod form;
mod incident;
mod kin;
pub mod learn;
mod monitor;
mod personal;
mod plan;
pub mod roster;
mod step;
mod work;

pub use incident::incident;
pub use monitor::monitor;
pub use personal::Sight;
pub use plan::plan;
pub use work::work;
