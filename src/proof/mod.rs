//! Plans driven through everything that can happen: people act, fail, answer each option or do
//! nothing; requests and messages succeed or not; conditions fall every way they can. The engine
//! that runs live incidents is asked in each state, so what is found here is what would happen.
//!
//! Left out is what people do over the plan's head: they move to another phase, set the level,
//! change an input other than by the form of a step, reopen what is settled, or roll back while the
//! incident goes on. A pause only stretches time. Of a cancellation it is proven that it ends, and
//! it is never a way to the end of the plan.
//!
//! It proves, or refutes with the shortest story, that a plan is never stuck, that a way leads to
//! its end from everywhere, and that somebody who may act has been told of every open step. Pure;
//! it must not know where plans and people come from.

mod asked;
mod choice;
mod claim;
mod key;
mod moves;
mod order;
mod question;
mod reading;
mod residue;
mod round;
mod search;
mod story;
mod undo;
mod world;

pub use claim::{Claim, Proof};
pub use moves::Move;
pub use reading::Detail;
pub use search::prove;
pub use story::{Story, Told};
pub use world::House;
