//! "Does what we send reach people?": asks contacts to confirm by a link, and keeps for each when it
//! was asked, what the channel said, and when somebody last confirmed. It must not know HTTP.

mod ask;
mod record;

pub use ask::{REACH_GOOD_FOR, Whom};
pub use record::{ContactReach, Standing};
