//! Plans from and for others: CACAO 2.0 both ways, runbooks in Markdown one way. Pure: text in,
//! text or findings out. It must not know files, the clock or the network.

pub mod cacao;
mod code;
mod draft;
mod json;
pub mod markdown;

pub use code::{
    CYCLE, DANGLING_ID, DISAGREES, DUPLICATE, EXCLUSIVE, NO_END, NO_PLAN, NOT_CACAO, NOT_JSON,
    SELF_LOOP, TOO_MANY, UNREACHABLE, WRONG_PART,
};
pub use draft::Draft;
